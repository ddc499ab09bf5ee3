"""Asking a model under a failure policy: the journal first, then tries, retries, repair, and the fallback alias."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

from pyscrai.engines.agents.engine import Engine
from pyscrai.engines.calls.streamed_field import StreamedField
from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import Attempt, CallKey, CallRecord, Record
from pyscrai.engines.state import Activation
from pyscrai.engines.tools.consultation import use_now
from pyscrai.engines.tools.tool import Answer, Scene, Tool
from pyscrai.errors import LONGEST_RETRY, ModelError, ModelTimeout, ReplyError, TryAgain
from pyscrai.events import Event, ModelFellBack, ModelRetried, ReplyRepaired

T = TypeVar("T")

TokenListener = Callable[[str, int, str], None]
"""Called with role, turn and a piece of speech while it streams in."""

LONGEST_WAIT = 60.0
"""Seconds that a retry waits at most where the endpoint does not ask for more; it gets ``LONGEST_RETRY`` at most."""


class Asking:
    """The calls of one activation: an ``Ask``, and what they took.

    Each call has a place in the run (``CallKey``); one that the journal holds is not made again.
    """

    def __init__(self, engine: Engine, activation: Activation, record: Record, listener: TokenListener | None = None,
                 sleep: Callable[[float], Any] = asyncio.sleep) -> None:
        self.engine, self.activation, self.record = engine, activation, record
        self.listener, self.sleep = listener, sleep
        self.drafts: list[tuple[type[Event], dict[str, Any]]] = []
        self.usage: dict[str, float] = {}
        self.seconds = 0.0
        self._ordinal = 0

    async def __call__(self, request: ModelRequest, *, purpose: str, read: Callable[[ModelReply], T],
                       prompts: Mapping[str, str], speech: str | None = None) -> T:
        policy = self.engine.instance.failure
        if request.seed is not None:
            # A seed of its own for every turn: with one for all, a small model falls into the same words again.
            request = replace(request, seed=(request.seed + 7919 * self.activation["turn"]) % 2**31)
        repairs = policy.repairs
        while True:
            reply = await self._answer(request, purpose, prompts, speech)
            try:
                return read(reply)
            except ReplyError as error:
                if not isinstance(error, TryAgain):
                    if repairs == 0:
                        raise
                    repairs -= 1
                self._draft(ReplyRepaired, problem=error.message)
                request = error.again(request) if isinstance(error, TryAgain) else _repair(request, reply, error)

    async def use(self, tool: Tool, arguments: Mapping[str, Any], scene: Scene, *, longest: float) -> Answer:
        """Use a tool, or give the answer that the journal holds."""
        key = CallKey(self.activation["turn"], self.engine.role, self.activation["task"], self._ordinal)
        self._ordinal += 1
        call = self.record.recall(key)
        if call is None or call.reply is None:
            clock = asyncio.get_running_loop().time
            begun = clock()
            answer = await use_now(tool, arguments, scene, longest=longest)
            took = round((clock() - begun) * 1000, 1)
            asked = Message("user", (json.dumps(dict(arguments), ensure_ascii=False),))
            call = CallRecord(key, "tool", f"tool:{tool.name}", ModelRequest((asked,)), ModelReply(
                json.dumps(asdict(answer), ensure_ascii=False, default=str), "stop", Usage(), "tool", took))
            self.record.note(call)
        assert call.reply is not None
        self.seconds += call.reply.latency_ms / 1000
        held = json.loads(call.reply.text)
        return Answer(**{**held, "audience": tuple(held["audience"])})

    async def _answer(self, request: ModelRequest, purpose: str, prompts: Mapping[str, str], speech: str | None
                      ) -> ModelReply:
        key = CallKey(self.activation["turn"], self.engine.role, self.activation["task"], self._ordinal)
        self._ordinal += 1
        call = self.record.recall(key)
        if call is None or call.reply is None:
            earlier = call.attempts if call else ()
            call = await self._call(key, request, purpose, prompts, speech, earlier)
        self._tell(call)
        reply = call.reply
        assert reply is not None  # a call that failed for good has raised
        used = reply.usage
        for name, amount in (("tokens", used.prompt_tokens + used.completion_tokens), ("calls", 1),
                             ("cost_usd", used.cost_usd or 0.0)):
            self.usage[name] = self.usage.get(name, 0) + amount
        self.seconds += reply.latency_ms / 1000
        return reply

    async def _call(self, key: CallKey, request: ModelRequest, purpose: str, prompts: Mapping[str, str],
                    speech: str | None, earlier: tuple[Attempt, ...]) -> CallRecord:
        if key.ordinal:
            # What was answered before in this turn may be in this question: it must not be lost once this is asked.
            await self.record.commit(())
        attempts: list[Attempt] = list(earlier)
        models = [self.engine.model, *([self.engine.fallback] if self.engine.fallback else [])]
        failure: ModelError | None = None
        for model in models:
            reply, failure = await self._try(model, key, request, speech, attempts)
            if reply is not None:
                call = CallRecord(key, purpose, model.alias, request, reply, tuple(attempts), None, prompts)
                self.record.note(call)
                return call
        assert failure is not None
        call = CallRecord(key, purpose, models[-1].alias, request, None, tuple(attempts), failure.as_dict(), prompts)
        self.record.note(call)
        self._tell(call)
        raise failure

    async def _try(self, model: ChatModel, key: CallKey, request: ModelRequest, speech: str | None,
                   attempts: list[Attempt]) -> tuple[ModelReply | None, ModelError | None]:
        policy = self.engine.instance.failure
        clock = asyncio.get_running_loop().time
        failure: ModelError | None = None
        for number in range(policy.retries + 1):
            begun = clock()
            try:
                async with asyncio.timeout(policy.timeout):
                    return await model.complete(_for(model, request), self._streaming(key, speech)), None
            except TimeoutError:
                failure = ModelTimeout(f"{model.alias} did not answer within {policy.timeout:g} s")
            except ModelError as error:
                failure = error
            took = (clock() - begun) * 1000
            last = number == policy.retries or not failure.retryable
            wait = 0.0 if last else _wait(policy.backoff, number, failure.retry_after)
            attempts.append(Attempt(model.alias, failure.code, failure.message, round(took, 1), round(wait * 1000, 1)))
            if last:
                break
            await self.sleep(wait)
        return None, failure

    def _streaming(self, key: CallKey, speech: str | None) -> Callable[[str], None] | None:
        listener = self.listener
        if listener is None or speech is None:
            return None

        def emit(text: str) -> None:
            listener(key.role, key.turn, text)

        return StreamedField(speech, emit) if speech else emit

    def _tell(self, call: CallRecord) -> None:
        """Draft the events that the call's failed attempts are, the same when it is recalled as when it was made."""
        for number, attempt in enumerate(call.attempts, start=1):
            self._draft(ModelRetried, alias=attempt.alias, error=attempt.code, message=attempt.message, attempt=number)
        first = self.engine.model.alias
        if call.reply is not None and call.attempts and call.alias != call.attempts[0].alias:
            self._draft(ModelFellBack, alias=first, fallback=call.alias, error=call.attempts[-1].code)

    def _draft(self, kind: type[Event], **fields: Any) -> None:
        self.drafts.append((kind, {"source": self.engine.role, **fields}))


