"""What a variable or parameter can be: one value, a list, a map, or a value for each role."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from pyscrai.templates.models.base import LARGEST_INTEGER, LONGEST_TEXT, Listeners, Names, Part, Scalar, as_type

ScalarType = Literal["integer", "number", "boolean", "string"]
VariableType = Literal["integer", "number", "boolean", "string", "list", "map"]

LARGEST_VALUE = 1_000_000
"""Characters that all texts of a list, map or value for each role may have together."""

MOST_ITEMS = 1_000
"""Items that a list or map may have."""

LONGEST_TOLD = 2_000
"""Characters of a value that a refusal tells."""

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "boolean": (bool,), "string": (str,)}


class Domain(Part):
    """The values that a variable or parameter may have."""

    type: VariableType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Scalar, ...] | None = Field(None, min_length=1)
    description: str = ""

    def why_not(self, value: Any) -> str | None:
        """Why ``value`` is outside this domain, in words, or None if it is inside."""
        return self.why_not_one(value, self.type)

    def why_not_one(self, value: Any, kind: str) -> str | None:
        """Why a single value of a kind is outside the bounds and choices, or None."""
        if isinstance(value, bool) != (kind == "boolean") or not isinstance(value, _PYTHON_TYPES[kind]):
            return f"{_told(value)} is not of type {kind}"
        if self.choices is not None and value not in self.choices:
            return f"{_told(value)} is none of {', '.join(map(repr, self.choices))}"
        if isinstance(value, str):
            return None if len(value) <= LONGEST_TEXT else f"it is longer than {LONGEST_TEXT} characters"
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        if not math.isfinite(value) or (kind == "integer" and abs(value) > LARGEST_INTEGER):
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

    filler: ClassVar = {"type": "string", "default": ""}

    type: ScalarType
    default: Scalar

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return _as_number(data, "default")


class Variable(Domain):
    """A value of the world that rules, actions and Narrators change; one value, a list, a map, or one for each role."""

    filler: ClassVar = {"type": "string", "initial": ""}

    item: ScalarType = "string"
    """The type of a list's items or of a map's values; `choices` and bounds are theirs."""
    max_items: int = Field(100, ge=1, le=MOST_ITEMS)
    """How many items a list or map may have."""
    per_role: bool | Names = False
    """A value for each role, or for each of these roles and groups: ``vars.payoff['ann']``."""
    initial: Scalar | tuple[Scalar, ...] | dict[str, Scalar]
    """The first value; of a value for each role, the one for all of them, or a map of role to value."""
    visible_to: Listeners = ("all",)
    """The roles and groups that see its value in their prompts; nobody where it is empty. ``own``, of a value for each
    role: everybody sees its own."""
    changed_by: tuple[str, ...] | None = None
    """The roles that may propose changes; null for every Narrator."""

    @model_validator(mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return _as_number(data, "initial")

    @property
    def plain(self) -> bool:
        """Whether it is one value, as Narrators can change it."""
        return not self.per_role and self.type not in ("list", "map")

    @property
    def holders(self) -> tuple[str, ...]:
        """The roles and groups that have a value each; none where it is a value of the world."""
        return () if self.per_role is False else ("all",) if self.per_role is True else self.per_role

    def first(self, roles: Sequence[str]) -> Any:
        """The value with which a run begins.

        Args:
            roles: the roles of the cast behind ``holders``.
        """
        if not self.per_role:
            return self.coerce(self.initial)
        given = self.initial if isinstance(self.initial, dict) and self.type != "map" else None
        return {role: self._coerce_one(self.initial if given is None else given[role]) for role in roles
                if given is None or role in given}

    def coerce(self, value: Any) -> Any:
        """The value as the variable's type has it, inside lists and maps as well."""
        if self.per_role and isinstance(value, Mapping):
            return {role: self._coerce_one(one) for role, one in value.items()}
        return self._coerce_one(value)

    def why_not(self, value: Any) -> str | None:
        """Why ``value`` is outside this domain, in words, or None if it is inside."""
        if not self.per_role and self.type not in ("list", "map"):
            return self._why_not_one(value)
        if _size(value) > LARGEST_VALUE:
            return f"it is larger than {LARGEST_VALUE} characters together"
        if not self.per_role:
            return self._why_not_one(value)
        if not isinstance(value, Mapping):
            return f"{_short(value)} is no map of role to value"
        if len(value) > MOST_ITEMS:
            return f"it has more than {MOST_ITEMS} entries"
        return next((f"{role}: {reason}" for role, one in value.items()
                     if (reason := self._why_not_one(one)) is not None), None)

    def with_entry(self, value: Any, key: Any, entry: Any) -> Any:
        """A copy of a list, map or value for each role in which one entry is another.

        Raises:
            ValueError: there is no such entry in a list.
        """
        if isinstance(value, list | tuple):
            if not isinstance(key, int) or not 0 <= key < len(value):
                raise ValueError(f"the list has no item {key!r}, it has {len(value)}")
            return [entry if index == key else item for index, item in enumerate(value)]
        return {**(value or {}), key: entry}

    def _coerce_one(self, value: Any) -> Any:
        if self.type == "list" and isinstance(value, list | tuple):
            return [as_type(item, self.item) for item in value]
        if self.type == "map" and isinstance(value, Mapping):
            return {key: as_type(item, self.item) for key, item in value.items()}
        return as_type(value, self.type)

    def _why_not_one(self, value: Any) -> str | None:
        if self.type not in ("list", "map"):
            return self.why_not_one(value, self.type)
        wanted: Any = list | tuple if self.type == "list" else Mapping
        if not isinstance(value, wanted):
            return f"{_short(value)} is not of type {self.type}"
        if len(value) > self.max_items:
            return f"it has {len(value)} items, more than {self.max_items}"
        items = value.values() if isinstance(value, Mapping) else value
        if isinstance(value, Mapping) and not all(isinstance(key, str) and len(key) <= 200 for key in value):
            return "a key of a map is a text of at most 200 characters"
        return next((reason for item in items if (reason := self.why_not_one(item, self.item)) is not None), None)


def _size(value: Any) -> int:
    """Characters of all texts in a value, up to the bound."""
    size, pending = 0, [value]
    while pending and size <= LARGEST_VALUE:
        part = pending.pop()
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, Mapping):
            pending += [*part, *part.values()]
        elif isinstance(part, list | tuple):
            pending += part
    return size


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_TOLD else text[:LONGEST_TOLD] + "..."


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
