"""A ``ChatModel`` over ``langchain_openai.ChatOpenAI``: the only module that imports it, and slow to import (1.2 s)."""

from __future__ import annotations

import asyncio
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
from pyscrai.errors import ModelRefused, ModelReplyMalformed, ModelTimeout
from pyscrai.llm import prices
from pyscrai.llm.openai import schema_binding
from pyscrai.llm.openai.client import CURRENT, Call, Endpoint, Wire
from pyscrai.llm.openai.reply_text import unfenced, visible

_MESSAGES: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


_LIST_WITHIN = 20.0
"""Seconds for the list of models."""


class LeanChatOpenAI(ChatOpenAI):
    """ChatOpenAI without the thread hop and response wrapping of its own ``_agenerate``."""

    async def _agenerate(self, messages: list[BaseMessage], stop: list[str] | None = None,
                         run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any) -> ChatResult:
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        return self._create_chat_result(await self.async_client.create(**payload))


class OpenAIChat:
    """One model alias behind an OpenAI-compatible endpoint; see ``pyscrai.engines.ports.model.ChatModel``."""

    scripted = False

    def __init__(self, alias: ModelAlias, endpoint: Endpoint) -> None:
        self.alias = endpoint.alias
        self.layout: Layout = alias.layout
        self.context_tokens = alias.context_tokens
        self.prefill = alias.prefill
        self.wire = Wire(endpoint)
        self._settings = alias
        self._priced = True
        self._fixed: dict[str, Any] = {
            name: value for name in ("temperature", "top_p", "max_tokens")
            if (value := getattr(alias, name)) is not None
        }
        self._extra = dict(alias.extra_body)
        if alias.reproducible:
            self._extra["cache_prompt"] = False
        # The key stays in the wire; ChatOpenAI would otherwise look for one in the environment and build SDK clients.
        self._chat = LeanChatOpenAI(
            model_name=alias.model, openai_api_base=endpoint.base_url, openai_api_key=SecretStr("held-by-the-wire"),
            max_retries=0, client=self.wire, async_client=self.wire, root_async_client=self.wire,
            use_responses_api=False, stream_usage=True, stream_chunk_timeout=None, cache=False,
        )

    def __repr__(self) -> str:
        return f"OpenAIChat({self.alias!r}, {self.wire.endpoint.base_url!r}, {self._settings.model!r})"

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        messages, arguments = self._asked(request)
        last = request.messages[-1] if request.messages else None
        prefix = last.content if last is not None and last.role == "assistant" else ""
        call = Call(on_token=on_token, prefix=prefix)
        token = CURRENT.set(call)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._settings.timeout):
                text = await self._text(messages, list(request.stop) or None, arguments)
        except TimeoutError:
            raise ModelTimeout(f"{self.alias}: no whole answer within {self._settings.timeout:g} s", alias=self.alias,
                               cure="a larger `timeout` in the alias, or a smaller max_tokens") from None
        finally:
            CURRENT.reset(token)
        latency = (time.perf_counter() - started) * 1000
        text = visible(text, prefix)
        if request.schema is not None:
            text = unfenced(text)
        return self._reply(text, call.raw, latency)

    async def listed(self) -> bool | None:
        """Whether the endpoint's list of models has this one; None where it keeps no list.

        Raises:
            ModelError: the endpoint cannot be reached or refuses the key.
        """
        try:
            async with asyncio.timeout(min(self._settings.timeout, _LIST_WITHIN)):
                data = await self.wire.get("models")
        except TimeoutError:
            raise ModelTimeout(f"{self.alias}: no list of models within {_LIST_WITHIN:g} s", alias=self.alias) from None
        except (ModelRefused, ModelReplyMalformed) as error:
            if error.details.get("status") in (401, 403):
                raise
            return None
        models = data.get("data")
        if not isinstance(models, list):
            return None
        return any(isinstance(each, dict) and each.get("id") == self._settings.model for each in models)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.wire.aclose()

    async def _text(self, messages: list[BaseMessage], stop: list[str] | None, arguments: dict[str, Any]) -> str:
        if _watched():  # LangGraph's `messages` streaming, tracing: they listen through LangChain's callbacks
            return str((await self._chat.ainvoke(messages, stop=stop, **arguments)).text)
        # Nobody listens: the same code below the callback machinery, which costs 0.8 ms a call.
        result = await self._chat._agenerate(messages, stop=stop, **arguments)
        return str(result.generations[0].message.content)

    def _asked(self, request: ModelRequest) -> tuple[list[BaseMessage], dict[str, Any]]:
        arguments = dict(self._fixed)
        for name in ("temperature", "top_p", "max_tokens", "seed"):
            if (value := getattr(request, name)) is not None:
                arguments[name] = value
        extra, appendix = self._extra, ""
        if request.schema is not None:
            fields, appendix = schema_binding.binding(request.schema, self._settings.structured)
            extra = {**extra, **fields}
        if extra:
            arguments["extra_body"] = extra
        asked = request.messages
        if appendix:
            asked = _appended(asked, appendix)
        return [_MESSAGES[message.role](content=message.content) for message in asked], arguments

    def _reply(self, text: str, raw: dict[str, Any], latency: float) -> ModelReply:
        counted = raw.get("usage")
        counted = counted if isinstance(counted, dict) else {}
        details = counted.get("prompt_tokens_details")
        cached = (details or {}).get("cached_tokens") if isinstance(details, dict) else None
        usage = Usage(
            prompt_tokens=_count(counted.get("prompt_tokens")),
            cached_tokens=_count(cached if cached is not None else counted.get("prompt_cache_hit_tokens")),
            completion_tokens=_count(counted.get("completion_tokens")),
        )
        cost = None
        if counted and (self._priced or "cost" in counted):
            cost = prices.cost(self._settings, usage, billed=counted.get("cost"))
            self._priced = cost is not None  # looking a model up in vain would take longer than the rest of the call
        return ModelReply(
            text=text, finish_reason=str(raw["choices"][0].get("finish_reason") or "stop"),
            usage=Usage(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, cost),
            model=str(raw.get("model") or self._settings.model), latency_ms=latency, raw=raw,
        )


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


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0
