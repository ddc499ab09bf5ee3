"""Find the models that can be used here: by keys in the environment, and by servers on one's own machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pyscrai.config.providers import PROVIDERS, Provider
from pyscrai.errors import ModelError
from pyscrai.llm.openai.client import Client, Endpoint
from pyscrai.redaction import public_url

WITHIN = 1.0
"""Seconds that a server on loopback has to list its models."""
_MOST_LISTED = 50
_NO_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "clip")
"""What stands in the names of models that do not talk."""


@dataclass(frozen=True, slots=True)
class FoundProvider:
    """A provider that can be used: how that was found out, its models where it lists them, and what to write."""

    prefix: str
    title: str
    how: str
    models: tuple[str, ...]
    use: str
    """A model in the form that ``--model`` takes; one of its own where it lists any, else an example."""


async def detect(providers: Iterable[Provider] = tuple(PROVIDERS.values())) -> list[FoundProvider]:
    """Find the providers that can be used now: servers on this machine, then those whose key is set (not asked)."""
    rows = tuple(providers)
    local = await asyncio.gather(*[_listening(row) for row in rows if row.is_local])
    return [*filter(None, local), *(
        FoundProvider(row.prefix, row.title, f"{row.key_env} is set", (), f"{row.prefix}:{row.example}")
        for row in rows if not row.is_local and row.key_env)]


def in_one_line(found: Iterable[FoundProvider]) -> str:
    """Return the found providers as one line of text."""
    return ", ".join(f"{each.use} ({each.title} at {each.how})" if each.models
                     else f"{each.prefix}:MODEL, such as {each.use} ({each.how})" for each in found)


async def _listening(row: Provider) -> FoundProvider | None:
    alias = row.alias(row.example)
    client = Client(Endpoint(alias.name, alias.base_url or "", key=os.environ.get(row.key_env or "")))
    try:
        async with asyncio.timeout(WITHIN):
            listed = await client.get("models")
    except (ModelError, TimeoutError):
        return None
    finally:
        await client.aclose()
    models = _chat_models(listed.get("data"))
    if not models:
        return None
    place = urlsplit(public_url(alias.base_url or "")).netloc
    return FoundProvider(row.prefix, row.title, place, models, f"{row.prefix}:{models[0]}")


def _chat_models(listed: Any) -> tuple[str, ...]:
    names = [each["id"] for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)
             and each["id"].isprintable()] if isinstance(listed, list) else []
    return tuple(name for name in names if not any(word in name.lower() for word in _NO_CHAT))[:_MOST_LISTED]
