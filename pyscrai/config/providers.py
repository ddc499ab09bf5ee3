"""Known model providers: ``PREFIX:MODEL`` needs no alias of one's own. Each row holds a provider's quirks.

One table. A new provider is a new row, with a test in ``tests/llm/test_providers.py`` against a server that behaves so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pyscrai.config.aliases import OPENAI_URL, ModelAlias, Prices
from pyscrai.config.server import is_loopback

_FREE = Prices(input_per_mtok=0, output_per_mtok=0)
_LOCAL: dict[str, Any] = {"price": _FREE, "timeout": 300.0}
"""On one's own machine tokens cost nothing, and loading a model takes its time."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A row: where the provider is, the variables that may hold its key, and its quirks as fields of an alias."""

    prefix: str
    title: str
    base_url: str
    example: str
    """The name of a model, for messages."""
    keys: tuple[str, ...] = ()
    """Environment variables; the first that is set is used."""
    quirks: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    """What the quirks are about, for people."""
    url_variable: str = ""
    """Another variable that says where the provider is, beside ``PREFIX_BASE_URL``."""

    @property
    def is_local(self) -> bool:
        """Whether it is a program on one's own machine, which needs no key."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def key_env(self) -> str | None:
        """The variable of ``keys`` that is set."""
        return next((name for name in self.keys if os.environ.get(name, "").strip()), None)

    @property
    def url(self) -> str:
        """The base URL: ``PREFIX_BASE_URL`` if that is set, with the row's path if it names none."""
        own = urlsplit(self.base_url)
        for variable in (f"{self.prefix.upper()}_BASE_URL", self.url_variable):
            if variable and (given := os.environ.get(variable, "").strip()):
                parts = urlsplit(given if "://" in given else f"http://{given}")
                host = parts.netloc if parts.port or "://" in given else f"{parts.netloc}:{own.port}"
                host = host.replace("0.0.0.0", "127.0.0.1", 1)
                return urlunsplit(parts._replace(netloc=host, path=parts.path.rstrip("/") or own.path))
        return self.base_url

    def alias(self, model: str) -> ModelAlias:
        """The alias of one of its models.

        Raises:
            ValidationError: a variable names no URL.
        """
        url = self.url
        key = self.key_env or (self.keys[0] if self.keys and not self.is_local and url == self.base_url else None)
        return ModelAlias(name=f"{self.prefix}:{model}", base_url=url, model=model, api_key_env=key, **self.quirks)


PROVIDERS: dict[str, Provider] = {row.prefix: row for row in (
    Provider("openai", "OpenAI", OPENAI_URL, "gpt-5-mini", ("OPENAI_API_KEY",),
             why="its reasoning models refuse temperature, top_p and stop: they are left out"),
    Provider("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "openai/gpt-5-mini", ("OPENROUTER_API_KEY",),
             why="bills in its answers, and passes on what the model's own host says"),
    Provider("anthropic", "Anthropic", "https://api.anthropic.com/v1", "claude-sonnet-4-5", ("ANTHROPIC_API_KEY",),
             {"structured": "prompt", "omit": frozenset({"seed", "stop"})},
             "ignores response_format and seed, and refuses stops that are only blank"),
    Provider("google", "Google", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-flash",
             ("GEMINI_API_KEY", "GOOGLE_API_KEY"), {"omit": frozenset({"seed"})},
             "knows no seed; counts reasoning against the bound; says in the error how long to wait"),
    Provider("mistral", "Mistral", "https://api.mistral.ai/v1", "mistral-small-latest", ("MISTRAL_API_KEY",),
             {"omit": frozenset({"seed", "stream_options"})},
             "refuses every field that it does not know; answers in parts"),
    Provider("groq", "Groq", "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile", ("GROQ_API_KEY",),
             {"structured": "prompt"},
             "binds no streamed reply to a schema"),
    Provider("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "deepseek-chat", ("DEEPSEEK_API_KEY",),
             {"structured": "json_object"}, "takes json_object, and the schema in the prompt"),
    Provider("ollama", "Ollama", "http://127.0.0.1:11434/v1", "llama3.2", (), _LOCAL,
             "its context is short and longer prompts are cut silently: set OLLAMA_CONTEXT_LENGTH where it runs",
             url_variable="OLLAMA_HOST"),
    Provider("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1", "qwen2.5-7b-instruct", (), _LOCAL,
             "takes json_schema alone"),
    Provider("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", "default", ("LLAMA_API_KEY",),
             {**_LOCAL, "structured": "grammar", "prefill": True},
             "grammars keep JSON compact; goes on from a prefill"),
    Provider("vllm", "vLLM", "http://127.0.0.1:8000/v1", "Qwen/Qwen2.5-7B-Instruct", ("VLLM_API_KEY",), _LOCAL),
)}


def provider_of(name: str) -> tuple[Provider, str] | None:
    """The provider and the model that ``PREFIX:MODEL`` names."""
    prefix, colon, model = name.partition(":")
    row = PROVIDERS.get(prefix)
    return (row, model) if row is not None and colon and model else None
