"""What the fleet does now: its workers, and what waits of each share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pyscrai.databases.columns import now
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.claims import Claims
from pyscrai.databases.repositories.experiments import PREFIX
from pyscrai.databases.repositories.share_costs import Spending
from pyscrai.databases.repositories.workers import Workers


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A living process. ``beat_seconds`` is how long ago it told of itself."""

    id: str
    kind: str
    version: str
    capacity: int
    playing: int
    aliases: Sequence[str]
    labels: Sequence[str]
    started_at: datetime
    beat_seconds: float


@dataclass(frozen=True, slots=True)
class ShareState:
    """A share of the runs: an experiment, or whoever asked for them."""

    share: str
    waiting: int
    playing: int
    weight: float
    priority: int
    held: bool
    budget_usd: float | None = None
    spent_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetState:
    """The fleet at a moment."""

    workers: Sequence[WorkerState]
    shares: Sequence[ShareState]

    @property
    def capacity(self) -> int:
        """Runs that may be played at the same time."""
        return sum(worker.capacity for worker in self.workers)


async def treat_share(database: Database, share: str, *, weight: float | None = None, priority: int | None = None,
                      held: bool | None = None, budget_usd: float | Literal["none"] | None = None) -> ShareState:
    """Treat a share of the runs otherwise, and say how it stands; what is None stays as it is.

    Args:
        budget_usd: ``none`` lifts the bound.
    """
    async with database.session() as session:
        row = await Workers(session).treat(share, weight=weight, priority=priority, held=held, budget_usd=budget_usd)
        kept = ShareState(row.share, 0, 0, row.weight, row.priority, row.held, row.budget_usd)
    return next((each for each in (await fleet_state(database)).shares if each.share == share), kept)


async def fleet_state(database: Database) -> FleetState:
    """The fleet as the database knows it now."""
    async with database.read() as session:
        workers, claims = Workers(session), Claims(session)
        living, treated = await workers.list(), {row.share: row for row in await workers.shares()}
        waiting, playing = await claims.waiting(), await claims.playing()
        # An experiment that has nothing left in the queue is seen among the experiments.
        shown = {*waiting, *playing, *(name for name in treated if not name.startswith(PREFIX))}
        spending = await Spending(session).read(shown)
    moment = now()
    shares = []
    for share in sorted(shown):
        row = treated.get(share)
        shares.append(ShareState(share, waiting.get(share, 0), playing.get(share, 0), row.weight if row else 1.0,
                                 row.priority if row else 0, row.held if row else False,
                                 row.budget_usd if row else None,
                                 spending[share].cost_usd if share in spending else 0.0))
    return FleetState([WorkerState(row.id, row.kind, row.version, row.capacity, row.playing, row.aliases, row.labels,
                                   row.started_at, max(0.0, (moment - row.beat_at).total_seconds()))
                       for row in living], shares)
