"""What tests of the chat adapter share: a request, and a chat to a server's URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pyscrai.config.settings import ModelAlias
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.llm.openai.chat import OpenAIChat
from pyscrai.llm.openai.client import Endpoint

KEY = "sk-very-secret-1234567890"
HELLO = ModelRequest((Message("system", ("Be brief.",)), Message("user", ("Say ", "hello."))), max_tokens=50)


@asynccontextmanager
async def chat_to(url: str, *, key: str | None = None, **settings: Any) -> AsyncIterator[OpenAIChat]:
    alias = ModelAlias(name="test", base_url=url, **{"model": "fake", "timeout": 10.0, **settings})
    chat = OpenAIChat(alias, Endpoint("test", url, key=key, key_env="TEST_KEY", omit=alias.omit))
    try:
        yield chat
    finally:
        await chat.aclose()
