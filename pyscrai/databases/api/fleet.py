"""The fleet: its workers, and how its shares are treated."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from pyscrai.databases.api.access import Admin, Reader
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.databases.api.schemas.base import Answer, Body, problems
from pyscrai.services.fleet import state as fleet

router = APIRouter(tags=["fleet"])


class WorkerItem(Answer):
    """A process that plays or controls runs."""

    id: str
    kind: str
    """``worker`` or ``serve``."""
    version: str
    capacity: int
    """Runs that it plays at the same time; 0 where it controls only."""
    playing: int
    aliases: list[str]
    labels: list[str]
    started_at: datetime
    beat_seconds: float
    """How long ago it told of itself."""


class ShareItem(Answer):
    """A share of the runs: an experiment, or whoever asked for them."""

    share: str
    waiting: int
    playing: int
    weight: float
    priority: int
    held: bool
    """Whether none of its runs is begun or taken over."""
    budget_usd: float | None
    """What its calls may cost in all; its runs stand when that is spent."""
    spent_usd: float
    """What its calls have cost, as far as prices are known."""


class Fleet(Answer):
    """The workers that live, and what waits and plays of each share."""

    capacity: int
    workers: list[WorkerItem]
    shares: list[ShareItem]


class ShareChange(Body):
    """How a share is to be treated; what is left out stays as it is."""

    weight: float | None = Field(None, gt=0, le=1e6)
    priority: int | None = Field(None, ge=-1_000, le=1_000)
    held: bool | None = None
    budget_usd: float | None = Field(None, gt=0, le=1e9)
    """What its calls may cost in all; an explicit null lifts the bound."""


ShareName = Annotated[str, Path(max_length=200)]


@router.get("/fleet", operation_id="read_fleet", responses=problems())
async def read_fleet(context: Ctx, caller: Reader) -> Fleet:
    """The workers and the queue."""
    state = await fleet.fleet_state(context.services.database)
    return Fleet(capacity=state.capacity, workers=[WorkerItem.model_validate(worker, from_attributes=True)
                                                   for worker in state.workers],
                 shares=[ShareItem.model_validate(share, from_attributes=True) for share in state.shares])


@router.put("/fleet/shares/{share}", operation_id="treat_share", responses=problems())
async def treat_share(context: Ctx, caller: Admin, share: ShareName, change: ShareChange) -> ShareItem:
    """Treat a share of the runs otherwise: one row, however many runs it has."""
    lifted = "budget_usd" in change.model_fields_set and change.budget_usd is None
    found = await fleet.treat_share(context.services.database, share, weight=change.weight, priority=change.priority,
                                    held=change.held, budget_usd="none" if lifted else change.budget_usd)
    return ShareItem.model_validate(found, from_attributes=True)
