"""The models of a process: one ``ChatModel`` per alias, made when it is first asked for.

The adapter of OpenAI-compatible endpoints is imported inside the function that makes it: ``langchain_openai`` alone
takes 1.2 s, and commands that use no such model must not wait for it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from pyscrai.config.settings import OPENAI_URL, ModelAlias, Settings
from pyscrai.engines.ports.model import ChatModel, Layout
from pyscrai.errors import ConfigError
from pyscrai.llm import prices
from pyscrai.llm.embedded.chat import EmbeddedChat
from pyscrai.llm.limited_model import LimitedModel, limited
from pyscrai.llm.reasoning_models import refused_fields
from pyscrai.llm.scripted.model import ScriptedModel

if TYPE_CHECKING:
    from pyscrai.llm.openai.chat import OpenAIChat
    from pyscrai.llm.openai.client import Endpoint


@runtime_checkable
class _Closable(Protocol):
    async def aclose(self) -> None: ...


class Models:
    """Gives the model behind an alias; an asynchronous context manager that closes all of them.

    Args:
        watched: puts something around each model that is told of its requests.
    """

    def __init__(self, settings: Settings, *, watched: Callable[[ChatModel, ModelAlias], ChatModel] | None = None
                 ) -> None:
        self.settings = settings
        self._watched = watched
        self._registered: dict[str, ChatModel] = {}
        self._made: dict[str, ChatModel] = {}
        self._closing: list[_Closable] = []
        self._locks: dict[str, asyncio.Lock] = {}
        self.limited: dict[str, LimitedModel] = {}
        """The models that were made and whose calls are counted, by their aliases."""
        self._join: Callable[[LimitedModel], None] | None = None

    def register(self, name: str, model: ChatModel) -> None:
        """Let ``name`` stand for a model of the caller's own, before any alias of that name."""
        self._registered[name] = model

    def share(self, join: Callable[[LimitedModel], None] | None) -> None:
        """Let somebody else bound the models' calls from now on: told of each model, before its first call."""
        self._join = join
        if join is not None:
            for model in self.limited.values():
                join(model)

    @property
    def registered(self) -> frozenset[str]:
        """The names that stand for models of the caller's own."""
        return frozenset(self._registered)

    def layout(self, name: str) -> Layout:
        """The prompt layout of an alias, without making its model.

        Raises:
            ConfigError: it stands for none.
        """
        own = self._registered.get(name)
        return own.layout if own is not None else self.settings.alias(name).layout

    def prefill(self, name: str) -> bool:
        """Whether the model of an alias goes on from a prefill, without making it.

        Raises:
            ConfigError: it stands for none.
        """
        own = self._registered.get(name)
        return own.prefill if own is not None else self.settings.alias(name).prefill

    def known(self, name: str) -> None:
        """See that a name stands for a model, without making it.

        Raises:
            ConfigError: it stands for none.
        """
        if name not in self._registered:
            self.settings.alias(name)

    def priced(self, name: str) -> bool:
        """Whether the cost of the alias's calls can be known. May load the catalogue of prices, which takes 0.2 s.

        Raises:
            ConfigError: it stands for none.
        """
        return name in self._registered or prices.known(self.settings.alias(name))

    async def get(self, name: str | None = None) -> ChatModel:
        """The model of this alias, always the same object; None and ``default`` mean the default alias.

        Raises:
            ConfigError: the alias is unknown, its key is not set or its weights are not installed.
            ModelUnavailable: the embedded model's server did not start.
        """
        name = name or "default"
        if name == "default" and name not in self._registered:
            name = self.settings.model
        if (own := self._registered.get(name)) is not None:
            return own
        if (made := self._made.get(name)) is not None:
            return made
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._made:
                alias = self.settings.alias(name)
                model = await self._make(alias)
                if isinstance(model, _Closable):
                    self._closing.append(model)
                if self._watched is not None:
                    model = self._watched(model, alias)
                # In a thread, as all that imports: `langgraph dev` refuses what blocks its loop.
                made = await asyncio.to_thread(limited, model, alias)
                if isinstance(made, LimitedModel):
                    self.limited[name] = made
                    if self._join is not None:
                        self._join(made)
                self._made[name] = made
            return self._made[name]

    async def aclose(self) -> None:
        """Close every model that was made; the object can be used again."""
        self._made.clear()
        self.limited.clear()
        while self._closing:
            await self._closing.pop().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.aclose()

    async def _make(self, alias: ModelAlias) -> ChatModel:
        if alias.kind == "scripted":
            return ScriptedModel.from_alias(alias)
        if alias.kind == "embedded":
            return await EmbeddedChat.start(alias, self.settings.cache_dir)
        key = api_key(alias)  # before the slow import: a missing key is told at once
        chat_type, endpoint_type = await asyncio.to_thread(_openai, alias)
        key_env = alias.api_key_env or (None if alias.base_url else "OPENAI_API_KEY")
        return chat_type(alias, endpoint_type(
            alias=alias.name, base_url=alias.base_url or OPENAI_URL, key=key, key_env=key_env,
            omit=alias.omit | refused_fields(alias),
        ))


def _openai(alias: ModelAlias) -> tuple[type[OpenAIChat], type[Endpoint]]:
    from pyscrai.llm.openai.chat import OpenAIChat
    from pyscrai.llm.openai.client import Endpoint

    prices.known(alias)  # loads the catalogue here, in a thread, rather than after the first call

    return OpenAIChat, Endpoint


def api_key(alias: ModelAlias) -> str | None:
    """The alias's key from the environment; None where it needs none.

    Raises:
        ConfigError: the environment variable that it names is not set.
    """
    variable = alias.api_key_env or (None if alias.base_url else "OPENAI_API_KEY")
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError(f"the key in {variable}, for the model alias `{alias.name}`, holds a line break or another "
                          "character that no key has", code="config.key_invalid", alias=alias.name, variable=variable,
                          cure=f"export {variable} again, on one line")
    if not key:
        raise ConfigError(f"the model alias `{alias.name}` needs a key in {variable}, which is not set",
                          code="config.key_missing", alias=alias.name, variable=variable,
                          cure=f"export {variable}=..., or choose another alias such as `embedded`")
    return key

