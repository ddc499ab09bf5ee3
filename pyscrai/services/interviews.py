"""Interviews: an agent is asked as of any turn, from what its role knew then. The run does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pyscrai.databases.repositories.calls import Calls, StoredCall
from pyscrai.databases.repositories.runs import Runs
from pyscrai.did_you_mean import instead
from pyscrai.engines.calls.speech import clean
from pyscrai.engines.memory.memory import split
from pyscrai.engines.place import Place
from pyscrai.engines.ports.model import ChatModel, ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.view import view
from pyscrai.errors import ModelTimeout, NotFound, ReplyError
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.services import Services
from pyscrai.services.outside_events import Within, change_runs
from pyscrai.services.run_states import moment

PURPOSE = "interview"


@dataclass(frozen=True, slots=True)
class Interview:
    """A question and what the agent answered."""

    run_id: str
    role: str
    turn: int
    question: str
    answer: str
    alias: str
    usage: Usage


async def interview(services: Services, run_id: str, role: str, question: str, *, turn: int | None = None,
                    model: str | None = None, longest: float | None = None, within: Within | None = None
                    ) -> Interview:
    """Ask an agent; the call is journaled apart from those of the play.

    Args:
        turn: as of which turn; None for now.
        model: the alias to answer with, if not the role's own.
        longest: seconds that the model may take; None for as long as its alias allows.
        within: what else is stored in the transaction that journals the call, given the interview.

    Raises:
        NotFound: there is no such run, turn or role.
        ModelError: the model did not answer.
    """
    at = await moment(services, run_id, turn)
    instance = at.plan.cast.get(role)
    if instance is None:
        raise NotFound(f"{run_id} has no role {role!r}", cure=instead(role, at.plan.cast), role=role)
    chat = await services.models.get(model or instance.model)
    engine = create_agent_engine(instance.model_copy(update={"tools": ()}), at.plan, chat)
    seen = view(at.plan, at.values, role)
    _, lines = split(seen.lines, instance.memory.window, instance.memory.block)
    messages, prompts = engine.messages(PURPOSE, seen, lines=lines, question=question)
    request = engine.request(messages)
    reply = await _complete(chat, request, longest, role=role)
    try:
        answer = clean(reply.text, name=instance.name, others=(), max_sentences=None)
    except ReplyError:
        answer = reply.text.strip()     # it was paid, and silence is an answer too
    done = Interview(run_id, role, at.turn, question, answer, chat.alias, reply.usage)
    async with change_runs(services) as changes:
        await Runs(changes.session).get(run_id, lock=True)
        earlier = await _asked(Calls(changes.session), run_id, role, at.turn)
        key = Place(at.turn, role, PURPOSE).call(len(earlier))
        await changes.record(run_id, [], [CallRecord(key, PURPOSE, chat.alias, request, reply, prompts=prompts)])
        if within is not None:
            await within(changes.session, done)
    return done


async def _complete(chat: ChatModel, request: ModelRequest, longest: float | None, *, role: str) -> ModelReply:
    try:
        async with asyncio.timeout(longest):
            return await chat.complete(request)
    except TimeoutError:
        raise ModelTimeout(f"{chat.alias} was asked once to answer for {role} and did not within {longest:g} s",
                           cure="try again, name another model, or raise server.interview_timeout", alias=chat.alias,
                           role=role, seconds=longest) from None


async def _asked(calls: Calls, run_id: str, role: str, turn: int) -> Sequence[StoredCall]:
    return await calls.read(run_id, roles=[role], purposes=[PURPOSE], from_turn=turn, to_turn=turn, inherited=False)
