"""What a person answers for a role: checked, and put into the journal, where the waiting turn finds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.agents.person import ANSWER, check_answer
from pyscrai.engines.ports.model import ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import CallKey, CallRecord
from pyscrai.errors import RunError, WrongState
from pyscrai.factories.services import Services
from pyscrai.services.controls import check_fits, control_event
from pyscrai.services.outside_events import note_events
from pyscrai.services.run_states import waiting_requests


async def reply(services: Services, run_id: str, answer: Mapping[str, Any], *, actor: str, role: str | None = None
                ) -> None:
    """Answer the turn that a run waits for; durable when this returns.

    Args:
        answer: ``text``, and what else the request's schema asks for; ``next`` for a moderator.
        role: who is played; may be left out where the run waits for one role alone.

    Raises:
        NotFound: there is no such run.
        WrongState: the run does not wait, not for this role, or was answered otherwise already.
        RunError: the answer does not fit what is asked; the message says where.
    """
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
    check_fits(row, "reply")
    request = choose(run_id, await waiting_requests(services, run_id), role)
    check_answer(answer, request)
    key = CallKey(request["turn"], request["role"], request["task"], ANSWER)
    async with services.database.read() as session:
        earlier = await Calls(session).read(run_id, roles=[key.role], from_turn=key.turn, to_turn=key.turn,
                                            inherited=False)
    given = next((stored.call for stored in earlier if stored.call.key == key), None)
    if given is not None and given.reply is not None:
        if json.loads(given.reply.text) != dict(answer):
            raise WrongState(f"turn {key.turn} of {key.role} was answered already", cure="wait for the next turn")
    else:
        call = CallRecord(key, "human", f"person:{actor}", ModelRequest(()), ModelReply(
            json.dumps(dict(answer), ensure_ascii=False), "stop", Usage(), "person", 0.0))
        await note_events(services, run_id, [control_event(row, "reply", actor, {
            "role": key.role, "turn": key.turn})], [call])
    async with services.database.session() as session:
        await Runs(session).desire(run_id, "run")


def choose(run_id: str, requests: Sequence[Mapping[str, Any]], role: str | None) -> Mapping[str, Any]:
    """The request that an answer is for.

    Raises:
        WrongState: there is none for this role, or several and no role is named.
    """
    fitting = [request for request in requests if role in (None, request["role"])]
    if len(fitting) == 1:
        return fitting[0]
    asked = ", ".join(request["role"] for request in requests)
    if not fitting:
        raise WrongState(f"{run_id} does not wait for {role or 'anybody'}",
                         cure=f"it waits for {asked}" if asked else "wait for its status to be `waiting`")
    raise RunError(f"{run_id} waits for several roles", code="run.answer", cure=f"name one of {asked}")
