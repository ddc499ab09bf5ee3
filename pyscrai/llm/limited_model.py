"""An alias's limits, kept at call time: calls at once and calls a minute, of this process or its part of a fleet's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import ChatModel, Layout, ModelReply, ModelRequest, complete_within
from pyscrai.errors import ModelRateLimited
from pyscrai.llm.slots import Slots, Window

ABSORBED = 12
"""How often a call that the endpoint refuses for its rate is made again without its role's retries being used."""

USUAL = 256
"""Tokens of a reply to a request that bounds them not, until it is known."""

LONGEST = 20.0
"""Seconds between two of these tries at most, where the endpoint says nothing."""


class LimitedModel:
    """A ``ChatModel`` that waits for its turn before it asks the model inside.

    Where limits are shared with other processes, the endpoint's 429 answers are told to all of them, and are waited out
    here: they are no fault of the role whose call met one.
    """

    def __init__(self, inner: ChatModel, *, concurrency: int | None, requests_per_minute: int | None,
                 tokens_per_minute: int | None = None, own: bool = False) -> None:
        self.inner = inner
        self.alias = inner.alias
        self.layout: Layout = inner.layout
        self.scripted = inner.scripted
        self.context_tokens = inner.context_tokens
        self.prefill = inner.prefill
        self.concurrency, self.requests_per_minute = concurrency, requests_per_minute
        self.slots = Slots(concurrency)
        self.window = Window(requests_per_minute) if requests_per_minute else None
        self.tokens_per_minute = tokens_per_minute
        self.tokens = Window(tokens_per_minute) if tokens_per_minute else None
        self.own = own
        """Whether the model is this process's alone, and its limits nobody else's."""
        self.shared = False
        self.refused = 0
        """Answers of 429 that were not told to the other processes yet."""

    @property
    def wanted(self) -> int:
        """The number of calls that there would be now without a bound."""
        return self.slots.wanted + self._at_windows

    def demand(self) -> int:
        """The most calls that were wanted at once since the last time that this was asked."""
        return self.slots.demand() + self._at_windows

    @property
    def _at_windows(self) -> int:
        return sum(window.waiting for window in (self.window, self.tokens) if window is not None)

    def give(self, share: float) -> None:
        """Bound requests and tokens a minute by a part of what the alias allows."""
        if self.window is not None and self.requests_per_minute is not None:
            self.window.limit = self.requests_per_minute * share
        if self.tokens is not None and self.tokens_per_minute is not None:
            self.tokens.limit = self.tokens_per_minute * share

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        return await self.complete_within(None, request, on_token)

    async def complete_within(self, seconds: float | None, request: ModelRequest,
                              on_token: Callable[[str], None] | None = None) -> ModelReply:
        """Ask; ``seconds`` count from the request's start, and not while the call waits for its turn.

        Raises: as ``complete``.
            TimeoutError: there was no answer in that time.
        """
        for number in range(ABSORBED + 1):
            try:
                return await self._once(seconds, request, on_token)
            except ModelRateLimited as error:
                self.refused += 1
                self.slots.wants.set()
                if not self.shared or number == ABSORBED:
                    raise
                wait = error.retry_after if error.retry_after is not None else min(0.5 * 2**number, LONGEST)
                await asyncio.sleep(wait * random.uniform(1.0, 1.3))
        raise AssertionError("unreachable")

    async def _once(self, seconds: float | None, request: ModelRequest, on_token: Callable[[str], None] | None
                    ) -> ModelReply:
        if self.window is not None:
            await self.window.take()
        if self.tokens is None:
            async with self.slots:
                return await complete_within(self.inner, seconds, request, on_token)
        took, taken = 0, await self.tokens.take(_guess(request))
        try:
            async with self.slots:
                reply = await complete_within(self.inner, seconds, request, on_token)
            took = reply.usage.prompt_tokens + reply.usage.completion_tokens
            return reply
        finally:
            self.tokens.settle(taken, took)


def _guess(request: ModelRequest) -> int:
    """A guess of the tokens that a request takes: one for four characters of prompt, and the longest reply allowed."""
    return sum(len(message.content) for message in request.messages) // 4 + (request.max_tokens or USUAL)


def limited(model: ChatModel, alias: ModelAlias) -> ChatModel:
    """The model with the alias's limits; a scripted model without any stays itself."""
    concurrency = alias.concurrency
    if concurrency is None and alias.kind == "embedded":
        # More would wait inside the server, and waiting there counts against the call's timeout.
        concurrency = alias.parallel
    bounds = (concurrency, alias.requests_per_minute, alias.tokens_per_minute)
    if alias.kind == "scripted" and bounds == (None, None, None):
        return model
    return LimitedModel(model, concurrency=concurrency, requests_per_minute=alias.requests_per_minute,
                        tokens_per_minute=alias.tokens_per_minute, own=alias.kind != "openai")
