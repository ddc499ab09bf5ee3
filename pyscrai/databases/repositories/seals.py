"""Seals: digests over the rows of a run that has ended, by which a row that was changed afterwards is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, Table, and_, delete, func, literal_column, select
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

CHANGING = frozenset({"desired", "last_seq", "updated_at", "owner", "lease_until", "fence", "controls_waiting"})
"""Columns of a run that say who plays it and what is asked of it: they change after its end."""

AT_ONCE = 500
"""Rows that are hashed before others get the event loop."""

ORDER: Mapping[type[Base], tuple[str, ...]] = {
    RunRow: ("id",), AgentInstanceRow: ("position",), RunTagRow: ("tag",), EventRow: ("seq",), CallRow: ("id",),
    MeasurementRow: ("seq",), RunMetricsRow: ("role",), ControlRow: ("id",)}
"""The tables that a seal covers, with the order in which their rows are read."""


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
        last_seq = await self._session.scalar(select(func.max(EventRow.seq)).where(EventRow.run_id == run_id)) or 0
        last_call = await self._session.scalar(select(func.max(CallRow.id)).where(CallRow.run_id == run_id)) or 0
        return Seal(last_seq, last_call, await self.compute(run_id, last_seq, last_call))

    async def keep(self, seals: Mapping[str, Seal]) -> None:
        """Keep the seals of runs in place of their earlier ones."""
        await self._session.execute(delete(RunSealRow).where(RunSealRow.run_id.in_(seals)))
        self._session.add_all(RunSealRow(run_id=run_id, last_seq=seal.last_seq, last_call=seal.last_call,
                                         digests=dict(seal.digests)) for run_id, seal in seals.items())
        await self._session.flush()

    async def read(self, run_id: str) -> Seal | None:
        """The seal of a run, or None where it was never sealed."""
        row = await self._session.get(RunSealRow, run_id)
        return None if row is None else Seal(row.last_seq, row.last_call, row.digests)

    async def compute(self, run_id: str, last_seq: int, last_call: int) -> dict[str, str]:
        """The digests over a run's rows as they are now."""
        digests = {}
        for row, order in ORDER.items():
            table = row.__table__
            assert isinstance(table, Table)
            digest = blake2b(digest_size=16)
            rows = await self._session.execute(_rows(table, order, run_id, last_seq, last_call))
            for portion in rows.partitions(AT_ONCE):
                digest.update("".join(map(repr, map(_plain, portion))).encode("utf-8", "surrogatepass"))
                await asyncio.sleep(0)
            digests[table.name] = digest.hexdigest()
        return digests


def _rows(table: Table, order: tuple[str, ...], run_id: str, last_seq: int, last_call: int) -> Select[Any]:
    """All columns as the driver gives them: no type of ours may hide a change."""
    columns: list[ColumnElement[Any]] = []
    for column in table.columns:
        if table is not RunRow.__table__ or column.name not in CHANGING:
            name = f'"{column.name}"'
            columns.append(literal_column(f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name))
    conditions: list[ColumnElement[bool]] = [table.c["id" if table is RunRow.__table__ else "run_id"] == run_id]
    if table is CallRow.__table__:
        conditions.append(table.c.id <= last_call)
    elif "seq" in table.c:
        conditions.append(table.c.seq <= last_seq)
    elif table is ControlRow.__table__:
        conditions.append(table.c.turn.is_not(None))
    return select(*columns).select_from(table).where(and_(*conditions)).order_by(*(table.c[name] for name in order))


def _plain(row: Iterable[Any]) -> tuple[Any, ...]:
    """The values of a row, alike whatever zone and buffers a driver gives them in."""
    values = tuple(row)
    if _PLAIN.issuperset(map(type, values)):
        return values
    return tuple(value.astimezone(UTC).isoformat() if isinstance(value, datetime) else
                 bytes(value) if isinstance(value, memoryview) else value for value in values)


_PLAIN = frozenset({str, int, float, bytes, bool, type(None)})
