"""The check of a reply against a JSON Schema, also one that a tool of somebody else's brings.

Such a schema must not cost more than it is worth: a ``pattern`` is looked for in linear time, what compares all items
with each other is left to the tool itself, and nothing is fetched that a reference names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

from pyscrai.templates.cel.patterns import HEAVIEST, Pattern, weight_of

_LEFT_TO_THE_TOOL = frozenset({"patternProperties", "uniqueItems", "unevaluatedProperties", "unevaluatedItems",
                               "$dynamicRef"})
_BY_NAME = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
"""Keywords that hold schemas under names of their own."""
_VALUES = frozenset({"const", "enum", "default", "examples"})
"""Keywords that hold values, whatever these look like."""


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> Pattern | None:
    try:
        return Pattern(pattern) if weight_of(pattern) <= HEAVIEST else None
    except ValueError:
        return None     # of another kind of regular expressions: the tool itself sees to it


def _matches(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and (known := _pattern(str(pattern))) is not None and not known.found_in(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _matches})  # type: ignore[no-untyped-call]


def reply_validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator for a schema."""
    made: Draft202012Validator = _Validator(_judged(schema), registry=Registry())
    return made


def _judged(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_judged(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # What patterns let in would be refused as something further, where they are not looked at.
    left = _LEFT_TO_THE_TOOL | {"additionalProperties"} if "patternProperties" in schema else _LEFT_TO_THE_TOOL
    return {key: part if key in _VALUES else
            {name: _judged(each) for name, each in part.items()} if key in _BY_NAME and isinstance(part, dict) else
            _judged(part) for key, part in schema.items() if key not in left}
