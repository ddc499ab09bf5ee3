"""How a schema goes into a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyscrai.llm.openai.schema_binding import binding

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    fields, prompt = binding(schema, "json_schema")
    assert prompt == ""
    found: dict[str, Any] = fields["response_format"]["json_schema"]
    return found


def test_strict_where_the_schema_fits() -> None:
    found = json_schema(OBJECT)
    assert found["strict"] is True
    assert found["schema"]["additionalProperties"] is False
    assert "additionalProperties" not in OBJECT, "the caller's schema stays as it was"


@pytest.mark.parametrize("schema", [
    {**OBJECT, "properties": {"a": {"type": "integer"}, "optional": {"type": "string"}}},
    {**OBJECT, "additionalProperties": True},
    {"type": "object", "properties": {"a": {"type": "string", "maxLength": 5}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"]},
    {"type": "array", "items": {**OBJECT, "required": []}},
])
def test_not_strict_where_strict_mode_would_refuse(schema: dict[str, Any]) -> None:
    assert json_schema(schema)["strict"] is False


def test_property_names_are_not_keywords() -> None:
    schema = {"type": "object", "properties": {"maxLength": {"enum": [{"properties": 1}]}}, "required": ["maxLength"]}
    assert json_schema(schema)["strict"] is True
    assert json_schema(schema)["schema"]["properties"]["maxLength"] == {"enum": [{"properties": 1}]}


def test_grammar_is_compact() -> None:
    fields, prompt = binding(OBJECT, "grammar")
    head, _, schema = fields["grammar"].partition("%json ")
    assert (head, prompt) == ("%llguidance {}\nstart: ", "")
    assert json.loads(schema) == {**OBJECT, "x-guidance": {"whitespace_flexible": False}}


def test_prompt() -> None:
    assert binding(OBJECT, "prompt")[0] == {}
    assert binding(OBJECT, "json_object")[0] == {"response_format": {"type": "json_object"}}
    assert binding(OBJECT, "prompt")[1].endswith(json.dumps(OBJECT, separators=(",", ":")))
