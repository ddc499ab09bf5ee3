"""The embedded model: a real model with no key and no network, behind the server that its users share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import Layout, ModelReply, ModelRequest
from pyscrai.errors import ModelUnavailable
from pyscrai.llm.embedded.server import IDLE, Address, EmbeddedServer

if TYPE_CHECKING:
    from pyscrai.llm.openai.chat import OpenAIChat


class EmbeddedChat:
    """A ``ChatModel`` over the shared child; starts it anew where it has died."""

    scripted = False
    concurrency: int | None = None

    def __init__(self, alias: ModelAlias, server: EmbeddedServer) -> None:
        self.alias = alias.name
        self.layout: Layout = alias.layout
        self.context_tokens: int | None = server.context
        self.prefill = alias.prefill
        self._settings = alias.model_copy(update={"model": server.name})
        self._server = server
        self._chat: OpenAIChat | None = None
        self._opening = asyncio.Lock()

    @classmethod
    async def start(cls, alias: ModelAlias, cache_dir: Path, *, idle: float = IDLE) -> Self:
        """The model, ready to answer."""
        # Files are looked at in threads, here and below: `langgraph dev` refuses what blocks its loop.
        model = cls(alias, await asyncio.to_thread(EmbeddedServer, alias, cache_dir, idle=idle))
        await model._ready()
        return model

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        chat = await self._ready()
        try:
            return await chat.complete(request, on_token)
        except ModelUnavailable:
            if self._chat is chat:  # the next try starts it anew; retrying is the caller's business
                self._chat = None
                self._server.close()
            await chat.aclose()
            raise

    async def listed(self) -> bool | None:
        """Whether the child serves the model."""
        return await (await self._ready()).listed()

    async def aclose(self) -> None:
        """Close the connections and let the child go."""
        chat, self._chat = self._chat, None
        if chat is not None:
            await chat.aclose()
        self._server.close()

    async def _ready(self) -> OpenAIChat:
        async with self._opening:
            if self._chat is None:
                # Importing the adapter takes as long as a small model's start, so both go on at the same time.
                address, make = await asyncio.gather(self._server.open(), asyncio.to_thread(_adapter))
                self._chat = make(self._settings, self.alias, address)
            return self._chat


def _adapter() -> Callable[[ModelAlias, str, Address], OpenAIChat]:
    # Imported here, in a thread: it takes 1.2 s, in which the server starts.
    from pyscrai.llm.openai.chat import OpenAIChat
    from pyscrai.llm.openai.client import Endpoint

    return lambda settings, name, address: OpenAIChat(settings, Endpoint(name, address.base_url, address.key))
