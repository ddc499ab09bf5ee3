"""The model calls of one activation under its failure policy: the journal first, then tries, repairs, the fallback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple, TypeVar

from pyscrai.engines.agents.engine import Engine, Performance
from pyscrai.engines.calls.backoff import wait_before
from pyscrai.engines.calls.recorded_calls import (
    GIVEN_UP,
    MENDED,
    TOOL,
    RecordedCalls,
    model_error,
    question_of,
    recorded_fault,
)
from pyscrai.engines.calls.repair import as_taken_by, repair
from pyscrai.engines.calls.token_stream import TokenListener, TokenStream
from pyscrai.engines.place import Place
from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest, Usage, complete_within
from pyscrai.engines.ports.purse import Purse
from pyscrai.engines.ports.record import Attempt, CallRecord, Record, question_digest
from pyscrai.engines.state import UNPRICED
from pyscrai.engines.tools.consultation import use_now
from pyscrai.engines.tools.tool import Tool, ToolAnswer, ToolScene
from pyscrai.errors import ModelError, ModelTimeout, ReplyError, TryAgain
from pyscrai.events import Event, FlowWarning, ModelFellBack, ModelRetried, ReplyRepaired
from pyscrai.plain_text import storable

T = TypeVar("T")

UNREQUIRED = ("measure", "report")
"""Tasks without whose result a play goes on: what could not be had is stated and can be taken again."""


class _Asked(NamedTuple):
    """A question: what it is for, the request, and the hashes of the prompt templates in it."""

    purpose: str
    request: ModelRequest
    prompts: Mapping[str, str]


class _Failed(Exception):
    """A series of tries came to nothing; ``recalled`` is its last call where the journal gave it."""

    def __init__(self, error: ModelError | ReplyError, recalled: CallRecord | None) -> None:
        self.error, self.recalled = error, recalled


class ModelCaller:
    """The calls of one activation: an ``Ask``, and what they took.

    A recorded answer is used for the same question at the same place, once, and only if it was found usable. What
    failed is recorded and never given as an answer: whoever comes back to the question has it asked anew, with all the
    tries of its policy.
    """

    def __init__(self, engine: Engine, place: Place, record: Record, listener: TokenListener | None = None,
                 sleep: Callable[[float], Any] = asyncio.sleep, purse: Purse | None = None, *,
                 whole: ModelCaller | None = None) -> None:
        self.engine, self.place, self.record, self.sleep, self.purse = engine, place, record, sleep, purse
        self.notes: list[tuple[str, type[Event], dict[str, Any]]] = []
        """Events about how the calls went, each with its key."""
        self.purpose = ""
        """The purpose of the last question."""
        self.usage: dict[str, float] = {}
        self.seconds = 0.0
        self.used = Performance()
        """The uses of tools, as events and lines."""
        self._tokens = TokenStream(listener, engine.role, place.turn)
        self._recorded: RecordedCalls = RecordedCalls(record, place, whole._recorded if whole else None)
        self._earlier_notes = 0
        self._listener, self._whole = listener, whole
        self._apart: list[ModelCaller] = []

    async def __call__(self, request: ModelRequest, *, purpose: str, read: Callable[[ModelReply], T],
                       prompts: Mapping[str, str], speech: str | None = None, optional: bool = False) -> T:
        self.purpose = purpose
        if self._whole is not None:
            self._whole.purpose = purpose
        seed = request.seed
        unusable = 0
        while True:
            if seed is not None:
                # A seed of its own for every turn: with one for all, a small model falls into the same words again;
                # and another one after an unusable reply, or what failed would fail for ever.
                request = request.with_seed((seed + 7919 * self.place.turn + 104_729 * unusable) % 2**31)
            asked = _Asked(purpose, request, prompts)
            try:
                return await self._ask(asked, read, speech, optional=optional)
            except _Failed as failed:
                if failed.recalled is None or self._stays_failed(failed.recalled, asked):
                    raise failed.error from failed.error.__cause__
                unusable += isinstance(failed.error, ReplyError)

    def apart(self, name: str) -> ModelCaller:
        """The calls at a place of their own, made at the same time as others; they count as this activation's."""
        part = ModelCaller(self.engine, self.place.apart(name), self.record, self._listener, self.sleep, self.purse,
                           whole=self)
        self._apart.append(part)
        return part

    def holds(self, request: ModelRequest, *, purpose: str) -> bool:
        return self._recorded.holds(question_digest(purpose, request), purpose=purpose)

    async def use(self, tool: Tool, arguments: Mapping[str, Any], scene: ToolScene, *, longest: float) -> ToolAnswer:
        """Use a tool, or give the answer that the journal holds."""
        request = ModelRequest((Message("user", (json.dumps(dict(arguments), ensure_ascii=False),)),))
        alias = f"{TOOL}{tool.name}"
        question = question_of("tool", request, alias)
        call = self._recorded.take(question, purpose="tool", alias=alias)
        if call is None or call.reply is None:
            clock = asyncio.get_running_loop().time
            begun = clock()
            answer = await use_now(tool, arguments, scene, longest=longest)
            took = round((clock() - begun) * 1000, 1)
            call = CallRecord(self._recorded.next_key(), "tool", alias, request, ModelReply(
                json.dumps(asdict(answer), ensure_ascii=False, default=str), "stop", Usage(), "tool", took),
                question=question)
            self.record.note(call)
        assert call.reply is not None
        self.seconds += call.reply.latency_ms / 1000
        held = json.loads(call.reply.text)
        return ToolAnswer(**{**held, "audience": tuple(held["audience"])})

    def close(self) -> None:
        """Add what was asked apart, in the order in which it was asked, whichever answer came first.

        Recorded answers that nothing asked for are noted: the play has gone on otherwise since they were given.
        """
        for part in self._apart:
            part.close()
            self.notes += part.notes
            self.seconds += part.seconds
            for unit, amount in part.usage.items():
                self.usage[unit] = self.usage.get(unit, 0) + amount
        self._apart.clear()
        for call in self._recorded.unused():
            self._tell(call, recorded_fault(call) if (call.error or {}).get(MENDED) else None)
            if call.question is not None and call.answered:
                self._note(call, "unused", FlowWarning, message=(
                    f"a recorded answer of {self.engine.role} ({call.purpose}) is not used: "
                    "another question is asked in its place"))

    # -- one series of tries ------------------------------------------------------------------------------------------

    async def _ask(self, asked: _Asked, read: Callable[[ModelReply], T], speech: str | None, *, optional: bool
                   ) -> T:
        """Ask until there is a reply that can be read, or no repair is left."""
        repairs = self.engine.instance.failure.repairs
        while True:
            question = question_digest(asked.purpose, asked.request)
            recalled = self._recorded.take(question, purpose=asked.purpose)
            if recalled is None:
                call, error = await self._call(asked, question, speech)
            else:
                call, error = recalled, None
            reply = call.reply
            if reply is None:
                self._tell(call, None)
                raise _Failed(error or model_error(call), recalled)
            self._count(reply)
            fault = recorded_fault(call)
            try:
                value = read(reply)
            except ReplyError as found:
                fault = found
            except BaseException:
                self.record.note(call)
                raise
            poor = isinstance(fault, TryAgain)
            mends = (call.error or {}).get(MENDED, poor or repairs > 0)
            if recalled is None:
                if fault is not None:
                    call = replace(call, error=self._verdict(fault, mends=mends, optional=optional))
                self.record.note(call)
            self._tell(call, fault if mends else None)
            if fault is None:
                self._tell_if_cut(call, reply)
                return value
            self._tokens.take_back()
            if not mends:
                raise _Failed(fault, recalled)
            repairs -= not poor
            request = fault.again(asked.request) if isinstance(fault, TryAgain) else repair(asked.request, reply, fault)
            asked = asked._replace(request=request)

    def _stays_failed(self, call: CallRecord, asked: _Asked) -> bool:
        """Whether what failed when it was recorded is not asked anew: the play went on from it, or this is a replay."""
        if (call.error or {}).get(GIVEN_UP):
            return True
        if self._recorded.holds(question_digest(asked.purpose, asked.request), purpose=asked.purpose):
            return False
        return self.record.closed or self._recorded.any_after(call)

    def _verdict(self, fault: ReplyError, *, mends: bool, optional: bool) -> dict[str, Any]:
        if mends:
            return {**fault.as_dict(), MENDED: True}
        given_up = {GIVEN_UP: True} if optional or self._goes_on(fault) else {}
        return {**fault.as_dict(), MENDED: False, **given_up}

    def _goes_on(self, error: ModelError | ReplyError) -> bool:
        """Whether the play goes on without an answer, by the role's policy."""
        then = self.engine.policy(error)
        return then == "skip" or (self.place.task in UNREQUIRED and then != "pause")

    # -- one call -----------------------------------------------------------------------------------------------------

    async def _call(self, asked: _Asked, question: bytes, speech: str | None) -> tuple[CallRecord, ModelError | None]:
        key = self._recorded.next_key()
        if key.ordinal or (self._whole is not None and self._whole._recorded.begun):
            # What was answered before in this turn may be in this question: it must not be lost once this is asked.
            await self.record.commit(())
        if self.purse is not None:
            await self.purse.see_that_there_is_some()
        attempts: list[Attempt] = []
        models = (self.engine.model, self.engine.fallback) if self.engine.fallback else (self.engine.model,)
        failure: ModelError | None = None
        for model in models:
            reply, failure = await self._try(model, asked.request, speech, attempts)
            if reply is not None:
                return CallRecord(key, asked.purpose, model.alias, asked.request, reply, tuple(attempts), None,
                                  asked.prompts, question), None
        assert failure is not None
        error = {**failure.as_dict(), **({GIVEN_UP: True} if self._goes_on(failure) else {})}
        call = CallRecord(key, asked.purpose, model.alias, asked.request, None, tuple(attempts), error,
                          asked.prompts, question)
        self.record.note(call)
        return call, failure

    async def _try(self, model: ChatModel, request: ModelRequest, speech: str | None, attempts: list[Attempt]
                   ) -> tuple[ModelReply | None, ModelError | None]:
        policy = self.engine.instance.failure
        clock = asyncio.get_running_loop().time
        failure: ModelError | None = None
        for number in range(policy.retries + 1):
            begun = clock()
            try:
                self._tokens.begin()
                reply = await complete_within(model, policy.timeout, as_taken_by(model, request),
                                              self._tokens.of_a_try(speech))
                text = storable(reply.text)
                return (reply if text is reply.text else replace(reply, text=text)), None
            except TimeoutError:
                failure = ModelTimeout(f"{model.alias} did not answer within {policy.timeout:g} s")
            except ModelError as error:
                failure = error
            self._tokens.take_back()
            took = (clock() - begun) * 1000
            last = number == policy.retries or not failure.retryable
            wait = 0.0 if last else wait_before(policy.backoff, number, failure.retry_after)
            attempts.append(Attempt(model.alias, failure.code, failure.message, round(took, 1), round(wait * 1000, 1)))
            if last:
                break
            await self.sleep(wait)
        return None, failure

    def _count(self, reply: ModelReply) -> None:
        used = reply.usage
        for name, amount in (("tokens", used.prompt_tokens + used.completion_tokens), ("calls", 1),
                             ("cost_usd", used.cost_usd or 0.0)):
            self.usage[name] = self.usage.get(name, 0) + amount
        if used.cost_usd is None:
            self.usage[UNPRICED] = self.usage.get(UNPRICED, 0) + 1
        self.seconds += reply.latency_ms / 1000

    def _tell_if_cut(self, call: CallRecord, reply: ModelReply) -> None:
        """Note that what is used of a reply is not the whole of it; the script layout cuts by its own design."""
        if reply.cut_by is not None and (reply.cut_by != "length" or self.engine.model.layout != "script"):
            how = {"length": "at its bound of tokens", "content_filter": "by the endpoint's content filter"}
            self._note(call, "cut", FlowWarning, message=(
                f"the reply of {self.engine.role} ({call.purpose}) was cut off {how[reply.cut_by]}"))

    def _tell(self, call: CallRecord, repaired: ReplyError | None) -> None:
        """Note how a call went, the same when it is recalled as when it was made."""
        for number, attempt in enumerate(call.attempts, start=1):
            self._note(call, str(number - 1), ModelRetried, alias=attempt.alias, error=attempt.code,
                       message=attempt.message, attempt=number)
        if call.reply is not None and call.attempts and call.alias != call.attempts[0].alias:
            self._note(call, "fallback", ModelFellBack, alias=self.engine.model.alias, fallback=call.alias,
                       error=call.attempts[-1].code)
        if repaired is not None:
            self._note(call, "repaired", ReplyRepaired, problem=repaired.message)

    def _note(self, call: CallRecord, about: str, kind: type[Event], **fields: Any) -> None:
        caller = self if self._whole is None or call.key.task == self.place.label else self._whole
        if call.question is None:
            key = caller.place.earlier_note_key(caller._earlier_notes)
            caller._earlier_notes += 1
        else:
            key = caller.place.note_key(call.key.ordinal, about)
        self.notes.append((key, kind, {"source": self.engine.role, **fields}))
