"""Bind a reply to a JSON Schema in the way an endpoint understands; see ``ModelAlias.structured``."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from pyscrai.config.settings import Structured

# What the API's strict mode is documented to take; any other keyword makes it refuse the request.
_STRICT = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs",
    "title", "description", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern",
    "format", "minItems", "maxItems",
})
_NAMES = frozenset({"properties", "$defs"})
_SOFT = {"x-longest": "maxLength", "x-minimum": "minimum", "x-maximum": "maximum"}


def binding(schema: Mapping[str, Any], how: Structured) -> tuple[dict[str, Any], str]:
    """The fields to add to the request's body, and the text to add to its last user message (may be empty)."""
    return _binding(json.dumps(schema, ensure_ascii=False, separators=(",", ":")), how)


@functools.lru_cache(maxsize=256)
def _binding(text: str, how: Structured) -> tuple[dict[str, Any], str]:
    # Cached by content, because a phase asks with the same schema every turn. Callers do not change what they get.
    if how == "grammar":
        schema = {**_bounded(json.loads(text), "maxLength"), "x-guidance": {"whitespace_flexible": False}}
        # Without this, a small model spends its tokens on blanks between the JSON's parts.
        return {"grammar": f"%llguidance {{}}\nstart: %json {json.dumps(schema, ensure_ascii=False)}"}, ""
    if how == "json_schema":
        schema = _closed(_bounded(json.loads(text), None))
        return {"response_format": {"type": "json_schema", "json_schema": {
            "name": "reply", "strict": _is_strict(schema), "schema": schema}}}, ""
    prompt = f"\n\nAnswer with one JSON object and nothing else. It must satisfy this JSON Schema:\n{text}"
    return ({"response_format": {"type": "json_object"}} if how == "json_object" else {}), prompt


def _bounded(schema: Any, keyword: str | None) -> Any:
    """The schema with the engines' soft bounds under the keywords that bind.

    Args:
        keyword: what ``x-longest`` becomes; None leaves it out.
    """
    if isinstance(schema, list):
        return [_bounded(each, keyword) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _bounded(value, keyword) for key, value in schema.items() if key not in _SOFT}
    out |= {bound: schema[soft] for soft, bound in {**_SOFT, "x-longest": keyword}.items() if bound and soft in schema}
    return out


def _closed(schema: Any) -> Any:
    """The schema with ``additionalProperties: false`` wherever an object lists its properties and says nothing."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: {name: _closed(each) for name, each in value.items()} if key in _NAMES and isinstance(value, dict)
           else value if key in ("enum", "const", "default", "examples") else _closed(value)
           for key, value in schema.items()}
    if isinstance(out.get("properties"), dict):
        out.setdefault("additionalProperties", False)
    return out


def _is_strict(schema: Any) -> bool:
    """Whether strict mode takes the schema; it wants every property required and knows few keywords."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.keys() - _STRICT:
        return False
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("properties", ())) != set(schema.get("required", ()))
    ):
        return False
    return all(
        all(map(_is_strict, value.values())) if key in _NAMES else key in ("enum", "const") or _is_strict(value)
        for key, value in schema.items()
    )
