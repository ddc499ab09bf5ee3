"""Interviews: an agent asked as of any turn, apart from the play."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Session
from pyscrai.databases.api.idempotency import Idempotent
from pyscrai.databases.api.schemas.base import Listing, RunId, problems
from pyscrai.databases.api.schemas.records import CallItem, InterviewAnswer, Question
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.exports.run_reader import call_facts
from pyscrai.services.interviews import PURPOSE, Interview, interview
from pyscrai.services.outside_events import Within

router = APIRouter(prefix="/runs/{run_id}", tags=["records"])


@router.post("/interviews", operation_id="interview_role", status_code=201, response_model=InterviewAnswer,
             responses=problems(404, 409, 502, 504))
async def interview_role(run_id: RunId, body: Question, once: Idempotent) -> Response:
    """Ask an agent something as of any turn. The run does not notice; the call is journaled apart.

    A model that does not answer within the server's `interview_timeout` gives 504.
    """
    services = once.context.services

    async def work(within: Within | None) -> Interview:
        return await interview(services, run_id, body.role, body.question, turn=body.turn, model=body.model,
                               longest=services.settings.server.interview_timeout, within=within)

    return await once(201, work, _answer)


def _answer(found: Interview) -> dict[str, Any]:
    usage = found.usage
    return {"run_id": found.run_id, "role": found.role, "turn": found.turn, "question": found.question,
            "answer": found.answer, "alias": found.alias, "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens, "cost_usd": usage.cost_usd}


@router.get("/interviews", operation_id="list_interviews", responses=problems(404))
async def list_interviews(run_id: RunId, session: Session, caller: Reader) -> Listing[CallItem]:
    """All interviews of a run, as the calls that they were."""
    await Runs(session).get(run_id)
    found = await Calls(session).read(run_id, purposes=[PURPOSE], inherited=False)
    return Listing[CallItem](items=[CallItem(**call_facts(stored)) for stored in found])
