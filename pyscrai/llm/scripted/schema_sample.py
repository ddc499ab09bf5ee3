"""Make an instance of a JSON Schema: what the scripted model answers under a schema.

Covers what PyScrAI's own schemas and authors' actions use: ``$ref`` within the document, ``allOf``/``anyOf``/``oneOf``,
``enum``, ``const``, ``type`` (also as a list), bounds, lengths, ``required`` and array items.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
_DEEP = 12
"""From this depth on only what is required is made, so that recursive schemas come to an end."""


def instance(schema: Schema, *, chance: random.Random, line: Callable[[random.Random], str]) -> Any:
    """A value that satisfies ``schema``, drawn with ``chance``; ``line`` makes free texts.

    Raises:
        ValueError: the schema points to something outside itself or allows nothing.
    """
    return _Maker(schema, chance, line).make(schema, 0)


class _Maker:
    def __init__(self, root: Schema, chance: random.Random, line: Callable[[random.Random], str]) -> None:
        self.root, self.chance, self.line = root, chance, line

    def make(self, schema: Schema | bool, depth: int) -> Any:
        if schema is True or schema == {}:
            return self.line(self.chance)
        if isinstance(schema, bool):
            raise ValueError("the schema allows no value")
        schema = self.merged(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(list(schema["enum"]))
        for key in ("anyOf", "oneOf"):
            if choices := schema.get(key):
                choice = choices[0] if depth < _DEEP else min(choices, key=lambda each: len(str(each)))
                rest = {name: value for name, value in schema.items() if name != key}
                return self.make({**rest, **self.merged(choice)}, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        if kind is None:
            kind = _implied(schema)
        make: Callable[[Schema, int], Any] = getattr(self, f"_{kind}", self._string)
        return make(schema, depth + 1)

    def merged(self, schema: Schema) -> dict[str, Any]:
        """The schema with its ``$ref`` followed and its ``allOf`` folded in."""
        out = dict(schema)
        for _ in range(_DEEP):
            if (ref := out.pop("$ref", None)) is not None:
                out = {**self.at(ref), **out}
            elif (parts := out.pop("allOf", None)) is not None:
                for part in map(self.merged, parts):
                    properties = {**out.get("properties", {}), **part.get("properties", {})}
                    required = [*out.get("required", ()), *part.get("required", ())]
                    out = {**out, **part}
                    if properties:
                        out["properties"] = properties
                    if required:
                        out["required"] = required
            else:
                return out
        raise ValueError("the schema refers to itself without end")

    def at(self, ref: str) -> dict[str, Any]:
        here: Any = self.root
        if not ref.startswith("#"):
            raise ValueError(f"$ref points outside the schema: {ref}")
        for key in ref[1:].split("/")[1:]:
            here = here[key.replace("~1", "/").replace("~0", "~")]
        return dict(here)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        required = list(schema.get("required", ()))
        names = required if depth > 2 else list(dict.fromkeys([*required, *properties]))
        out = {name: self.make(properties.get(name, True), depth) for name in properties if name in names}
        out.update({name: self.make(True, depth) for name in required if name not in properties})
        extra = schema.get("additionalProperties", True)
        while len(out) < schema.get("minProperties", 0):
            out[f"extra{len(out)}"] = self.make(extra, depth)
        return out

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        fixed = [self.make(each, depth) for each in schema.get("prefixItems", ())]
        items = schema.get("items", True)
        least = max(schema.get("minItems", 0), 1 if depth < _DEEP and items is not False else 0)
        length = min(least, schema.get("maxItems", least))
        out = fixed[:]
        for _ in range(50):  # uniqueItems: draw again rather than hang on a small enum
            if len(out) >= length:
                break
            value = self.make(items, depth)
            if not (schema.get("uniqueItems") and value in out):
                out.append(value)
        return out

    def _integer(self, schema: Schema, depth: int) -> int:
        step = schema.get("multipleOf", 1)
        low, high = self._bounds(schema, 1)
        first, last = math.ceil(low / step), math.floor(high / step)
        return int(self.chance.randint(first, max(first, last)) * step)

    def _number(self, schema: Schema, depth: int) -> float:
        if "multipleOf" in schema:
            step = schema["multipleOf"]
            low, high = self._bounds(schema, step)
            return float(round(self.chance.randint(math.ceil(low / step), math.floor(high / step)) * step, 9))
        low, high = self._bounds(schema, (_span(schema) or 1) / 1000)
        return round(min(max(self.chance.uniform(low, high), low), high), 4) if high - low > 0.001 else (low + high) / 2

    @staticmethod
    def _bounds(schema: Schema, step: float) -> tuple[float, float]:
        low, high = schema.get("minimum"), schema.get("maximum")
        if (open_low := schema.get("exclusiveMinimum")) is not None:
            low = open_low + step if low is None else max(low, open_low + step)
        if (open_high := schema.get("exclusiveMaximum")) is not None:
            high = open_high - step if high is None else min(high, open_high - step)
        if low is None:
            low = min(0, high) if high is not None else 0
        return low, low + 10 if high is None else high

    def _boolean(self, schema: Schema, depth: int) -> bool:
        return self.chance.random() < 0.5

    def _null(self, schema: Schema, depth: int) -> None:
        return None

    def _string(self, schema: Schema, depth: int) -> str:
        formats = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "00:00:00Z",
                   "email": "someone@example.org", "uri": "https://example.org/", "uuid": str(_uuid(self.chance))}
        text = formats.get(schema.get("format", "")) or self.line(self.chance)
        text = text.ljust(schema.get("minLength", 0), ".")
        return text[:schema.get("maxLength", len(text))]


def _implied(schema: Schema) -> str:
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if any(key in schema for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")):
        return "number"
    return "string"


def _span(schema: Schema) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    return float(high - low) if low is not None and high is not None else 0.0


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
