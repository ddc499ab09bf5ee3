"""A person's reply for a role: checked, and put into the journal, where the turn that waits for it finds it.

The one way for every front end. Of several replies to one turn the first counts; the others are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.agents.approval import TASK as APPROVAL
from pyscrai.engines.agents.approval import about_proposal
from pyscrai.engines.agents.person import check_answer
from pyscrai.engines.agents.questions import answer_key
from pyscrai.engines.ports.model import ModelReply, Usage
from pyscrai.engines.ports.record import CallKey, CallRecord
from pyscrai.errors import RunError, WrongState
from pyscrai.factories.services import Services
from pyscrai.lifecycle import answered, check_fits
from pyscrai.plain_text import storable_json
from pyscrai.services.controls import Accepted, control_event
from pyscrai.services.outside_events import Within, change_runs
from pyscrai.services.run_states import waiting_requests

PASS: Mapping[str, Any] = {"release": True}
"""The reply with which a person lets the role's model play this one turn."""


async def reply(services: Services, run_id: str, answer: Mapping[str, Any], *, actor: str, role: str | None = None,
                seat: str | None = None, wake: bool = True, within: Within | None = None) -> Accepted:
    """Reply to the turn that a run waits for; durable when this returns.

    Args:
        answer: ``text``, and what else the request's schema asks for; ``next`` for a moderator; or ``PASS``.
        role: who is played, or whose proposal is decided about; may be left out where the run waits for one role
            alone.
        seat: the role at whose seat the person sits, who can answer nothing else than what is asked there.
        wake: let whoever plays runs here go on with it; False where the front end itself does.
        within: what else is stored in the same transaction, given the accepted reply.

    Raises:
        NotFound: there is no such run.
        WrongState: the run does not wait, not for this role, or got another reply already.
        RunError: the answer does not fit what is asked; the message says where.
    """
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
    check_fits(run_id, row.status, row.desired, "reply")
    requests = await waiting_requests(services, run_id)
    if seat is not None:
        requests = asked_at(seat, requests)
        role = role or next((request["role"] for request in requests), seat)
    asked = choose(run_id, requests, role)
    try:
        answer = storable_json(dict(answer))
    except ValueError as error:
        raise RunError(f"the answer is {error}", cure="send plain fields") from None
    if dict(answer) != PASS:
        check_answer(answer, asked)
    call = reply_call(asked, answer, actor)
    async with change_runs(services) as changes:
        row = await Runs(changes.session).get(run_id, lock=True)
        check_fits(run_id, row.status, row.desired, "reply")
        given = await _given(Calls(changes.session), run_id, call.key)
        if given is None:
            await changes.record(run_id, [control_event(row, "reply", actor, {
                "role": call.key.role, "turn": call.key.turn})], [call])
        elif given != dict(answer):
            raise WrongState(f"turn {call.key.turn} of {call.key.role} was answered already",
                             cure="wait for the next turn", code="run.answered")
        if wake:
            row.desired = answered(row.desired)
        accepted = Accepted(run_id, "reply", actor, row.status, row.desired)
        if within is not None:
            await within(changes.session, accepted)
    return accepted


def reply_call(asked: Mapping[str, Any], answer: Mapping[str, Any], actor: str) -> CallRecord:
    """A person's reply as the journal keeps it: at the place of the turn that asked."""
    return CallRecord(answer_key(asked), "human", f"person:{actor}", about_proposal(asked), ModelReply(
        json.dumps(dict(answer), ensure_ascii=False), "stop", Usage(), "person", 0.0))


async def _given(calls: Calls, run_id: str, key: CallKey) -> Mapping[str, Any] | None:
    """The reply that was given at this place before, if any was."""
    found = await calls.read(run_id, roles=[key.role], from_turn=key.turn, to_turn=key.turn, inherited=False)
    earlier = next((stored.call for stored in found if stored.call.key == key), None)
    if earlier is None or earlier.reply is None:
        return None
    given: Mapping[str, Any] = json.loads(earlier.reply.text)
    return given


def asked_at(seat: str, requests: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The requests to whoever sits at a role's seat: its own turn first, then proposals that it decides about.

    A proposal that anybody may decide about is shown at no seat: it may be a whisper to somebody else.
    """
    def at_seat(request: Mapping[str, Any]) -> bool:
        return bool((request.get("by") if request["task"] == APPROVAL else request["role"]) == seat)

    return sorted(filter(at_seat, requests), key=lambda request: bool(request["task"] == APPROVAL))


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
