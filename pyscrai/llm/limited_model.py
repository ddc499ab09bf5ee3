"""An alias's limits, kept at call time: calls at once and calls a minute, for this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import ChatModel, Layout, ModelReply, ModelRequest


class LimitedModel:
    """A ``ChatModel`` that waits for its turn before it asks the model inside."""

    def __init__(self, inner: ChatModel, *, concurrency: int | None, requests_per_minute: int | None) -> None:
        self.inner = inner
        self.alias = inner.alias
        self.layout: Layout = inner.layout
        self.scripted = inner.scripted
        self.context_tokens = inner.context_tokens
        self.prefill = inner.prefill
        self._slots = asyncio.Semaphore(concurrency) if concurrency else None
        if requests_per_minute:
            from pyrate_limiter import Duration, Limiter, Rate  # takes 0.1 s, which only a rate is worth

            limiter = Limiter(Rate(requests_per_minute, Duration.MINUTE))
            self._limiter: Limiter | None = limiter
        else:
            self._limiter = None

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        async with self._turn():
            return await self.inner.complete(request, on_token)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._limiter is not None:
            await self._limiter.try_acquire_async(self.alias)
        if self._slots is None:
            yield
        else:
            async with self._slots:
                yield


def limited(model: ChatModel, alias: ModelAlias) -> ChatModel:
    """The model with the alias's limits; the model itself where it has none."""
    concurrency = alias.concurrency
    if concurrency is None and alias.kind == "embedded":
        # More would wait inside the server, and waiting there counts against the call's timeout.
        concurrency = alias.parallel
    if concurrency is None and alias.requests_per_minute is None:
        return model
    return LimitedModel(model, concurrency=concurrency, requests_per_minute=alias.requests_per_minute)
