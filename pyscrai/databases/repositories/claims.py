"""Which runs a process takes next: fairly among those who want some, and only what it can play.

One process or a hundred, on a file or on a server: each takes as many runs as it has places for, with a lease, in one
short transaction. On a server, rows that another one is taking at the moment are passed over and not waited for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.fleet_tables import ShareRow
from pyscrai.databases.repositories.share_costs import Spending
from pyscrai.databases.tables import CLAIMABLE, RunRow
from pyscrai.lifecycle import STATUSES, unmet

ROUNDS = 3
"""How often places that a share did not fill are offered to the others."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that was taken, and the fence with which it is written to."""

    run_id: str
    share: str
    fence: int


@dataclass(frozen=True, slots=True)
class Group:
    """Runs of one share that need the same."""

    needs: str
    share: str


class Claims:
    """Takes runs whose desired state is not reached and that nobody holds."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take(self, owner: str, room: int, ttl: timedelta, *, fits: Callable[[str], bool] = lambda needs: True,
                   dead: Collection[str] = ()) -> Sequence[Claim]:
        """Take at most ``room`` runs.

        Args:
            fits: whether this process can play what needs this.
            dead: owners that are known to be gone, whatever their leases say.
        """
        groups = [group for group in await self.groups() if fits(group.needs)]
        if not groups or room <= 0:
            return ()
        treated = await self._treated({group.share for group in groups})
        held = await self._held()
        shares = {group.share: treated.get(group.share) or ShareRow(
            share=group.share, weight=1.0, priority=0, held=False) for group in groups}
        bounded = [name for name, row in treated.items() if row.budget_usd is not None]
        spent = await Spending(self._session).bounded(bounded) if bounded else {}
        open_ = {name: row for name, row in shares.items()
                 if not row.held and not (name in spent and spent[name].all)}
        taken: list[Claim] = []
        for _ in range(ROUNDS):
            quotas = divide(room - len(taken), open_, held + Counter(claim.share for claim in taken))
            more = [claim for share, quota in quotas.items() for claim in await self._lock(
                [group for group in groups if group.share == share], quota, owner, ttl, dead)]
            got = Counter(claim.share for claim in more)
            taken += more
            # Who did not fill its places has nothing left.
            open_ = {name: row for name, row in open_.items() if got[name] >= quotas.get(name, 0)}
            if not open_ or len(taken) >= room or not more:
                break
        return taken

    async def groups(self) -> Sequence[Group]:
        """The groups of runs that may be due: found by leaping through their index, however many they are."""
        found: list[Group] = []
        row = (await self._session.execute(_FIRST_GROUP)).one_or_none()
        while row is not None:
            found.append(Group(row.needs, row.share))
            row = (await self._session.execute(_NEXT_GROUP, {"needs": row.needs, "share": row.share})).one_or_none()
        return found

    async def waiting(self) -> Mapping[str, int]:
        """The number of runs of each share that nobody plays yet, though somebody should."""
        rows = await self._session.execute(_WAITING)
        return {row.share: row[1] for row in rows}

    async def playing(self) -> Mapping[str, int]:
        """The number of runs of each share that somebody holds."""
        return dict(await self._held())

    async def _held(self) -> Counter[str]:
        rows = await self._session.execute(_HELD)
        return Counter({row.share: row[1] for row in rows})

    async def _treated(self, shares: Collection[str]) -> Mapping[str, ShareRow]:
        rows = await self._session.scalars(_TREATED, {"shares": list(shares)})
        return {row.share: row for row in rows}

    async def _lock(self, groups: Sequence[Group], quota: int, owner: str, ttl: timedelta, dead: Collection[str]
                    ) -> Sequence[Claim]:
        ids: list[str] = []
        for group in groups:
            if len(ids) < quota:
                ids += await self._session.scalars(_LOCK, {
                    "needs": group.needs, "share": group.share, "dead": list(dead), "quota": quota - len(ids)})
        if not ids:
            return ()
        rows = await self._session.execute(_take(ttl), {"taken": ids, "by": owner},
                                           execution_options={"synchronize_session": False})
        claims = {row.id: Claim(row.id, row.share, row.fence) for row in rows}
        return [claims[run_id] for run_id in ids if run_id in claims]


def divide(room: int, shares: Mapping[str, ShareRow], held: Mapping[str, int]) -> Mapping[str, int]:
    """Divide places among shares: the highest priority first, within it the share that has least for its weight."""
    quotas: dict[str, int] = defaultdict(int)
    if not shares:
        return quotas
    first = max(row.priority for row in shares.values())
    chosen = sorted(name for name, row in shares.items() if row.priority == first)
    for _ in range(room):
        name = min(chosen, key=lambda name: ((held.get(name, 0) + quotas[name] + 1) / max(shares[name].weight, 1e-6)))
        quotas[name] += 1
    return quotas


# -- the statements: built once, since a worker that has room asks them again and again -------------------------------

def _unmet() -> ColumnElement[bool]:
    return or_(*(and_(RunRow.status == status, RunRow.desired.in_(unmet(status))) for status in STATUSES
                 if unmet(status)))


_FREE = or_(RunRow.owner.is_(None), RunRow.lease_until.is_(None), RunRow.lease_until < DatabaseClock())

_FIRST_GROUP = select(RunRow.needs, RunRow.share).where(text(CLAIMABLE)).order_by(RunRow.needs, RunRow.share).limit(1)
_NEXT_GROUP = _FIRST_GROUP.where(tuple_(RunRow.needs, RunRow.share) > tuple_(bindparam("needs"), bindparam("share")))
_TREATED = select(ShareRow).where(ShareRow.share.in_(bindparam("shares", expanding=True)))
_HELD = select(RunRow.share, func.count()).where(
    RunRow.owner.is_not(None), RunRow.lease_until > DatabaseClock()).group_by(RunRow.share)
_WAITING = select(RunRow.share, func.count()).where(text(CLAIMABLE), _unmet(), _FREE).group_by(RunRow.share)
_LOCK = (select(RunRow.id)
         .where(text(CLAIMABLE), RunRow.needs == bindparam("needs"), RunRow.share == bindparam("share"), _unmet(),
                or_(_FREE, RunRow.owner.in_(bindparam("dead", expanding=True))))
         .order_by(RunRow.rank, RunRow.id).limit(bindparam("quota")).with_for_update(skip_locked=True))


@cache
def _take(ttl: timedelta) -> ReturningUpdate[str, str, int]:
    return (update(RunRow).where(RunRow.id.in_(bindparam("taken", expanding=True)))
            .values(owner=bindparam("by"), lease_until=DatabaseClock(ttl), fence=RunRow.fence + 1)
            .returning(RunRow.id, RunRow.share, RunRow.fence))
