"""Model aliases: an operator's names for endpoints, models and their limits."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

OPENAI_URL = "https://api.openai.com/v1"

Structured = Literal["json_schema", "grammar", "json_object", "prompt"]
"""How a reply is bound to a JSON Schema: the API's own ``json_schema``, an llguidance ``grammar`` (llama.cpp),
``json_object`` with the schema in the prompt, or the ``prompt`` alone."""


class Prices(BaseModel):
    """USD per million tokens; cached prompt tokens cost as others where they have no price of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_per_mtok: float = Field(ge=0)
    cached_per_mtok: float | None = Field(default=None, ge=0)
    output_per_mtok: float = Field(ge=0)


class ModelAlias(BaseModel):
    """An operator's name for an endpoint, a model and its limits.

    Keys never stand in a file: ``api_key_env`` is the *name* of an environment variable. None means: leave it to the
    endpoint (or, for ``price``, unknown).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", exclude=True)
    """Set from the table's name."""
    kind: Literal["openai", "embedded", "scripted"] = "openai"
    base_url: str | None = Field(default=None, repr=False)
    """Not shown in reprs because its query may hold a key."""
    model: str = Field(default="", validate_default=True)
    """The endpoint's name for the model; of an embedded model, the name of its installed weights."""
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    thinking_tokens: int | None = Field(default=None, ge=0)
    """Tokens for reasoning on top of each bound; None is 4,096 for models known to reason, and 0 for others."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds for a whole call, from the request to the last byte."""
    concurrency: int | None = Field(default=None, gt=0)
    """Calls at the same time, from all processes that share a database; None is no limit."""
    requests_per_minute: int | None = Field(default=None, gt=0)
    """Calls that begin in any minute, from all processes that share a database; None is no limit."""
    tokens_per_minute: int | None = Field(default=None, gt=0)
    """Tokens of prompts and replies in any minute, likewise; guessed when a call begins, counted when it ends."""
    context_tokens: int | None = Field(default=None, gt=0)
    price: str | Prices | None = None
    """``provider:model`` of the genai-prices catalogue, or own prices."""
    layout: Literal["instruct", "script"] = "instruct"
    structured: Structured = "json_schema"
    system: Literal["system", "developer", "user"] = "system"
    """The role that instructions are sent in; ``user`` puts them in front of the first user message."""
    prefill: bool = False
    """Whether the endpoint goes on from a trailing assistant message."""
    reproducible: bool = False
    """Embedded models: one slot and no prompt cache, so that a seed gives the same text again; slower."""
    parallel: int = Field(default=1, gt=0, le=16)
    """Embedded models: requests computed at once; the context is kept for each."""
    omit: frozenset[str] = frozenset()
    """Request fields that the endpoint refuses, such as ``temperature``, ``stop`` or ``stream``: never sent."""
    extra_body: dict[str, Any] = Field(default_factory=dict, repr=False)

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = AnyHttpUrl(value)
        if url.username or url.password:
            raise ValueError("must not hold a user or password; name a variable in api_key_env instead")
        return value.rstrip("/")

    @field_validator("price")
    @classmethod
    def _reference(cls, value: str | Prices | None) -> str | Prices | None:
        if isinstance(value, str) and not all(value.partition(":")):
            raise ValueError('must be "provider:model", such as "openai:gpt-5-mini", or a table of prices')
        return value

    @field_validator("model")
    @classmethod
    def _named(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("kind") == "openai" and not value:
            raise ValueError("an alias of kind openai needs `model`, the endpoint's name for it")
        return value


EMBEDDED: dict[str, Any] = {
    "kind": "embedded", "temperature": 0.4, "top_p": 0.9, "max_tokens": 256, "timeout": 300.0, "context_tokens": 4096,
    "layout": "script", "structured": "grammar", "prefill": True,
    "extra_body": {"repeat_penalty": 1.05, "min_p": 0.05},
}
"""What an alias of kind embedded has where its table says nothing."""

BUILTIN: dict[str, dict[str, Any]] = {
    "embedded": {**EMBEDDED, "model": "embedded"},
    "embedded-tiny": {**EMBEDDED, "model": "embedded-tiny"},
    "scripted": {"kind": "scripted", "model": "scripted", "layout": "instruct", "context_tokens": 128_000},
}
"""The aliases that exist with nothing configured; a ``[models.NAME]`` table of the same name changes single fields."""
