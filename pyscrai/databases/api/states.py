"""A run's states: what changed in a turn, and what a role knew at it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Ctx, Session
from pyscrai.databases.api.schemas.base import RolePath, RunId, TurnPath, TurnQuery, problems
from pyscrai.databases.api.schemas.records import RoleView, StateView
from pyscrai.databases.repositories.events import Events
from pyscrai.did_you_mean import instead
from pyscrai.engines.view import seen_variables
from pyscrai.errors import NotFound
from pyscrai.services.run_states import difference, moment, moment_before

router = APIRouter(prefix="/runs/{run_id}", tags=["records"])


@router.get("/states/{turn}", operation_id="read_state", response_model=StateView, responses=problems(404))
async def read_state(run_id: RunId, turn: TurnPath, context: Ctx, caller: Reader) -> Response:
    """The graph's state after a turn, and how it differs from the state before it, or before its round."""
    at = await moment(context.services, run_id, turn)
    before = await moment_before(context.services, run_id, turn)
    return JSONResponse({"run_id": run_id, "turn": turn, "state": _plain(at.values), "changed": None if before is None
                         else _plain(difference(before.values, at.values))})


@router.get("/roles/{role}/view", operation_id="read_view", response_model=RoleView, responses=problems(404))
async def read_view(run_id: RunId, role: RolePath, context: Ctx, session: Session, caller: Reader,
                    turn: TurnQuery = None) -> Response:
    """A role's knowledge at a turn, and nothing else: the events that it heard, its memory, the variables it sees."""
    at = await moment(context.services, run_id, turn)
    instance = at.plan.cast.get(role)
    if instance is None:
        raise NotFound(f"{run_id} has no role {role!r}", cure=instead(role, at.plan.cast))
    events = await Events(session).read(run_id, heard_by=role, to_turn=at.turn)
    memory = (at.values.get("memory") or {}).get(role) or {}
    return JSONResponse({
        "run_id": run_id, "role": role, "turn": at.turn, "secret": instance.secret,
        "summary": memory.get("summary", ""), "memory": _plain(memory),
        "variables": seen_variables(at.plan, at.values, role),
        "events": [event.as_dict() for event in events]})


def _plain(value: Any) -> Any:
    """JSON-plain data: tuples and mappings of the state as lists and objects."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
