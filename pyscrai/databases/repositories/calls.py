"""Model calls as the journal holds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.call_row import part_ids, restore
from pyscrai.databases.repositories.lineage import Segment, lineage
from pyscrai.databases.tables import CallRow, TextRow
from pyscrai.engines.ports.record import CallRecord

AT_ONCE = 500
"""Rows or ids in one query."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call with its id, the run that made it, and when it was recorded."""

    id: int
    run_id: str
    created_at: datetime
    call: CallRecord


class Calls:
    """Reads the calls of runs; the record writes them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, run_id: str, *, after_id: int = 0, roles: Collection[str] = (), purposes: Collection[str] = (),
                   from_turn: int | None = None, to_turn: int | None = None, limit: int | None = None,
                   inherited: bool = True) -> list[StoredCall]:
        """Calls of a run in the order in which they were recorded, a fork's shared past first.

        Args:
            after_id: only calls with a greater id.
            inherited: whether a fork's past counts too, or only the calls that it made itself.
        """
        segments = await lineage(self._session, run_id) if inherited else (Segment(run_id, None),)
        query = _of(segments).where(CallRow.id > after_id).order_by(CallRow.id).limit(limit)
        if roles:
            query = query.where(CallRow.role.in_(roles))
        if purposes:
            query = query.where(CallRow.purpose.in_(purposes))
        if from_turn is not None:
            query = query.where(CallRow.turn >= from_turn)
        if to_turn is not None:
            query = query.where(CallRow.turn <= to_turn)
        return await self._restored(query, {})

    async def get(self, call_id: int) -> StoredCall | None:
        """One call by its id."""
        found = await self._restored(_COLUMNS.where(CallRow.id == call_id), {})
        return found[0] if found else None

    async def _restored(self, query: Select[Any], texts: dict[int, str]) -> list[StoredCall]:
        rows = (await self._session.execute(query)).mappings().all()
        await self._load(rows, texts)
        return [StoredCall(row["id"], row["run_id"], row["created_at"], restore(row, texts)) for row in rows]

    async def _load(self, rows: Sequence[Mapping[Any, Any]], texts: dict[int, str]) -> None:
        wanted = {number for row in rows for number in (row["parameters"], row["prompts"],
                  *(part for _, ids in part_ids(row["messages"]) for part in ids))}
        missing = sorted(wanted - texts.keys())
        for start in range(0, len(missing), AT_ONCE):
            found = await self._session.execute(
                select(TextRow.id, TextRow.content).where(TextRow.id.in_(missing[start:start + AT_ONCE])))
            texts.update((number, content) for number, content in found)


_COLUMNS: Select[Any] = select(*CallRow.__table__.columns)


def _of(segments: Sequence[Segment]) -> Select[Any]:
    return _COLUMNS.where(or_(*(
        CallRow.run_id == segment.run_id if segment.upto_turn is None
        else and_(CallRow.run_id == segment.run_id, CallRow.turn <= segment.upto_turn) for segment in segments)))
