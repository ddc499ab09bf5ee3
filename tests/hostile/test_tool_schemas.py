"""Schemas of somebody else's tools: neither reading one nor checking arguments against it is dear or asks anybody."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from pyscrai.engines.calls.json_reply import parse, tokens_for
from pyscrai.engines.tools.langchain import LangChainTool, inlined
from pyscrai.errors import ConfigError, ReplyError
from tests.hostile.limited import assert_within

ITEMS = [{"a": number} for number in range(8_000)]
SCHEMAS: dict[str, tuple[dict[str, Any], Any]] = {
    "pattern": ({"properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}, {"x": "a" * 40 + "!"}),
    "heavy pattern": ({"properties": {"x": {"pattern": r"(\\w{90}){90}"}}}, {"x": "a" * 90_000}),
    "no pattern of ours": ({"properties": {"x": {"pattern": "(?=a)(a+)+$"}}}, {"x": "a" * 40 + "!"}),
    "names": ({"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {"a" * 40 + "!": 1}),
    "all apart": ({"properties": {"x": {"type": "array", "uniqueItems": True}}}, {"x": ITEMS}),
    "elsewhere": ({"properties": {"x": {"$dynamicRef": "http://127.0.0.1:9/x"}}}, {"x": 1})}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("nested", [False, True])
def test_arguments_are_checked_in_bounded_time(name: str, nested: bool) -> None:
    schema, value = SCHEMAS[name]
    whole = {"type": "object", **schema}

    def work() -> None:
        try:
            parse(json.dumps({"use": value} if nested else value), {
                "type": "object", "properties": {"use": {"anyOf": [whole, {"type": "null"}]}}} if nested else whole)
        except ReplyError:
            return

    assert_within(work, seconds=3)


def test_a_pattern_still_counts() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^[a-c]+$"}}}
    assert parse('{"x": "abc"}', schema) == {"x": "abc"}
    with pytest.raises(ReplyError, match="does not match"):
        parse('{"x": "abd"}', schema)


def test_references_to_references_are_counted() -> None:
    class Tool:
        name, description = "bomb", "x"
        tool_call_schema: ClassVar[dict[str, Any]] = {
            "type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": {f"d{number}": {"properties": {
                f"p{place}": {"$ref": f"#/$defs/d{number + 1}"} for place in range(40)}} for number in range(9)}}

        async def ainvoke(self, given: Any) -> Any:
            return given

    def work() -> None:
        with pytest.raises(ConfigError, match="more than 5,000 parts"):
            LangChainTool("x:bomb", Tool())

    assert_within(work, seconds=2)


def test_references_are_put_in() -> None:
    assert inlined({"properties": {"a": {"$ref": "#/$defs/d"}}, "$defs": {"d": {"type": "string"}}}) == {
        "type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(("schema", "value"), [
    ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, {"x1": 1}),
    ({"allOf": [{"patternProperties": {"^x": {}}}], "unevaluatedProperties": False}, {"x1": 1}),
    ({"properties": {"uniqueItems": {"const": {"uniqueItems": True}}}}, {"uniqueItems": {"uniqueItems": True}}),
    ({"properties": {"x": {"enum": [{"patternProperties": 1}]}}}, {"x": {"patternProperties": 1}})])
def test_what_is_left_to_the_tool_refuses_nothing(schema: dict[str, Any], value: Any) -> None:
    assert parse(json.dumps(value), {"type": "object", **schema}) == value


class Described:
    """A tool with a schema of somebody else's."""

    name, description = "odd", "x"

    def __init__(self, **properties: Any) -> None:
        self.tool_call_schema = {"type": "object", "properties": properties}

    async def ainvoke(self, given: Any) -> Any:
        return given


@pytest.mark.parametrize("schema", [
    {"type": "strin"}, {"type": 5}, {"enum": 5}, {"minimum": "x"}, {"maxItems": "x", "type": "array"}, 5])
def test_what_is_no_schema_is_told_when_the_tool_is_made(schema: Any) -> None:
    with pytest.raises(ConfigError, match="its arguments have no schema") as failed:
        LangChainTool("x:odd", Described(a=schema))
    assert len(failed.value.message) < 400


def test_a_schema_of_an_earlier_draft_holds() -> None:
    tool = LangChainTool("x:odd", Described(a={"type": "array", "items": [{"type": "string"}, {"type": "integer"}]}))
    assert parse('{"a": ["b", 1]}', tool.arguments) == {"a": ["b", 1]}
    with pytest.raises(ReplyError):
        parse('{"a": [1, "b"]}', tool.arguments)
    assert tokens_for(LangChainTool("x:odd", Described(a={"enum": []})).arguments) > 0


@pytest.mark.parametrize("schema", [True, {"anyOf": [True, {"type": "null"}]}, {"type": "array", "items": True}])
def test_a_schema_may_be_true(schema: Any) -> None:
    tool = LangChainTool("x:odd", Described(a=schema))
    assert tokens_for(tool.arguments) > 0
    assert parse('{"a": [1], "further": 2}', tool.arguments) == {"a": [1]}
