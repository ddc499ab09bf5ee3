"""What may be asked of a run. Each answer says that it is durable; the run follows as soon as it can."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from pyscrai.databases.api.access import Controller
from pyscrai.databases.api.dependencies import Context, Ctx
from pyscrai.databases.api.idempotency import IdempotencyKey, once
from pyscrai.databases.api.runs import detail
from pyscrai.databases.api.schemas.base import RolePath, RunId, problems
from pyscrai.databases.api.schemas.runs import (
    Accepted,
    HumanReply,
    ManyAccepted,
    ManyRuns,
    NewFork,
    NewInject,
    Reason,
    Refusal,
    Regeneration,
    ReplayResult,
    RunDetail,
)
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.services import controls, forks, replays, replies
from pyscrai.templates.models.world import InjectText

router = APIRouter(prefix="/runs/{run_id}", tags=["control"])

many = APIRouter(prefix="/runs/many", tags=["control"])

_ASKED = problems(404, 409)


@router.post("/start", operation_id="start_run", status_code=202, responses=_ASKED)
async def start_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """Start a run that was made to be started later."""
    return await _ask(context, run_id, "start", caller.name, body)


@router.post("/pause", operation_id="pause_run", status_code=202, responses=_ASKED)
async def pause_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """Let a run stand when the turns that are being played are over."""
    return await _ask(context, run_id, "pause", caller.name, body)


@router.post("/resume", operation_id="resume_run", status_code=202, responses=_ASKED)
async def resume_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """Let a run that stands or that failed go on from where it is."""
    return await _ask(context, run_id, "resume", caller.name, body)


@router.post("/step", operation_id="step_run", status_code=202, responses=_ASKED)
async def step_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """Play one superstep of a run that stands: the next turn, or all turns of a simultaneous round."""
    return await _ask(context, run_id, "step", caller.name, body)


@router.post("/stop", operation_id="stop_run", status_code=202, responses=_ASKED)
async def stop_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """End a run for good when the turns that are being played are over."""
    return await _ask(context, run_id, "stop", caller.name, body)


@router.post("/cancel", operation_id="cancel_run", status_code=202, responses=_ASKED)
async def cancel_run(run_id: RunId, context: Ctx, caller: Controller, body: Reason | None = None) -> Accepted:
    """End a run for good at once; a turn in the midst of being played is lost."""
    return await _ask(context, run_id, "cancel", caller.name, body)


@router.post("/inject", operation_id="inject_event", status_code=202, response_model=Accepted, responses=_ASKED)
async def inject_event(run_id: RunId, body: NewInject, context: Ctx, caller: Controller, request: Request,
                       key: IdempotencyKey = None) -> Response:
    """Put an event into the world of a run; its next turn takes it."""
    async def work() -> dict[str, Any]:
        number = await controls.inject(context.services, run_id, _content(body), actor=caller.name, label=body.label,
                                      changes=body.set)
        return (await _woken(context, run_id, "inject", caller.name, number)).model_dump()

    return await once(context, request, caller, key, 202, work)


@router.post("/roles/{role}/take-over", operation_id="take_over_role", status_code=202, responses=_ASKED)
async def take_over_role(run_id: RunId, role: RolePath, context: Ctx, caller: Controller) -> Accepted:
    """Play a role oneself from its next turn on; the run then waits for what one says."""
    number = await controls.take_over(context.services, run_id, role, actor=caller.name)
    return await _woken(context, run_id, "take-over", caller.name, number)


@router.post("/roles/{role}/release", operation_id="release_role", status_code=202, responses=_ASKED)
async def release_role(run_id: RunId, role: RolePath, context: Ctx, caller: Controller) -> Accepted:
    """Let a model play a role again, also in the turn that the run waits for."""
    number = await controls.release(context.services, run_id, role, actor=caller.name)
    return await _woken(context, run_id, "release", caller.name, number)


@router.post("/roles/{role}/reply", operation_id="reply_for_role", status_code=202, responses=_ASKED)
async def reply_for_role(run_id: RunId, role: RolePath, body: HumanReply, context: Ctx, caller: Controller) -> Accepted:
    """Answer for a role that the run waits for; ``waiting`` of the run says what is asked."""
    await replies.reply(context.services, run_id, body.given(), actor=caller.name, role=role)
    return await _woken(context, run_id, "reply", caller.name)


@router.post("/fork", operation_id="fork_run", status_code=201, response_model=RunDetail, responses=_ASKED)
async def fork_run(run_id: RunId, body: NewFork, context: Ctx, caller: Controller, request: Request,
                   key: IdempotencyKey = None) -> Response:
    """Make a run that shares this one's past up to a turn and may go on otherwise. This run stays as it is."""
    edits = body.edits

    async def work() -> dict[str, Any]:
        child = await forks.fork_run(context.services, run_id, body.at_turn, forks.Edits(
            variables=edits.variables, parameters=edits.parameters,
            injects=tuple(_content(content) for content in edits.injects), model=edits.model,
            role_models=edits.role_models, seed=edits.seed, max_turns=edits.max_turns, budget_usd=edits.budget_usd,
            message=(edits.message.key, edits.message.text) if edits.message else None,
        ), actor=caller.name, name=body.name, tags=body.tags, desired="run" if body.start else "none")
        return await _begun(context, child, caller.name, start=body.start)

    return await once(context, request, caller, key, 201, work)


