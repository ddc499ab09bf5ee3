"""What is asked of runs, and which of them nobody sees to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import RunRow

UNMET: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("run", "step"), ("pending", "running", "paused", "waiting")),
    (("pause",), ("pending", "running", "waiting")),
    (("stop", "cancel"), ("pending", "running", "paused", "waiting")),
)
"""What may be asked of a run, and the statuses in which it is not yet done."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A run of which something is asked that is not done; ``owner`` may be a process that died."""

    run_id: str
    desired: str
    status: str
    share: str
    owner: str | None
    held: bool
    """Whether the owner's lease is still good."""


class Duties:
    """Finds what is to be done, and notes what is done."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def unmet(self, limit: int) -> Sequence[Duty]:
        """Runs of which something is asked that is not done, the oldest first."""
        moment = now()
        rows = await self._session.execute(
            select(RunRow.id, RunRow.desired, RunRow.status, RunRow.settings, RunRow.owner, RunRow.lease_until)
            .where(_unmet()).order_by(RunRow.id).limit(limit))
        return [Duty(run_id, desired, status, str((settings or {}).get("actor", "")), owner,
                     owner is not None and until is not None and until > moment)
                for run_id, desired, status, settings, owner, until in rows]

    async def desires(self, run_ids: Collection[str]) -> Mapping[str, str]:
        """What is asked of these runs."""
        rows = await self._session.execute(select(RunRow.id, RunRow.desired).where(RunRow.id.in_(run_ids)))
        return {row.id: row.desired for row in rows}

    async def desire(self, run_ids: Collection[str], desired: str) -> None:
        """Ask the same of many runs."""
        await self._session.execute(update(RunRow).where(RunRow.id.in_(run_ids)).values(
            desired=desired, updated_at=now()), execution_options={"synchronize_session": False})

    async def settle(self, run_ids: Collection[str], told: str, desired: str) -> None:
        """Ask something else of runs, but for those of which somebody did so already."""
        await self._session.execute(update(RunRow).where(RunRow.id.in_(run_ids), RunRow.desired == told).values(
            desired=desired), execution_options={"synchronize_session": False})

    async def fence(self, run_id: str) -> int | None:
        """The fence with which the run can be written to now, or None if there is no such run."""
        return await self._session.scalar(select(RunRow.fence).where(RunRow.id == run_id))


def _unmet() -> ColumnElement[bool]:
    return or_(*(and_(RunRow.status.in_(statuses), RunRow.desired.in_(desires)) for desires, statuses in UNMET))
