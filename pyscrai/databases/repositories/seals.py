"""Seals: digests over the rows of a run that has ended, by which a row that was changed afterwards is told."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from itertools import chain
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, and_, bindparam, delete, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.driver_rows import RUNS_AT_ONCE, Rows, driver_rows, driver_write, in_groups
from pyscrai.databases.tables import (
    AgentInstanceRow,
    Base,
    CallRow,
    ControlRow,
    EventRow,
    MeasurementRow,
    RunMetricsRow,
    RunRow,
    RunSealRow,
    RunTagRow,
    table_of,
)

TABLE = table_of(RunSealRow)
DELETE = delete(TABLE).where(TABLE.c.run_id == bindparam("run"))

CHANGING = frozenset({"desired", "last_seq", "updated_at", "owner", "lease_until", "fence", "controls_waiting"})
"""Columns of a run that say who plays it and what is asked of it: they change after its end."""

AT_ONCE = 500
"""Rows that are hashed before others get the event loop."""

ORDER: Mapping[type[Base], tuple[str, ...]] = {
    RunRow: ("id",), AgentInstanceRow: ("position",), RunTagRow: ("tag",), EventRow: ("seq",), CallRow: ("id",),
    MeasurementRow: ("seq",), RunMetricsRow: ("role",), ControlRow: ("id",)}
"""The tables that a seal covers, with the order in which their rows are read."""

FIGURES = (RunMetricsRow,)
"""The tables whose rows of a run are written in one transaction with its seal."""

PLAY = tuple(row for row in ORDER if row not in FIGURES)
"""The tables whose rows are there when a seal is made."""

LATER: Mapping[type[Base], int] = {CallRow: 2}
"""How many of a table's last columns there were none of when runs were sealed already: rows that have nothing in them
are hashed without them."""

LAST = select(
    select(func.max(EventRow.seq)).where(EventRow.run_id == bindparam("run")).scalar_subquery(),
    select(func.max(CallRow.id)).where(CallRow.run_id == bindparam("run")).scalar_subquery())
"""The numbers of a run's last event and of its last call."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A digest for each table, over the rows up to an event and a call."""

    last_seq: int
    last_call: int
    digests: Mapping[str, str]


class RunSeals:
    """The seals of runs."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def make(self, run_ids: Collection[str]) -> dict[str, Seal]:
        """The seals of runs as they stand now, but for their figures; nothing is kept."""
        made: dict[str, Seal] = {}
        for some in in_groups(run_ids, RUNS_AT_ONCE):
            found = await driver_rows(self._session, [(LAST, {"run": run_id}) for run_id in some])
            bounds = {run_id: (last_seq or 0, last_call or 0)
                      for run_id, [(last_seq, last_call)] in zip(some, found, strict=True)}
            digests = await self._digests(bounds, PLAY)
            made |= {run_id: Seal(*bound, digests[run_id]) for run_id, bound in bounds.items()}
        return made

    async def keep(self, seals: Mapping[str, Seal]) -> None:
        """Keep the seals of runs, with the figures kept by now, in place of their earlier ones."""
        figures = await self._digests({run_id: (seal.last_seq, seal.last_call) for run_id, seal in seals.items()},
                                      FIGURES)
        rows = [{"run_id": run_id, "last_seq": seal.last_seq, "last_call": seal.last_call,
                 "digests": {**seal.digests, **figures[run_id]}} for run_id, seal in seals.items()]
        await driver_write(self._session, [(DELETE, [{"run": run_id} for run_id in seals])])
        await self._session.execute(insert(TABLE), rows)

    async def read(self, run_id: str) -> Seal | None:
        """The seal of a run, or None where it was never sealed."""
        row = await self._session.get(RunSealRow, run_id)
        return None if row is None else Seal(row.last_seq, row.last_call, row.digests)

    async def compute(self, run_id: str, seal: Seal) -> Mapping[str, str]:
        """The digests over the rows that a seal covers as they are now."""
        return (await self._digests({run_id: (seal.last_seq, seal.last_call)}, tuple(ORDER)))[run_id]

    async def _digests(self, bounds: Mapping[str, tuple[int, int]], tables: Sequence[type[Base]]
                       ) -> Mapping[str, Mapping[str, str]]:
        """The digest of each table for runs, up to an event and a call of each."""
        found = iter(await driver_rows(self._session, [
            (_rows(table), {"run": run_id, "seq": last_seq, "call": last_call})
            for run_id, (last_seq, last_call) in bounds.items() for table in tables]))
        return {run_id: {table.__tablename__: await _digest(next(found), LATER.get(table, 0)) for table in tables}
                for run_id in bounds}


async def _digest(rows: Rows, later: int) -> str:
    digest = blake2b(digest_size=16)
    for start in range(0, len(rows), AT_ONCE):
        if start:
            await asyncio.sleep(0)
        portion = rows[start:start + AT_ONCE]
        if not _PLAIN.issuperset(map(type, chain.from_iterable(portion))):
            portion = list(map(_plain, portion))
        if later:
            nothing = (None,) * later
            portion = [row[:-later] if row[-later:] == nothing else row for row in portion]
        digest.update("".join(map(repr, portion)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@cache
def _rows(row: type[Base]) -> Select[Any]:
    """All columns of a table as the driver gives them: no type of ours may hide a change."""
    table = table_of(row)
    columns: list[ColumnElement[Any]] = []
    for column in table.columns:
        if row is not RunRow or column.name not in CHANGING:
            name = f'"{column.name}"'
            columns.append(literal_column(f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name))
    of_the_run = table.c["id" if row is RunRow else "run_id"] == bindparam("run")
    conditions: list[ColumnElement[bool]] = [of_the_run]
    if row is CallRow:
        conditions.append(table.c.id <= bindparam("call"))
    elif "seq" in table.c:
        conditions.append(table.c.seq <= bindparam("seq"))
    elif row is ControlRow:
        conditions.append(table.c.turn.is_not(None))
    return select(*columns).select_from(table).where(and_(*conditions)).order_by(
        *(table.c[name] for name in ORDER[row]))


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of a row, alike whatever zone and buffers a driver gives them in."""
    return tuple([value if type(value) in _PLAIN else _shown(value) for value in row])


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return bytes(value) if isinstance(value, memoryview) else value


_PLAIN = frozenset({str, int, float, bytes, bool, type(None)})
