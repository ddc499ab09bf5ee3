"""Who may play a run: a lease that must be renewed, and a fence that shuts out whoever lost it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.tables import RunRow, table_of

RUNS = table_of(RunRow)


class Leases:
    """Leases on runs, by the database's clock."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def acquire(self, run_ids: Collection[str], owner: str, ttl: timedelta) -> dict[str, RunRow]:
        """Take those of some runs that nobody holds, or whose holder let its lease run out.

        Returns:
            Run to its row with the new fence, with which every write must come; without those that another one holds.
            It is read from and never changed: an object that could be would cost more than to take the run.
        """
        taken = await self._session.execute(_acquire(ttl), {"runs": list(run_ids), "by": owner})
        return {row.id: cast(RunRow, row) for row in taken}

    async def renew(self, owner: str, run_ids: Collection[str], ttl: timedelta) -> Sequence[str]:
        """Hold runs for longer; the ids of those that are still held. The others must stop."""
        return (await self._session.scalars(_renew(ttl), {"runs": list(run_ids), "by": owner})).all()

    async def release(self, owner: str, held: Sequence[tuple[str, int]]) -> None:
        """Give runs back, each with its fence, as far as they are still held."""
        await self._session.execute(_RELEASE, [{"run": run_id, "old": fence, "by": owner} for run_id, fence in held])


# -- the statements: built once, since each run takes and gives back a lease ------------------------------------------

_FREE = or_(RUNS.c.owner.is_(None), RUNS.c.lease_until.is_(None), RUNS.c.lease_until < DatabaseClock())


@cache
def _acquire(ttl: timedelta) -> ReturningUpdate[Any]:
    return (update(RUNS).where(RUNS.c.id.in_(bindparam("runs", expanding=True)), _FREE)
            .values(owner=bindparam("by"), lease_until=DatabaseClock(ttl), fence=RUNS.c.fence + 1)
            .returning(*RUNS.columns))


@cache
def _renew(ttl: timedelta) -> ReturningUpdate[Any]:
    return (update(RUNS).where(RUNS.c.id.in_(bindparam("runs", expanding=True)), RUNS.c.owner == bindparam("by"))
            .values(lease_until=DatabaseClock(ttl)).returning(RUNS.c.id))


_RELEASE = update(RUNS).where(
    RUNS.c.owner == bindparam("by"), RUNS.c.id == bindparam("run"), RUNS.c.fence == bindparam("old")).values(
        owner=None, lease_until=None)
