"""Seals: digests over the rows of a run that has ended, by which a row that was changed afterwards is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, Select, Table, and_, bindparam, delete, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

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
)

TABLE = cast(Table, RunSealRow.__table__)

CHANGING = frozenset({"desired", "last_seq", "updated_at", "owner", "lease_until", "fence", "controls_waiting"})
"""Columns of a run that say who plays it and what is asked of it: they change after its end."""

AT_ONCE = 500
"""Rows that are hashed before others get the event loop."""

ORDER: Mapping[type[Base], tuple[str, ...]] = {
    RunRow: ("id",), AgentInstanceRow: ("position",), RunTagRow: ("tag",), EventRow: ("seq",), CallRow: ("id",),
    MeasurementRow: ("seq",), RunMetricsRow: ("role",), ControlRow: ("id",)}
"""The tables that a seal covers, with the order in which their rows are read."""


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

    async def make(self, run_id: str) -> Seal:
        """The seal of a run as it stands now; nothing is kept."""
        last_seq, last_call = (await self._session.execute(LAST, {"run": run_id})).one()
        return Seal(last_seq or 0, last_call or 0, await self.compute(run_id, last_seq or 0, last_call or 0))

    async def keep(self, seals: Mapping[str, Seal]) -> None:
        """Keep the seals of runs in place of their earlier ones."""
        await self._session.execute(delete(TABLE).where(TABLE.c.run_id.in_(seals)))
        await self._session.execute(insert(TABLE), [
            {"run_id": run_id, "last_seq": seal.last_seq, "last_call": seal.last_call, "digests": dict(seal.digests)}
            for run_id, seal in seals.items()])

    async def read(self, run_id: str) -> Seal | None:
        """The seal of a run, or None where it was never sealed."""
        row = await self._session.get(RunSealRow, run_id)
        return None if row is None else Seal(row.last_seq, row.last_call, row.digests)

    async def compute(self, run_id: str, last_seq: int, last_call: int) -> dict[str, str]:
        """The digests over a run's rows as they are now."""
        digests = {}
        known = {"run": run_id, "seq": last_seq, "call": last_call}
        for row in ORDER:
            table = row.__table__
            assert isinstance(table, Table)
            digest = blake2b(digest_size=16)
            rows = await self._session.execute(_rows(row), known)
            for portion in rows.partitions(AT_ONCE):
                digest.update("".join(map(repr, map(_plain, portion))).encode("utf-8", "surrogatepass"))
                await asyncio.sleep(0)
            digests[table.name] = digest.hexdigest()
        return digests


@cache
def _rows(row: type[Base]) -> Select[Any]:
    """All columns of a table as the driver gives them: no type of ours may hide a change."""
    table = row.__table__
    assert isinstance(table, Table)
    columns: list[ColumnElement[Any]] = []
    for column in table.columns:
        if table is not RunRow.__table__ or column.name not in CHANGING:
            name = f'"{column.name}"'
            columns.append(literal_column(f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name))
    of_the_run = table.c["id" if table is RunRow.__table__ else "run_id"] == bindparam("run")
    conditions: list[ColumnElement[bool]] = [of_the_run]
    if table is CallRow.__table__:
        conditions.append(table.c.id <= bindparam("call"))
    elif "seq" in table.c:
        conditions.append(table.c.seq <= bindparam("seq"))
    elif table is ControlRow.__table__:
        conditions.append(table.c.turn.is_not(None))
    return select(*columns).select_from(table).where(and_(*conditions)).order_by(
        *(table.c[name] for name in ORDER[row]))


def _plain(row: Iterable[Any]) -> tuple[Any, ...]:
    """The values of a row, alike whatever zone and buffers a driver gives them in."""
    values = tuple(row)
    if _PLAIN.issuperset(map(type, values)):
        return values
    return tuple(value.astimezone(UTC).isoformat() if isinstance(value, datetime) else
                 bytes(value) if isinstance(value, memoryview) else value for value in values)


_PLAIN = frozenset({str, int, float, bytes, bool, type(None)})
