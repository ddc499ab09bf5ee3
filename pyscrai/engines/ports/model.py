"""The chat model as the engines need it: a Protocol that they own, and the plain data that crosses it.

Nothing here knows an HTTP client or a model's SDK: adapters live in ``pyscrai.llm``, a double in
``pyscrai.llm.scripted.model``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol, cast, runtime_checkable

Layout = Literal["instruct", "script"]
"""The layout of a prompt: ``instruct`` for large hosted models, ``script`` for small ones."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a model request; its content is ``parts`` joined without a separator.

    The parts exist so that the record can store each of them once: a transcript is a part per line.
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[str, ...]

    @property
    def content(self) -> str:
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. None means the alias's own setting.

    A last message of the role ``assistant`` is a prefill: the reply goes on from it, and
    ``ModelReply.text`` does not repeat it. ``schema`` is a JSON Schema that the reply must satisfy.
    """

    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    schema: Mapping[str, Any] | None = None

    def with_seed(self, seed: int) -> ModelRequest:
        """The request with another seed."""
        return ModelRequest(self.messages, self.temperature, self.top_p, self.max_tokens, self.stop, seed, self.schema)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money that calls took; ``cached_tokens`` is the part of ``prompt_tokens`` served from a cache.

    ``cost_usd`` is None where no price is known.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The reply of a model: its text, why it stopped, what it took, and the raw answer for the record.

    ``finish_reason`` is ``stop``, ``length``, ``content_filter`` or ``tool_calls`` where the endpoint says one of these
    in any spelling, else its own word.
    """

    text: str
    finish_reason: str
    usage: Usage
    model: str
    latency_ms: float
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cut_by(self) -> Literal["length", "content_filter"] | None:
        """The cause that ended the text before its own end, if any did."""
        if self.finish_reason == "length":
            return "length"
        return "content_filter" if self.finish_reason == "content_filter" else None


class ChatModel(Protocol):
    """A model alias made usable: one per alias and process, shared by all roles and runs."""

    alias: str
    layout: Layout
    scripted: bool
    context_tokens: int | None
    """Context length in tokens where it is known."""
    prefill: bool
    """Whether a trailing assistant message is continued (llama.cpp does, OpenAI does not)."""
    concurrency: int | None
    """The number of calls that it makes at the same time; further ones wait. None where there is no bound."""

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        """Ask once, without a retry.

        Args:
            on_token: called with each piece of text as it comes; asking for it makes the call a streaming one. Where
                it has a method ``take_back()``, that is called when what was shown so far is no part of the reply (it
                was reasoning, or an empty try is made again). What it raises never reaches the call.

        Raises:
            ModelError: in one of its kinds; ``retryable`` and ``retry_after`` say what may help.
        """
        ...


@runtime_checkable
class TimedModel(Protocol):
    """A ``ChatModel`` that keeps the time of a call itself, as one does whose calls wait for their turn."""

    async def complete_within(self, seconds: float | None, request: ModelRequest,
                              on_token: Callable[[str], None] | None = None) -> ModelReply:
        """Ask as ``complete`` does; ``seconds`` count from the request's start.

        Raises:
            TimeoutError: there was no answer in that time.
        """
        ...


def complete_within(model: ChatModel, seconds: float | None, request: ModelRequest,
                    on_token: Callable[[str], None] | None = None) -> Coroutine[Any, Any, ModelReply]:
    """Ask a model, for so many seconds from the request's start at most.

    Raises: as ``ChatModel.complete``.
        TimeoutError: there was no answer in that time.
    """
    if _keeps_time(type(model)):
        return cast(TimedModel, model).complete_within(seconds, request, on_token)
    return _timed(model, seconds, request, on_token)


async def _timed(model: ChatModel, seconds: float | None, request: ModelRequest, on_token: Callable[[str], None] | None
                 ) -> ModelReply:
    async with asyncio.timeout(seconds):
        return await model.complete(request, on_token)


@cache
def _keeps_time(kind: type[ChatModel]) -> bool:
    """Whether the models of a class are such; to look for the methods of a Protocol takes its time."""
    return issubclass(kind, TimedModel)
