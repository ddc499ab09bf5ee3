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
from pyscrai.databases.dialects.word_search import BEGIN, END, SEARCHES

AT_ONCE = 20_000
"""Events that are taken into the index in one transaction."""

SPOKEN = ("utterance", "inject", "assessment", "report", "phase_entered", "run_started")
"""Kinds of event with words in them."""

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
        self._search = SEARCHES[session.get_bind().dialect.name]

    async def is_behind(self) -> bool:
        """Whether there are events that the index has not, or no index at all."""
        if await self._session.scalar(text(self._search.there)) is None:
            return True
        upto = await self._session.scalar(text(self._search.upto))
        found = await self._session.scalar(
            _with_kinds("SELECT 1 FROM events WHERE id > :upto AND kind IN :kinds LIMIT 1"),
            {"upto": upto, "kinds": SPOKEN})
        return found is not None

    async def grow(self) -> bool:
        """Take new events into the index, making it first where there is none; whether there may be more of them."""
        for statement in self._search.make:
            await self._session.execute(text(statement))
        upto = await self._session.scalar(text(self._search.upto))
        grown = await self._session.execute(_with_kinds(self._search.grow), {
            "upto": upto, "kinds": SPOKEN, "most": AT_ONCE})
        return int(getattr(grown, "rowcount", 0)) >= AT_ONCE

    async def find(self, words: str, *, template: str | None = None, run_id: str | None = None,
                   before_id: int | None = None, limit: int = 50) -> Sequence[Hit]:
        """Lines that say all of these words, the newest first; the last word may be the beginning of one."""
        asked = self._search.ask(words)
        if not asked:
            return []
        joins = "JOIN scenario_templates t ON t.id = r.scenario_template_id" if template else ""
        filters = {"template": ("AND t.name = :template", template), "run_id": ("AND e.run_id = :run_id", run_id),
                   "before_id": ("AND e.id < :before_id", before_id)}
        given = {name: value for name, (_, value) in filters.items() if value is not None}
        where = " ".join(filters[name][0] for name in given)
        query = text(self._search.find.format(joins=joins, where=where)).columns(created_at=Instant)
        rows = await self._session.execute(query, {"words": asked, "most": limit, **given})
        return [Hit(number, run, seq, turn, kind, source, moment.isoformat(timespec="milliseconds"), run_name,
                    _parts(marked), name)
                for number, run, seq, turn, kind, source, moment, run_name, marked, name in rows]


def _with_kinds(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("kinds", expanding=True))


def _parts(marked: str) -> tuple[str, ...]:
    return tuple(re.split(f"[{BEGIN}{END}]", marked))

