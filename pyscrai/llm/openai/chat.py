"""A ``ChatModel`` over ``langchain_openai.ChatOpenAI``: the only module that imports it, and slow to import (1.2 s)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables.config import var_child_runnable_config
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import Layout, Message, ModelReply, ModelRequest, Usage
from pyscrai.errors import ModelRefused, ModelReplyMalformed, ModelThoughtOnly, ModelTimeout
from pyscrai.llm import prices
from pyscrai.llm.openai import schema_binding
from pyscrai.llm.openai.client import CURRENT, Client, Endpoint
from pyscrai.llm.openai.completion import Completion
from pyscrai.llm.openai.cures import BOUNDS
from pyscrai.llm.openai.reply_text import unfenced
from pyscrai.llm.openai.stream import CallInFlight
from pyscrai.llm.reasoning_models import THINKING_TOKENS, thinking_tokens
from pyscrai.redaction import public_url

_MESSAGES: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}

_DEVELOPED = re.compile(r"o\d")
"""Names of models for which ChatOpenAI calls the system message the developer's."""

_LIST_WITHIN = 20.0
"""Seconds for the list of models."""


class LeanChatOpenAI(ChatOpenAI):
    """ChatOpenAI without the thread hop and response wrapping of its own ``_agenerate``."""

    def frame(self) -> dict[str, Any]:
        """The fields of every request beside its messages and its own parameters."""
        return self._default_params

    async def _agenerate(self, messages: list[BaseMessage], stop: list[str] | None = None,
                         run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any) -> ChatResult:
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        return self._create_chat_result(await self.async_client.create(**payload))


