"""How each kind of database searches in words: FTS5 in SQLite, ``tsvector`` in PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BEGIN, END = "\ue000", "\ue001"
"""What stands around a word that was found; both are private characters that no text uses."""

_FIELDS = ("text", "markdown", "summary", "premise")


@dataclass(frozen=True, slots=True)
class WordSearch:
    """The statements of one kind of database."""

    there: str
    """Gives a row where the index is there."""
    make: tuple[str, ...]
    """Make the index where it is not there yet."""
    upto: str
    """The last event in the index."""
    grow: str
    """Takes events into the index."""
    find: str
    """The hits, the newest first; ``{joins}`` and ``{where}`` narrow them."""
    ask: Callable[[str], str]
    """Words as they are asked for; empty where there is none among them."""


def _terms(words: str) -> list[str]:
    return re.findall(r"\w+", words)[:20]


def _fts5(words: str) -> str:
    """Words as FTS5 asks for them: each quoted, so that no word is an operator; the last is a prefix."""
    terms = _terms(words)
    return " ".join(f'"{term}"' for term in terms) + "*" if terms else ""


def _tsquery(words: str) -> str:
    """Words as PostgreSQL asks for them; terms are letters and digits alone, so nothing needs quoting but the colon."""
    terms = _terms(words)
    return " & ".join(f"'{term}'" for term in terms) + ":*" if terms else ""


SQLITE = WordSearch(
    there="SELECT 1 FROM sqlite_master WHERE name = 'event_words'",
    make=(
        "CREATE VIRTUAL TABLE IF NOT EXISTS event_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')",
        """CREATE TRIGGER IF NOT EXISTS event_words_gone AFTER DELETE ON events
           BEGIN DELETE FROM event_words WHERE rowid = old.id; END"""),
    upto="SELECT coalesce(max(rowid), 0) FROM event_words",
    grow=f"""INSERT INTO event_words(rowid, words)
        SELECT id, coalesce({', '.join(f"json_extract(payload, '$.{name}')" for name in _FIELDS)}, '') FROM events
        WHERE id > :upto AND kind IN :kinds ORDER BY id LIMIT :most""",
    find=f"""SELECT e.id, e.run_id, e.seq, e.turn, e.kind, e.source, e.created_at, r.name,
            snippet(event_words, 0, '{BEGIN}', '{END}', '…', 28), json_extract(e.payload, '$.name')
        FROM event_words JOIN events e ON e.id = event_words.rowid JOIN scenario_runs r ON r.id = e.run_id
        {{joins}} WHERE event_words MATCH :words {{where}} ORDER BY e.id DESC LIMIT :most""",
    ask=_fts5)

POSTGRESQL = WordSearch(
    there="SELECT 1 WHERE to_regclass('event_words') IS NOT NULL",
    # Two who search at once: the second waits, and finds nothing left to do.
    make=(
        "SELECT pg_advisory_xact_lock(hashtext('pyscrai.event_words'))",
        """CREATE TABLE IF NOT EXISTS event_words (
             id bigint PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE, words tsvector NOT NULL)""",
        "CREATE INDEX IF NOT EXISTS ix_event_words_words ON event_words USING gin (words)"),
    upto="SELECT coalesce(max(id), 0) FROM event_words",
    grow=f"""INSERT INTO event_words (id, words)
        SELECT id, to_tsvector('simple', coalesce({', '.join(f"payload ->> '{name}'" for name in _FIELDS)}, ''))
        FROM events WHERE id > :upto AND kind IN :kinds ORDER BY id LIMIT :most ON CONFLICT DO NOTHING""",
    find=f"""SELECT e.id, e.run_id, e.seq, e.turn, e.kind, e.source, e.created_at, r.name,
            ts_headline('simple', coalesce({', '.join(f"e.payload ->> '{name}'" for name in _FIELDS)}, ''),
                to_tsquery('simple', :words),
                'StartSel={BEGIN}, StopSel={END}, MaxWords=28, MinWords=14, MaxFragments=1'), e.payload ->> 'name'
        FROM event_words w JOIN events e ON e.id = w.id JOIN scenario_runs r ON r.id = e.run_id
        {{joins}} WHERE w.words @@ to_tsquery('simple', :words) {{where}} ORDER BY e.id DESC LIMIT :most""",
    ask=_tsquery)

SEARCHES: Mapping[str, WordSearch] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
"""By the name that SQLAlchemy gives to the kind of database."""
