"""Controls of runs. Each answer says that the control is durable; the run follows as soon as it can."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from pyscrai.databases.api.dependencies import Context
from pyscrai.databases.api.idempotency import Idempotent, Once
from pyscrai.databases.api.schemas.base import RolePath, RunId, problems
from pyscrai.databases.api.schemas.controls import (
    AcceptedControl,
    HumanReply,
    ManyAccepted,
    ManyRuns,
    NewBudget,
    NewInject,
    Reason,
)
from pyscrai.errors import PyscraiError
from pyscrai.lifecycle import Request
from pyscrai.services import controls, replies
from pyscrai.services.budgets import set_budget
from pyscrai.services.controls import Accepted
from pyscrai.services.outside_events import Within

router = APIRouter(prefix="/runs/{run_id}", tags=["control"])

many = APIRouter(prefix="/runs/many", tags=["control"])

_ASKED: dict[str, Any] = {"status_code": 202, "response_model": AcceptedControl, "responses": problems(404, 409)}


@router.post("/start", operation_id="start_run", **_ASKED)
async def start_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """Start a run that was made to be started later."""
    return await _request(once, run_id, "start", body)


@router.post("/pause", operation_id="pause_run", **_ASKED)
async def pause_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """Let a run stand when the turns that are being played are over."""
    return await _request(once, run_id, "pause", body)


@router.post("/resume", operation_id="resume_run", **_ASKED)
async def resume_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """Let a run that stands or that failed go on from where it is."""
    return await _request(once, run_id, "resume", body)


@router.post("/step", operation_id="step_run", **_ASKED)
async def step_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """Play one superstep of a run that stands: the next turn, or all turns of a simultaneous round.

    Where the step waits for a person, the run pauses after the step that the person's reply belongs to.
    """
    return await _request(once, run_id, "step", body)


@router.post("/stop", operation_id="stop_run", **_ASKED)
async def stop_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """End a run for good when the turns that are being played are over."""
    return await _request(once, run_id, "stop", body)


@router.post("/cancel", operation_id="cancel_run", **_ASKED)
async def cancel_run(run_id: RunId, once: Idempotent, body: Reason | None = None) -> Response:
    """End a run for good at once; a turn in the midst of being played is lost."""
    return await _request(once, run_id, "cancel", body)


@router.post("/inject", operation_id="inject_event", **_ASKED)
async def inject_event(run_id: RunId, body: NewInject, once: Idempotent) -> Response:
    """Put an event into the world of a run; its next turn takes it.

    An inject that is accepted and that no turn takes before the run ends is told by an event `not_applied`.
    """
    async def work(within: Within | None) -> Accepted:
        return _woken(once.context, await controls.inject(
            once.context.services, run_id, body.content(), actor=once.caller.name, label=body.label, changes=body.set,
            within=within))

    return await once(202, work, asdict)


@router.post("/roles/{role}/take-over", operation_id="take_over_role", **_ASKED)
async def take_over_role(run_id: RunId, role: RolePath, once: Idempotent) -> Response:
    """Play a role oneself from its next turn on, if its template lets people play it; the run then waits for them."""
    async def work(within: Within | None) -> Accepted:
        return _woken(once.context, await controls.take_over(once.context.services, run_id, role,
                                                             actor=once.caller.name, within=within))

    return await once(202, work, asdict)


@router.post("/roles/{role}/release", operation_id="release_role", **_ASKED)
async def release_role(run_id: RunId, role: RolePath, once: Idempotent) -> Response:
    """Let a model play a role again, also in the turn that the run waits for."""
    async def work(within: Within | None) -> Accepted:
        return _woken(once.context, await controls.release(once.context.services, run_id, role,
                                                           actor=once.caller.name, within=within))

    return await once(202, work, asdict)


@router.post("/roles/{role}/reply", operation_id="reply_for_role", **_ASKED)
async def reply_for_role(run_id: RunId, role: RolePath, body: HumanReply, once: Idempotent) -> Response:
    """Reply for a role that the run waits for; ``waiting`` of the run says what is asked. The first reply counts."""
    async def work(within: Within | None) -> Accepted:
        return _woken(once.context, await replies.reply(once.context.services, run_id, body.given(), role=role,
                                                        actor=once.caller.name, within=within))

    return await once(202, work, asdict)


@router.post("/budget", operation_id="set_budget", **_ASKED)
async def change_budget(run_id: RunId, body: NewBudget, once: Idempotent) -> Response:
    """Give a run that stands another budget, or none; it holds from the next turn on."""
    async def work(within: Within | None) -> Accepted:
        return await set_budget(once.context.services, run_id, body.budget_usd, actor=once.caller.name,
                                allow_unknown_price=body.allow_unknown_price, within=within)

    return await once(202, work, asdict)


@many.post("/{action}", operation_id="ask_many_runs", status_code=202, response_model=ManyAccepted,
           responses=problems())
async def ask_many_runs(action: Request, body: ManyRuns, once: Idempotent) -> Response:
    """Ask the same of many runs; those that it does not fit are named and left as they are."""
    context, actor = once.context, once.caller.name

    async def work(within: Within | None) -> tuple[list[Accepted], list[PyscraiError]]:
        done = await controls.request_many(context.services, body.run_ids, action, actor=actor, reason=body.reason,
                                           within=within)
        for accepted in done[0]:
            context.manager.wake(accepted.run_id, accepted.desired, share=actor,
                                 reason=body.reason or f"{actor} asks to {action}")
        return done

    def answer(done: tuple[list[Accepted], list[PyscraiError]]) -> dict[str, Any]:
        accepted, refused = done
        return {"action": action, "actor": actor, "accepted": [each.run_id for each in accepted], "refused": [
            {"run_id": error.details["run"], "code": error.code, "detail": error.message, "cure": error.cure}
            for error in refused]}

    return await once(202, work, answer)


async def _request(once: Once, run_id: str, action: Request, body: Reason | None) -> Response:
    reason, actor = body.reason if body else "", once.caller.name

    async def work(within: Within | None) -> Accepted:
        accepted = await controls.request(once.context.services, run_id, action, actor=actor, reason=reason,
                                          within=within)
        once.context.manager.wake(run_id, accepted.desired, share=actor, reason=reason or f"{actor} asks to {action}")
        return accepted

    return await once(202, work, asdict)


def _woken(context: Context, accepted: Accepted) -> Accepted:
    """Let a run that waited look at what has arrived."""
    if accepted.status == "waiting":
        context.manager.wake(accepted.run_id, accepted.desired, share=accepted.actor)
    return accepted
