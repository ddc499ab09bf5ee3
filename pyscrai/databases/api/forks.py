"""Runs made of runs: forks, and turns played again; and whether a run replays to the same log."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Response

from pyscrai.databases.api.access import Controller
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.databases.api.idempotency import Idempotent
from pyscrai.databases.api.runs import detail
from pyscrai.databases.api.schemas.base import RunId, problems
from pyscrai.databases.api.schemas.forks import NewFork, Regeneration, ReplayResult
from pyscrai.databases.api.schemas.runs import RunDetail
from pyscrai.services import forks, replays
from pyscrai.services.outside_events import Within

router = APIRouter(prefix="/runs/{run_id}", tags=["control"])


@router.post("/fork", operation_id="fork_run", status_code=201, response_model=RunDetail, responses=problems(404, 409))
async def fork_run(run_id: RunId, body: NewFork, once: Idempotent) -> Response:
    """Make a run that shares this one's past up to a turn and may go on otherwise. This run stays as it is."""
    async def work(within: Within | None) -> str:
        child = await forks.fork_run(once.context.services, run_id, body.at_turn, body.edits.read(), name=body.name,
                                     actor=once.caller.name, tags=body.tags, desired="run" if body.start else "none",
                                     within=within)
        return _woken(once, child, start=body.start)

    return await once.make(work, lambda child: detail(once.context, child))


@router.post("/regenerate", operation_id="regenerate_turn", status_code=201, response_model=RunDetail,
             responses=problems(404, 409))
async def regenerate_turn(run_id: RunId, body: Regeneration, once: Idempotent) -> Response:
    """Play a turn again with another seed or model, as a fork. This run stays as it is."""
    async def work(within: Within | None) -> str:
        child = await forks.regenerate(once.context.services, run_id, body.turn, actor=once.caller.name, seed=body.seed,
                                       role=body.role, model=body.model, desired="run" if body.start else "none",
                                       within=within)
        return _woken(once, child, start=body.start)

    return await once.make(work, lambda child: detail(once.context, child))


@router.post("/replay", operation_id="replay_run", responses=problems(404, 409))
async def replay_run(run_id: RunId, context: Ctx, caller: Controller) -> ReplayResult:
    """Play a run that has ended again from its journal, with no model, and compare."""
    found = await replays.replay_run(context.services, run_id)
    return ReplayResult(run_id=run_id, same=found.same, events=found.events, calls=found.calls,
                        difference=None if found.difference is None else asdict(found.difference))


def _woken(once: Idempotent, child: str, *, start: bool) -> str:
    once.context.manager.wake(child, "run" if start else "none", share=once.caller.name)
    return child
