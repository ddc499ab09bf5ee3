"""Who may play a run: a lease that must be renewed, and a fence that shuts out whoever lost it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import RunRow


class Leases:
    """Leases on runs. The clock is the database's, where several machines share one."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        postgres = session.get_bind().dialect.name == "postgresql"
        self._now: ColumnElement[datetime] | datetime = func.clock_timestamp(type_=TIMESTAMP(timezone=True)
                                                                             ) if postgres else now()

    async def acquire(self, run_id: str, owner: str, ttl: timedelta) -> int | None:
        """Take a run that nobody holds, or whose holder let its lease run out.

        Returns:
            The new fence, with which every write must come; None if another one holds the run.
        """
        free = or_(RunRow.owner.is_(None), RunRow.lease_until.is_(None), RunRow.lease_until < self._now)
        return await self._session.scalar(
            update(RunRow).where(RunRow.id == run_id, free)
            .values(owner=owner, lease_until=self._now + ttl, fence=RunRow.fence + 1).returning(RunRow.fence),
            execution_options={"synchronize_session": False})

    async def renew(self, owner: str, run_ids: Collection[str], ttl: timedelta) -> Sequence[str]:
        """Hold runs for longer; the ids of those that are still held. The others must stop."""
        return (await self._session.scalars(
            update(RunRow).where(RunRow.id.in_(run_ids), RunRow.owner == owner)
            .values(lease_until=self._now + ttl).returning(RunRow.id),
            execution_options={"synchronize_session": False})).all()

    async def release(self, run_id: str, owner: str, fence: int) -> None:
        """Give a run back, if it is still held."""
        await self._session.execute(
            update(RunRow).where(RunRow.id == run_id, RunRow.owner == owner, RunRow.fence == fence)
            .values(owner=None, lease_until=None), execution_options={"synchronize_session": False})
