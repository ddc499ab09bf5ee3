"""Typed moves: their arguments as a small part of JSON Schema, written out or computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from pyscrai.templates.models.base import Expression, Identifier, Listeners, Names, Part, Scalar, Target, as_type
from pyscrai.value_text import number_text


class NoChoice(ValueError):
    """An expression gives an empty list: at the moment there is nothing to choose."""


class Argument(Part):
    """One argument of an action: a small part of JSON Schema."""

    filler: ClassVar = {}

    type: Literal["string", "integer", "number", "boolean"] = "string"
    enum: Annotated[tuple[Scalar, ...], Field(min_length=1)] | Annotated[str, Field(min_length=1)] | None = None
    """The only values that are possible; or an expression that gives them as a list."""
    minimum: float | str | None = None
    """A bound, or an expression that gives it: ``params.endowment``."""
    maximum: float | str | None = None
    max_length: int | None = Field(None, ge=1)
    description: str = ""
    required: bool = True

    @property
    def choices(self) -> tuple[Scalar, ...]:
        """The only values that are possible, where they are written out."""
        return self.enum if isinstance(self.enum, tuple) else ()

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest value, where they are written out."""
        return (None if isinstance(self.minimum, str) else self.minimum,
                None if isinstance(self.maximum, str) else self.maximum)

    @property
    def computed(self) -> dict[str, str]:
        """The fields that are expressions, by name."""
        return {name: given for name in ("enum", "minimum", "maximum")
                if isinstance(given := getattr(self, name), str)}

    def resolved(self, compute: Callable[[str], Any]) -> Argument:
        """The argument with its expressions computed, as it is legal at the moment.

        Raises:
            ValueError: an expression gives no list of values, or no number.
        """
        update: dict[str, Any] = {}
        for name, text in self.computed.items():
            found = compute(text)
            if name == "enum":
                if not isinstance(found, list | tuple) or not all(isinstance(one, Scalar) for one in found):
                    raise ValueError(f"`{text}` gives no list of values")
                update[name] = tuple(self.coerce(one) for one in found) or None
                if not found:
                    raise NoChoice(f"`{text}` gives an empty list: there is nothing to choose")
            elif isinstance(found, bool) or not isinstance(found, int | float):
                raise ValueError(f"`{text}` gives no number")
            else:
                update[name] = float(found)
        return self.model_copy(update=update) if update else self

    def coerce(self, value: Any) -> Any:
        """The value as this argument's type has it."""
        return as_type(value, self.type)

    def counted(self, value: Any) -> str:
        """The text under which a tally counts the value: a choice as it is written, a number without needless zeros."""
        for choice in self.choices:
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                value = choice
                break
        else:
            if type(value) is float:
                return number_text(value, whole=True)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def json_schema(self) -> dict[str, Any]:
        """This field as JSON Schema."""
        schema: dict[str, Any] = {"enum": list(self.choices)} if self.choices else {"type": self.type}
        if schema.get("type") == "string" and self.max_length is None:
            schema["x-longest"] = 200
        low, high = self.bounds
        more = {"minimum": low, "maximum": high, "maxLength": self.max_length,
                "description": self.description or None}
        return schema | {key: value for key, value in more.items() if value is not None}


class ActionSpec(Part):
    """A typed move that a role can make beside its speech."""

    description: str = ""
    fields: dict[Identifier, Argument] = Field(default_factory=dict)
    """Its arguments, if it has any."""
    by: Names | None = None
    """The roles that can make the move, where a phase offers it; left out, all its speakers."""
    audience: Listeners = ("all",)
    """Who learns of the move; the maker always does."""
    intent: str = ""
    """What whoever makes the move means to say with it, in the first person: ``I want {{ args.price }}.`` A small model
    then moves first and puts this into words after; a large one says and does both in one reply and needs none. The
    text reads ``args``, ``mover``, ``vars``, ``params`` and ``name(role)``, as they are before the move."""
    set: dict[Target, Expression] = Field(default_factory=dict)
    """Variables that the move changes; ``args`` holds its arguments."""

    def resolved(self, compute: Callable[[str], Any]) -> ActionSpec:
        """The move with its arguments' expressions computed, as it is legal at the moment.

        Raises:
            ValueError: an expression gives no list of values, or no number.
        """
        if not any(argument.computed for argument in self.fields.values()):
            return self
        return self.model_copy(update={"fields": {name: argument.resolved(compute)
                                                  for name, argument in self.fields.items()}})

    def coerce(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as their types have them."""
        return {name: self.fields[name].coerce(value) if name in self.fields else value
                for name, value in arguments.items()}

    def json_schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema."""
        return {"type": "object", "additionalProperties": False,
                "properties": {name: field.json_schema() for name, field in self.fields.items()},
                "required": [name for name, field in self.fields.items() if field.required]}
