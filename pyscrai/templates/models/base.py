"""What all template models share: strictness, names, and the scalar types of the template format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from pyscrai.field_docs import Documented

FORMAT: Literal[1] = 1
"""The version of the template format that this PyScrAI reads and writes."""

END = "end"
"""The name that a transition uses for the end of the run."""

PROMPT_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "system": ("role", "name", "personality", "premise", "secret", "cast", "others", "params", "max_sentences"),
    "turn": ("role", "name", "personality", "premise", "secret", "cast", "others", "params", "max_sentences",
             "variables",
             "phase", "task", "summary", "turn", "recalled", "opening", "resolving", "structured",
             "actions",
             "required_action", "targets"),
}
"""What an agent's own prompts may read, by slot."""

TOOLS = ("dice", "read_variable", "look_up")
"""The tools that ship; any other is an import path on the operator's allow-list."""

LARGEST_INTEGER = 2**53
"""Integers beyond this, either way, are not exact in JSON."""

LONGEST_TEXT = 20_000
"""Characters that a text value may have."""

TemplateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Scalar = bool | int | float | str


def _spell(value: Any) -> Any:
    """A bare number or truth value as CEL text: in YAML ``set: {trust: 5}`` needs no quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else value


_CEL = StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)
Condition = Annotated[str, BeforeValidator(_spell), _CEL,
                      WithJsonSchema({"type": ["string", "boolean"], "minLength": 1, "maxLength": 2_000})]
"""A CEL expression that is true or false."""
Expression = Annotated[str, BeforeValidator(_spell), _CEL, WithJsonSchema(
    {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": 2_000})]
"""A CEL expression that gives a value."""
Count = Annotated[int, Field(ge=1)] | Annotated[str, _CEL]
"""How many, or a CEL expression that gives it: ``params.rounds``."""
Target = Annotated[str, StringConstraints(max_length=500)]
"""A variable that is set, or an entry of one: ``payoff[mover]``, the key an expression."""
Names = Annotated[tuple[str, ...], Field(min_length=1)]
"""Roles and groups, or ``all``; at least one."""
Listeners = tuple[str, ...]
"""Roles and groups, or ``all``; an empty list stands for nobody."""


def as_type(value: Any, kind: str) -> Any:
    """A JSON value as its declared type has it, wherever it enters: 10 of a number is 10.0, 10.0 of an integer 10.

    JSON knows one kind of number, expressions tell integers and numbers apart. What does not fit is returned as it is.
    """
    if kind == "integer" and isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        return int(value)
    if kind == "number" and type(value) is int and abs(value) <= LARGEST_INTEGER:
        return float(value)
    return value


class Strict(Documented):
    """A frozen model that knows all its fields and takes no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    filler: ClassVar[Mapping[str, Any] | None] = None
    """The least that is valid, where that is more than the required fields: it stands in for what cannot be read."""


class Misfit(ValueError):
    """Fields of a part that do not go together.

    It is told at the first of them, without which (or with ``instead`` in its place) the part is looked at again for
    further mistakes.
    """

    def __init__(self, message: str, *fields: str, instead: Any = None) -> None:
        super().__init__(message)
        self.fields, self.instead = fields, instead


class Part(Strict):
    """A part of a template at which warnings can stand, and can be acknowledged."""

    allow: tuple[str, ...] = ()
    """Warnings that are meant here, by their codes without ``template.``: they are not told again."""


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 in hex of JSON-plain content, independent of key order and white space."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


class Template(Part):
    """A named, versioned document."""

    def content(self) -> dict[str, Any]:
        """The template as JSON-plain data, without what stands at its default."""
        named = {field: getattr(self, field) for field in ("kind", "format", "name", "version")}
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True) | named

    @property
    def hash(self) -> str:
        """The content hash: the same for the same play, however it is written down."""
        return content_hash(self.content())