class OpenAIChat:
    """One model alias behind an OpenAI-compatible endpoint; see ``pyscrai.engines.ports.model.ChatModel``."""

    scripted = False
    concurrency: int | None = None

    def __init__(self, alias: ModelAlias, endpoint: Endpoint) -> None:
        self.alias = endpoint.alias
        self.layout: Layout = alias.layout
        self.context_tokens = alias.context_tokens
        self.prefill = alias.prefill
        self.client = Client(endpoint)
        self._settings = alias
        self._priced = True
        self._room = thinking_tokens(alias)
        self._is_bounded = alias.omit.isdisjoint(BOUNDS)
        self._fixed: dict[str, Any] = {
            name: value for name in ("temperature", "top_p") if (value := getattr(alias, name)) is not None
        }
        self._extra = dict(alias.extra_body)
        if alias.reproducible and "cache_prompt" not in alias.omit:
            self._extra.setdefault("cache_prompt", False)
        # The key stays in the client; ChatOpenAI would otherwise look for one in the environment and build SDK clients.
        self._chat = LeanChatOpenAI(
            model_name=alias.model, openai_api_base=endpoint.base_url, openai_api_key=SecretStr("held-by-the-client"),
            max_retries=0, client=self.client, async_client=self.client, root_async_client=self.client,
            use_responses_api=False, stream_usage=True, stream_chunk_timeout=None, cache=False,
        )
        self._frame = self._chat.frame()
        developed = alias.system == "developer" or _DEVELOPED.match(alias.model)
        self._roles = {"system": "developer" if developed else "system", "user": "user", "assistant": "assistant"}

    def __repr__(self) -> str:
        return f"OpenAIChat({self.alias!r}, {public_url(self.client.endpoint.base_url)!r}, {self._settings.model!r})"

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        return await self.complete_within(None, request, on_token)

    async def complete_within(self, seconds: float | None, request: ModelRequest,
                              on_token: Callable[[str], None] | None = None) -> ModelReply:
        bound = self._bound(request)
        started = time.perf_counter()
        is_own = seconds is None or self._settings.timeout < seconds
        try:
            async with asyncio.timeout(self._settings.timeout if is_own else seconds):
                tries = [await self._ask(request, bound, on_token)]
                if _is_starved(tries[0]) and bound is not None and (room := self._more_room(bound)) > self._room:
                    self._room = room  # also for later calls: each would have to be made twice
                    tries.append(await self._ask(request, bound, on_token))
        except TimeoutError:
            if not is_own:
                raise
            raise ModelTimeout(f"{self.alias}: no whole answer within {self._settings.timeout:g} s", alias=self.alias,
                               cure="a larger `timeout` in the alias, or a smaller max_tokens") from None
        return self._reply(tries, request, (time.perf_counter() - started) * 1000)

    async def listed(self) -> bool | None:
        """Whether the endpoint's list of models has this one; None where it keeps no list.

        Raises:
            ModelError: the endpoint cannot be reached or refuses the key.
        """
        try:
            async with asyncio.timeout(min(self._settings.timeout, _LIST_WITHIN)):
                data = await self.client.get("models")
        except TimeoutError:
            raise ModelTimeout(f"{self.alias}: no list of models within {_LIST_WITHIN:g} s", alias=self.alias) from None
        except (ModelRefused, ModelReplyMalformed) as error:
            if error.details.get("status") in (401, 403):
                raise
            return None
        models = data.get("data")
        if not isinstance(models, list):
            return None
        self.known_models = tuple(str(each["id"]) for each in models if isinstance(each, dict) and each.get("id"))
        own = self._settings.model
        return any(isinstance(each, dict) and each.get("id") in (own, f"models/{own}", f"{own}:latest")
                   for each in models)  # as Google and Ollama name them in full

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.aclose()

    async def _ask(self, request: ModelRequest, bound: int | None, on_token: Callable[[str], None] | None
                   ) -> Completion:
        messages, arguments, extra = self._asked(request)
        if bound is not None:
            arguments["max_tokens"] = bound + self._room
        last = request.messages[-1] if request.messages else None
        prefix = last.content if last is not None and last.role == "assistant" else ""
        call = CallInFlight(on_token=on_token, prefix=prefix)
        if not _watched():  # Nobody listens: the same request, without message objects and callbacks (0.9 ms a call).
            payload = {**self._frame, **arguments}
            if request.stop:
                payload["stop"] = request.stop
            payload["messages"] = [{"content": message.content, "role": self._roles[message.role]}
                                   for message in messages]
            return await self.client.complete(call, payload, extra)
        if extra:
            arguments["extra_body"] = extra
        token = CURRENT.set(call)
        try:  # LangGraph's `messages` streaming, tracing: they listen through LangChain's callbacks
            await self._chat.ainvoke([self._message(message) for message in messages], stop=list(request.stop) or None,
                                     **arguments)
        finally:
            CURRENT.reset(token)
        assert call.completion is not None  # the client leaves it there, or raises
        return call.completion

    def _bound(self, request: ModelRequest) -> int | None:
        """The bound on the reply's own tokens; None where none is sent."""
        if not self._is_bounded:
            return None
        return request.max_tokens if request.max_tokens is not None else self._settings.max_tokens

    def _more_room(self, bound: int) -> int:
        """The room for reasoning in a second try, after a first one in which nothing was left for the reply."""
        if self._settings.kind != "openai":
            return 0
        room = max(THINKING_TOKENS, 2 * (bound + self._room))
        return min(room, self.context_tokens // 2) if self.context_tokens else room

    def _asked(self, request: ModelRequest) -> tuple[tuple[Message, ...], dict[str, Any], dict[str, Any]]:
        """The messages, the fields of the request beside them, and those that only this endpoint knows."""
        arguments = dict(self._fixed)
        if request.temperature is not None:
            arguments["temperature"] = request.temperature
        if request.top_p is not None:
            arguments["top_p"] = request.top_p
        if request.seed is not None:
            arguments["seed"] = request.seed
        extra, appendix = self._extra, ""
        if request.schema is not None:
            fields, appendix = schema_binding.binding(request.schema, self._settings.structured)
            extra = {**{name: value for name, value in fields.items() if name not in self._settings.omit}, **extra}
        asked = request.messages
        if appendix:
            asked = _appended(asked, appendix)
        if self._settings.system == "user":
            asked = _without_system(asked)
        return asked, arguments, extra

    def _message(self, message: Message) -> BaseMessage:
        if message.role == "system" and self._settings.system == "developer":
            return SystemMessage(content=message.content, additional_kwargs={"__openai_role__": "developer"})
        return _MESSAGES[message.role](content=message.content)

    def _reply(self, tries: list[Completion], request: ModelRequest, latency: float) -> ModelReply:
        done = tries[-1]
        usage = self._usage(tries)
        if done.thought and not done.text.strip():
            raise ModelThoughtOnly(
                f"{self.alias}: the model spent its {usage.completion_tokens or ''} tokens on thinking and said nothing"
                .replace("  ", " "), alias=self.alias, finish_reason=done.finish_reason,
                cure=f"a larger `thinking_tokens` in the alias than {self._room}, or less thinking, for instance with "
                     'extra_body = {reasoning_effort = "low"}')
        raw = done.raw
        if len(tries) > 1:
            raw = {**raw, "first_try": {"finish_reason": tries[0].finish_reason, "usage": tries[0].raw.get("usage")}}
        return ModelReply(
            text=done.text if request.schema is None else unfenced(done.text), finish_reason=done.finish_reason,
            usage=usage, model=done.model or self._settings.model, latency_ms=latency, raw=raw)

    def _usage(self, tries: list[Completion]) -> Usage:
        prompt = cached = completion = 0
        billed: float | None = 0.0
        is_known = True
        for each in tries:
            counts = each.counts
            prompt += counts.prompt or 0
            cached += counts.cached
            completion += counts.completion or 0
            billed = None if billed is None or counts.billed is None else billed + counts.billed
            is_known = is_known and counts.is_known
        usage = Usage(prompt, cached, completion)
        if not self._priced and billed is None:
            return usage  # looking a model up in vain would take longer than the rest of the call
        cost = prices.cost(self._settings, usage if is_known else None, billed=billed)
        if is_known and billed is None:
            self._priced = cost is not None
        return Usage(prompt, cached, completion, cost)


def _is_starved(done: Completion) -> bool:
    """Whether the bound was used up before the reply began."""
    return done.finish_reason == "length" and not done.text.strip()


def _watched() -> bool:
    """Whether callback handlers listen in the surrounding LangChain context."""
    config: Mapping[str, Any] | None = var_child_runnable_config.get()
    callbacks = config.get("callbacks") if config else None
    return bool(getattr(callbacks, "handlers", callbacks))


def _appended(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """The messages with ``text`` at the end of the last one from the user, so that the front stays the same."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role == "user":
            changed = Message("user", (*messages[place].parts, text))
            return (*messages[:place], changed, *messages[place + 1:])
    return (*messages, Message("user", (text.strip(),)))


def _without_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with the instructions in front of the first one from the user."""
    told = [message.content for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    if not told:
        return messages
    if rest and rest[0].role == "user":
        rest[0] = Message("user", ("\n\n".join(told), "\n\n", *rest[0].parts))
        return tuple(rest)
    return (Message("user", ("\n\n".join(told),)), *rest)