@router.post("/regenerate", operation_id="regenerate_turn", status_code=201, response_model=RunDetail, responses=_ASKED)
async def regenerate_turn(run_id: RunId, body: Regeneration, context: Ctx, caller: Controller, request: Request,
                          key: IdempotencyKey = None) -> Response:
    """Play a turn again with another seed or model, as a fork. This run stays as it is."""
    async def work() -> dict[str, Any]:
        child = await forks.regenerate(context.services, run_id, body.turn, actor=caller.name, seed=body.seed,
                                         role=body.role, model=body.model, desired="run" if body.start else "none")
        return await _begun(context, child, caller.name, start=body.start)

    return await once(context, request, caller, key, 201, work)


@router.post("/replay", operation_id="replay_run", responses=_ASKED)
async def replay_run(run_id: RunId, context: Ctx, caller: Controller) -> ReplayResult:
    """Play a run that has ended again from its journal, with no model, and compare."""
    found = await replays.replay_run(context.services, run_id)
    difference = found.difference
    return ReplayResult(run_id=run_id, same=found.same, events=found.events, calls=found.calls, difference=None if (
        difference is None) else {"turn": difference.turn, "key": difference.key, "recorded": difference.recorded,
                                  "replayed": difference.replayed})


@many.post("/{action}", operation_id="ask_many_runs", status_code=202, responses=problems())
async def ask_many_runs(action: controls.Ask, body: ManyRuns, context: Ctx, caller: Controller) -> ManyAccepted:
    """Ask the same of many runs; those that it does not fit are named and left as they are."""
    desired, asked, refused = await controls.ask_many(context.services, body.run_ids, action, actor=caller.name,
                                                     reason=body.reason)
    reason = body.reason or f"{caller.name} asks to {action}"
    for run_id in asked:
        context.manager.wake(run_id, desired, share=caller.name, reason=reason)
    return ManyAccepted(action=action, actor=caller.name, desired=desired, accepted=asked, refused=[
        Refusal(run_id=str(error.details["run"]), code=error.code, detail=error.message, cure=error.cure)
        for error in refused])


async def _ask(context: Context, run_id: str, action: controls.Ask, actor: str, body: Reason | None) -> Accepted:
    reason = body.reason if body else ""
    desired, status = await controls.ask(context.services, run_id, action, actor=actor, reason=reason)
    context.manager.wake(run_id, desired, share=actor, reason=reason or f"{actor} asks to {action}")
    return Accepted(run_id=run_id, action=action, actor=actor, status=status, desired=desired)  # type: ignore[arg-type]


async def _woken(context: Context, run_id: str, action: str, actor: str, number: int | None = None) -> Accepted:
    row = await _row(context, run_id)
    if row.status == "waiting":
        context.manager.wake(run_id, "run", share=actor)
    return Accepted(run_id=run_id, action=action, actor=actor, status=row.status, desired=row.desired,  # type: ignore[arg-type]
                    command_id=number)


async def _begun(context: Context, child: str, actor: str, *, start: bool) -> dict[str, Any]:
    context.manager.wake(child, "run" if start else "none", share=actor)
    return await detail(context, child)


async def _row(context: Context, run_id: str) -> RunRow:
    async with context.services.database.read() as session:
        return await Runs(session).get(run_id)


def _content(body: NewInject) -> InjectText:
    return InjectText(text=body.text, audience=body.audience, source=body.source)
