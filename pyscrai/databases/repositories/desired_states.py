"""The states that people desire of runs, and the runs that have not reached theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import RunRow
from pyscrai.lifecycle import Desired


class DesiredStates:
    """The desired states of a database's runs."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def owners(self) -> Sequence[str]:
        """The processes that hold runs."""
        return [owner for owner in await self._session.scalars(
            select(RunRow.owner).where(RunRow.owner.is_not(None)).distinct()) if owner is not None]

    async def read(self, run_ids: Collection[str]) -> Mapping[str, Desired]:
        """The desired states of these runs."""
        rows = await self._session.execute(select(RunRow.id, RunRow.desired).where(RunRow.id.in_(run_ids)))
        return {row.id: row.desired for row in rows}

    async def set(self, run_ids: Collection[str], desired: Desired) -> None:
        """Desire the same of many runs."""
        await self._session.execute(update(RunRow).where(RunRow.id.in_(run_ids)).values(
            desired=desired, updated_at=now()), execution_options={"synchronize_session": False})

    async def settle(self, run_ids: Collection[str], told: Desired, desired: Desired) -> None:
        """Desire something else of runs, but for those of which somebody did so already."""
        await self._session.execute(update(RunRow).where(RunRow.id.in_(run_ids), RunRow.desired == told).values(
            desired=desired), execution_options={"synchronize_session": False})

    async def fence(self, run_id: str) -> int | None:
        """The fence with which the run can be written to now, or None if there is no such run."""
        return await self._session.scalar(select(RunRow.fence).where(RunRow.id == run_id))


