"""The world of a scenario: parameters, variables, actions, rules and injects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import (
    LARGEST_INTEGER,
    LONGEST_TEXT,
    Condition,
    Expression,
    Identifier,
    Listeners,
    Part,
    Scalar,
    Text,
    as_type,
)
from pyscrai.value_text import number_text

ScalarType = Literal["integer", "number", "boolean", "string"]

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "boolean": (bool,), "string": (str,)}


class Domain(Part):
    """The values that a variable or parameter may have."""

    type: ScalarType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Scalar, ...] | None = Field(None, min_length=1)
    description: str = ""

    def why_not(self, value: Any) -> str | None:
        """Why ``value`` is outside this domain, in words, or None if it is inside."""
        if isinstance(value, bool) != (self.type == "boolean") or not isinstance(value, _PYTHON_TYPES[self.type]):
            return f"{value!r} is not of type {self.type}"
        if self.choices is not None and value not in self.choices:
            return f"{value!r} is none of {', '.join(map(repr, self.choices))}"
        if isinstance(value, str):
            return None if len(value) <= LONGEST_TEXT else f"it is longer than {LONGEST_TEXT} characters"
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        if not math.isfinite(value) or (self.type == "integer" and abs(value) > LARGEST_INTEGER):
            return f"{value} is too large"
        if self.minimum is not None and value < self.minimum:
            return f"{value} is below the minimum {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{value} is above the maximum {self.maximum:g}"
        return None

    def coerce(self, value: Any) -> Any:
        """The value as this domain's type has it."""
        return as_type(value, self.type)


def _as_number(data: Any, field: str) -> Any:
    """``initial: 5`` of a number is 5.0: expressions tell integers and numbers apart."""
    value = data.get(field) if isinstance(data, dict) and data.get("type") == "number" else None
    return data if value is None else {**data, field: as_type(value, "number")}


class Parameter(Domain):
    """A value set per run: ``--set heat=0.9``."""

    default: Scalar

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return _as_number(data, "default")


class Variable(Domain):
    """A value of the world that rules, actions and Narrators change."""

    initial: Scalar
    visible_to: Listeners = ("all",)
    """The roles and groups that see its value in their prompts; nobody where it is empty."""
    changed_by: tuple[str, ...] | None = None
    """The roles that may propose changes; null for every Narrator."""

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return _as_number(data, "initial")


class Argument(Part):
    """One argument of an action: a small part of JSON Schema."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    enum: tuple[Scalar, ...] | None = Field(None, min_length=1)
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = Field(None, ge=1)
    description: str = ""
    required: bool = True

    def coerce(self, value: Any) -> Any:
        """The value as this argument's type has it."""
        return as_type(value, self.type)

    def counted(self, value: Any) -> str:
        """The text under which a tally counts the value: a choice as it is written, a number without needless zeros."""
        for choice in self.enum or ():
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                value = choice
                break
        else:
            if type(value) is float:
                return number_text(value, whole=True)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def json_schema(self) -> dict[str, Any]:
        """This field as JSON Schema."""
        schema: dict[str, Any] = {"enum": list(self.enum)} if self.enum else {"type": self.type}
        if schema.get("type") == "string" and self.max_length is None:
            schema["x-longest"] = 200
        more = {"minimum": self.minimum, "maximum": self.maximum, "maxLength": self.max_length,
                "description": self.description or None}
        return schema | {key: value for key, value in more.items() if value is not None}


class ActionSpec(Part):
    """A typed move that a role can make beside its speech."""

    description: str = ""
    fields: dict[Identifier, Argument] = Field(default_factory=dict)
    """Its arguments, if it has any."""
    audience: Listeners = ("all",)
    """Who learns of the move; the maker always does."""
    set: dict[str, Expression] = Field(default_factory=dict)
    """Variables that the move changes; ``args`` holds its arguments."""

    def coerce(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as their types have them."""
        return {name: self.fields[name].coerce(value) if name in self.fields else value
                for name, value in arguments.items()}

    def json_schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema."""
        return {"type": "object", "additionalProperties": False,
                "properties": {name: field.json_schema() for name, field in self.fields.items()},
                "required": [name for name, field in self.fields.items() if field.required]}


class InjectText(Part):
    """Something put into the world."""

    text: Text
    audience: Listeners = ("all",)
    """Who learns of it; nobody where it is empty."""
    source: str = ""
    """The name it comes from in the transcript; nothing for a plain direction."""


class Rule(Part):
    """A law of the world: rules are applied after every turn in their stated order."""

    label: str = ""
    when: Condition
    set: dict[str, Expression] = Field(default_factory=dict)
    inject: InjectText | None = None
    once: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.set and self.inject is None:
            raise ValueError("a rule needs `set` or `inject`")
        return self


class InjectSpec(InjectText):
    """An event that the template puts into the world at a turn, in a phase or on a condition."""

    label: str = ""
    at_turn: int | None = Field(None, ge=0)
    """After this many turns."""
    every: int | None = Field(None, ge=1)
    """Again every so many turns."""
    phase: str | None = None
    """When this phase begins, or only in it if another trigger is given."""
    when: Condition | None = None
    once: bool = True
    """At most once; false for each time that the condition becomes true or the phase begins."""
    set: dict[str, Expression] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_trigger(self) -> Self:
        if self.at_turn is None and self.every is None and self.phase is None and self.when is None:
            raise ValueError("an inject needs one of `at_turn`, `every`, `phase`, `when`")
        return self
