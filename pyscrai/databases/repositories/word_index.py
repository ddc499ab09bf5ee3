"""Search in what was said in all runs: FTS5 in SQLite, ``tsvector`` in PostgreSQL.

The index is derived from the log, and grown when somebody searches: a database in which nobody does pays nothing for
it, and playing a run never waits for it. Words of a deleted run go with its events.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import Instant

BEGIN, END = "\ue000", "\ue001"
"""What stands around a word that was found; both are private characters that no text uses."""

AT_ONCE = 20_000
"""Events that are taken into the index in one transaction."""

SPOKEN = ("utterance", "inject", "assessment", "report", "phase_entered", "run_started")
"""Kinds of event with words in them."""

_FIELDS = ("text", "markdown", "summary", "premise")

_SQLITE = {
    "make": (
        "CREATE VIRTUAL TABLE IF NOT EXISTS event_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')",
        """CREATE TRIGGER IF NOT EXISTS event_words_gone AFTER DELETE ON events
           BEGIN DELETE FROM event_words WHERE rowid = old.id; END"""),
    "upto": "SELECT coalesce(max(rowid), 0) FROM event_words",
    "grow": f"""INSERT INTO event_words(rowid, words)
        SELECT id, coalesce({', '.join(f"json_extract(payload, '$.{name}')" for name in _FIELDS)}, '') FROM events
        WHERE id > :upto AND kind IN :kinds ORDER BY id LIMIT :most""",
    "find": f"""SELECT e.id, e.run_id, e.seq, e.turn, e.kind, e.source, e.created_at, r.name,
            snippet(event_words, 0, '{BEGIN}', '{END}', '…', 28), json_extract(e.payload, '$.name')
        FROM event_words JOIN events e ON e.id = event_words.rowid JOIN scenario_runs r ON r.id = e.run_id
        {{joins}} WHERE event_words MATCH :words {{where}} ORDER BY e.id DESC LIMIT :most""",
}

_POSTGRESQL = {
    "make": (
        """CREATE TABLE IF NOT EXISTS event_words (
             id bigint PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE, words tsvector NOT NULL)""",
        "CREATE INDEX IF NOT EXISTS ix_event_words_words ON event_words USING gin (words)"),
    "upto": "SELECT coalesce(max(id), 0) FROM event_words",
    "grow": f"""INSERT INTO event_words (id, words)
        SELECT id, to_tsvector('simple', coalesce({', '.join(f"payload ->> '{name}'" for name in _FIELDS)}, ''))
        FROM events WHERE id > :upto AND kind IN :kinds ORDER BY id LIMIT :most ON CONFLICT DO NOTHING""",
    "find": f"""SELECT e.id, e.run_id, e.seq, e.turn, e.kind, e.source, e.created_at, r.name,
            ts_headline('simple', coalesce({', '.join(f"e.payload ->> '{name}'" for name in _FIELDS)}, ''),
                to_tsquery('simple', :words),
                'StartSel={BEGIN}, StopSel={END}, MaxWords=28, MinWords=14, MaxFragments=1'), e.payload ->> 'name'
        FROM event_words w JOIN events e ON e.id = w.id JOIN scenario_runs r ON r.id = e.run_id
        {{joins}} WHERE w.words @@ to_tsquery('simple', :words) {{where}} ORDER BY e.id DESC LIMIT :most""",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that says the words; ``parts`` are its text in pieces, every second one a word that was looked for."""

    id: int
    run_id: str
    seq: int
    turn: int
    kind: str
    source: str | None
    created_at: str
    run_name: str
    parts: tuple[str, ...]
    name: str | None


class WordIndex:
    """The words of all runs."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._sqlite = session.get_bind().dialect.name == "sqlite"
        self._told = _SQLITE if self._sqlite else _POSTGRESQL

    async def is_behind(self) -> bool:
        """Whether there are events that the index has not, or no index at all."""
        there = await self._session.scalar(text(
            "SELECT 1 FROM sqlite_master WHERE name = 'event_words'" if self._sqlite
            else "SELECT 1 WHERE to_regclass('event_words') IS NOT NULL"))
        if there is None:
            return True
        upto = await self._session.scalar(text(str(self._told["upto"])))
        found = await self._session.scalar(
            _with_kinds("SELECT 1 FROM events WHERE id > :upto AND kind IN :kinds LIMIT 1"),
            {"upto": upto, "kinds": SPOKEN})
        return found is not None

    async def grow(self) -> bool:
        """Take new events into the index, making it first where there is none; whether there may be more of them."""
        if not self._sqlite:
            # Two who search at once: the second waits, and finds nothing left to do.
            await self._session.execute(text("SELECT pg_advisory_xact_lock(hashtext('pyscrai.event_words'))"))
        for statement in self._told["make"]:
            await self._session.execute(text(statement))
        upto = await self._session.scalar(text(str(self._told["upto"])))
        grown = await self._session.execute(_with_kinds(str(self._told["grow"])), {
            "upto": upto, "kinds": SPOKEN, "most": AT_ONCE})
        return int(getattr(grown, "rowcount", 0)) >= AT_ONCE

    async def find(self, words: str, *, template: str | None = None, run_id: str | None = None,
                   before_id: int | None = None, limit: int = 50) -> Sequence[Hit]:
        """Lines that say all of these words, the newest first; the last word may be the beginning of one."""
        asked = _fts5(words) if self._sqlite else _tsquery(words)
        if not asked:
            return []
        joins = "JOIN scenario_templates t ON t.id = r.scenario_template_id" if template else ""
        filters = {"template": ("AND t.name = :template", template), "run_id": ("AND e.run_id = :run_id", run_id),
                   "before_id": ("AND e.id < :before_id", before_id)}
        given = {name: value for name, (_, value) in filters.items() if value is not None}
        where = " ".join(filters[name][0] for name in given)
        query = text(str(self._told["find"]).format(joins=joins, where=where)).columns(created_at=Instant)
        rows = await self._session.execute(query, {"words": asked, "most": limit, **given})
        return [Hit(number, run, seq, turn, kind, source, moment.isoformat(timespec="milliseconds"), run_name,
                    _parts(marked), name)
                for number, run, seq, turn, kind, source, moment, run_name, marked, name in rows]


def _with_kinds(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("kinds", expanding=True))


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


def _parts(marked: str) -> tuple[str, ...]:
    return tuple(re.split(f"[{BEGIN}{END}]", marked))

