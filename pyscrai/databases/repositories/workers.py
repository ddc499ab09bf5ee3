"""The processes of a fleet, as they tell of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.fleet_tables import ModelSlotsRow, ShareRow, WorkerRow


@dataclass(frozen=True, slots=True)
class Presence:
    """What a process says of itself."""

    id: str
    kind: str
    version: str
    capacity: int
    playing: int = 0
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Workers:
    """The workers of a database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def beat(self, worker: Presence, ttl: timedelta) -> None:
        """Note that a process lives; those that did not for long are forgotten."""
        said = {"kind": worker.kind, "version": worker.version, "capacity": worker.capacity, "playing": worker.playing,
                "aliases": list(worker.aliases), "labels": list(worker.labels), "beat_at": DatabaseClock(),
                "until": DatabaseClock(ttl)}
        known = await self._session.scalar(
            update(WorkerRow).where(WorkerRow.id == worker.id).values(said).returning(WorkerRow.id),
            execution_options={"synchronize_session": False})
        if known is None:
            self._session.add(WorkerRow(id=worker.id, started_at=DatabaseClock(), **said))
        await self._session.execute(delete(WorkerRow).where(WorkerRow.until < DatabaseClock(-100 * ttl)))

    async def leave(self, worker_id: str) -> None:
        """Forget a process that ends."""
        await self._session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))
        await self._session.execute(delete(ModelSlotsRow).where(ModelSlotsRow.worker == worker_id))

    async def list(self) -> Sequence[WorkerRow]:
        """Those that live, the oldest first."""
        return (await self._session.scalars(select(WorkerRow).where(WorkerRow.until > DatabaseClock()).order_by(
            WorkerRow.started_at, WorkerRow.id))).all()

    async def shares(self) -> Sequence[ShareRow]:
        """The shares that are not treated like every other."""
        return (await self._session.scalars(select(ShareRow).order_by(ShareRow.share))).all()

    async def treat(self, share: str, *, weight: float | None = None, priority: int | None = None,
                    held: bool | None = None, budget_usd: float | Literal["none"] | None = None) -> ShareRow:
        """Change how a share is treated; what is None stays as it is.

        Args:
            budget_usd: ``none`` lifts the bound.
        """
        row = await self._session.get(ShareRow, share)
        if row is None:
            row = ShareRow(share=share, weight=1.0, priority=0, held=False)
            self._session.add(row)
        row.weight = row.weight if weight is None else weight
        row.priority = row.priority if priority is None else priority
        row.held = row.held if held is None else held
        if budget_usd is not None:
            row.budget_usd = None if budget_usd == "none" else budget_usd
        await self._session.flush()
        return row