def _for(model: ChatModel, request: ModelRequest) -> ModelRequest:
    """The request as this model takes it: a prefill only where a model goes on from it."""
    return request if model.prefill else _asked_outright(request)


def _asked_outright(request: ModelRequest) -> ModelRequest:
    """The request without a prefill; what stood in it before the words to go on from is put to the model instead."""
    *front, last = request.messages
    if last.role != "assistant":
        return request
    *before, user = front
    return replace(request, messages=(*before, replace(user, parts=(*user.parts, *last.parts[:-1]))))


def _repair(request: ModelRequest, reply: ModelReply, error: ReplyError) -> ModelRequest:
    """The request with the unusable reply and what is wrong with it; an empty one is asked for again."""
    seed = None if request.seed is None else request.seed + 1
    if not reply.text.strip():
        return replace(request, seed=seed)
    asked = _asked_outright(request)
    return replace(asked, messages=(*asked.messages, Message("assistant", (reply.text,)), Message(
        "user", (f"That reply cannot be used: {error.message}. Answer again, with nothing but the corrected reply.",))))


def _wait(backoff: float, number: int, retry_after: float | None) -> float:
    """Seconds before the next try: exponential with jitter, at least what the endpoint asked for."""
    wait: float = backoff * 2.0 ** number * random.uniform(0.75, 1.25)
    return max(min(LONGEST_WAIT, wait), min(LONGEST_RETRY, retry_after or 0.0))
