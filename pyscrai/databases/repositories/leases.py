"""Who may play a run: a lease that must be renewed, and a fence that shuts out whoever lost it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, or_, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.tables import RunRow

RUNS = cast(Table, RunRow.__table__)
"""The table itself: a statement on mapped rows costs three times as much, and each run takes and gives back a lease."""


class Leases:
    """Leases on runs, by the database's clock."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def acquire(self, run_ids: Collection[str], owner: str, ttl: timedelta) -> dict[str, int]:
        """Take those of some runs that nobody holds, or whose holder let its lease run out.

        Returns:
            Run to its new fence, with which every write must come; without those that another one holds.
        """
        free = or_(RUNS.c.owner.is_(None), RUNS.c.lease_until.is_(None), RUNS.c.lease_until < DatabaseClock())
        taken = await self._session.execute(
            update(RUNS).where(RUNS.c.id.in_(run_ids), free)
            .values(owner=owner, lease_until=DatabaseClock(ttl), fence=RUNS.c.fence + 1)
            .returning(RUNS.c.id, RUNS.c.fence))
        return {row.id: row.fence for row in taken}

    async def renew(self, owner: str, run_ids: Collection[str], ttl: timedelta) -> Sequence[str]:
        """Hold runs for longer; the ids of those that are still held. The others must stop."""
        return (await self._session.scalars(
            update(RunRow).where(RunRow.id.in_(run_ids), RunRow.owner == owner)
            .values(lease_until=DatabaseClock(ttl)).returning(RunRow.id),
            execution_options={"synchronize_session": False})).all()

    async def release(self, owner: str, held: Sequence[tuple[str, int]]) -> None:
        """Give runs back, each with its fence, as far as they are still held."""
        await self._session.execute(
            update(RUNS).where(RUNS.c.owner == owner, tuple_(RUNS.c.id, RUNS.c.fence).in_(held))
            .values(owner=None, lease_until=None))
