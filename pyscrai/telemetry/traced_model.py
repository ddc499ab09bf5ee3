"""A model whose calls are traced and measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind

from pyscrai.config.settings import OPENAI_URL, ModelAlias
from pyscrai.engines.ports.model import ChatModel, Layout, ModelReply, ModelRequest
from pyscrai.errors import PyscraiError
from pyscrai.telemetry.telemetry import Telemetry

PROVIDERS = {"openai": "openai", "embedded": "llama.cpp", "scripted": "pyscrai.scripted"}


class TracedModel:
    """A ``ChatModel`` that tells of each request to the model inside; waiting for a slot is not part of it."""

    def __init__(self, inner: ChatModel, alias: ModelAlias, telemetry: Telemetry) -> None:
        self.inner, self._telemetry = inner, telemetry
        self.alias = inner.alias
        self.layout: Layout = inner.layout
        self.scripted = inner.scripted
        self.context_tokens = inner.context_tokens
        self.prefill = inner.prefill
        self.concurrency = inner.concurrency
        model = alias.model or alias.name
        self._name = f"chat {model}"
        self._about: dict[str, str | int] = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": PROVIDERS[alias.kind],
            "gen_ai.request.model": model}
        if alias.kind == "openai":
            url = urlsplit(alias.base_url or OPENAI_URL)
            self._about |= {"server.address": url.hostname or "",
                            "server.port": url.port or (443 if url.scheme == "https" else 80)}

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        begun, measured = perf_counter(), dict(self._about)
        with self._telemetry.span(self._name, {**self._about, **_asked(request), "pyscrai.alias": self.alias},
                                  kind=SpanKind.CLIENT) as span:
            try:
                reply = await self.inner.complete(request, on_token)
            except PyscraiError as error:
                measured["error.type"] = error.code
                raise
            else:
                self._tell(span, request, reply, measured)
                return reply
            finally:
                self._telemetry.durations.record(perf_counter() - begun, measured)

    def _tell(self, span: Span, request: ModelRequest, reply: ModelReply, measured: dict[str, str | int]) -> None:
        usage = reply.usage
        measured["gen_ai.response.model"] = reply.model
        span.set_attributes({
            "gen_ai.response.model": reply.model, "gen_ai.response.finish_reasons": [reply.finish_reason],
            "gen_ai.usage.input_tokens": usage.prompt_tokens, "gen_ai.usage.output_tokens": usage.completion_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens})
        if usage.cost_usd is not None:
            span.set_attribute("pyscrai.cost_usd", usage.cost_usd)
            self._telemetry.cost.add(usage.cost_usd, measured)
        for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            self._telemetry.tokens.record(count, {**measured, "gen_ai.token.type": kind})
        if self._telemetry.content:
            span.set_attributes({
                "gen_ai.input.messages": json.dumps(
                    [{"role": message.role, "parts": [{"type": "text", "content": message.content}]}
                     for message in request.messages], ensure_ascii=False),
                "gen_ai.output.messages": json.dumps(
                    [{"role": "assistant", "parts": [{"type": "text", "content": reply.text}],
                      "finish_reason": reply.finish_reason}], ensure_ascii=False)})


def _asked(request: ModelRequest) -> dict[str, str | int | float]:
    given = {"gen_ai.request.temperature": request.temperature, "gen_ai.request.top_p": request.top_p,
             "gen_ai.request.max_tokens": request.max_tokens, "gen_ai.request.seed": request.seed}
    return {"gen_ai.output.type": "json" if request.schema is not None else "text",
            **{name: value for name, value in given.items() if value is not None}}
