"""The scripted model: plain about what it is, deterministic, and obedient to schemas."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest

from pyscrai.config.settings import load_settings
from pyscrai.engines.ports.model import ChatModel, Message, ModelReply, ModelRequest, Usage
from pyscrai.errors import ModelTimeout
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.llm.scripted.schema_sample import instance


def ask(text: str = "hello", **fields: Any) -> ModelRequest:
    return ModelRequest((Message("user", (text,)),), **fields)


async def test_says_that_it_is_no_model() -> None:
    model: ChatModel = ScriptedModel()
    reply = await model.complete(ask())
    assert model.scripted is True
    assert (reply.model, reply.raw["model"], reply.usage.cost_usd) == ("scripted", "scripted", 0.0)
    assert ScriptedModel.from_alias(load_settings().alias("scripted")).alias == "scripted"


async def test_same_request_same_reply() -> None:
    first, again = await ScriptedModel().complete(ask(seed=1)), await ScriptedModel().complete(ask(seed=1))
    assert first == again
    texts = {(await ScriptedModel().complete(ask(f"turn {turn}"))).text for turn in range(30)}
    assert len(texts) > 20, "varied, so that a transcript can be read"
    assert len({(await ScriptedModel().complete(ask(seed=seed))).text for seed in range(10)}) > 5


async def test_script_in_order_then_default() -> None:
    whole = ModelReply("whole", "length", Usage(1, 0, 2, 0.5), "scripted", 1.0)
    model = ScriptedModel(["one", {"vote": "stay"}, ModelTimeout("slow"), whole])
    assert (await model.complete(ask())).text == "one"
    assert json.loads((await model.complete(ask())).text) == {"vote": "stay"}
    with pytest.raises(ModelTimeout, match="slow"):
        await model.complete(ask())
    assert await model.complete(ask()) is whole
    assert (await model.complete(ask("later"))).text
    assert len(model.requests) == 5
    assert model.requests[-1] == ask("later")


async def test_script_as_a_function() -> None:
    model = ScriptedModel(lambda request: "you said " + request.messages[-1].content if request.seed else None)
    assert (await model.complete(ask("yes", seed=1))).text == "you said yes"
    assert (await model.complete(ask("yes"))).text == (await ScriptedModel().complete(ask("yes"))).text


async def test_tokens_add_up_to_the_text() -> None:
    tokens: list[str] = []
    reply = await ScriptedModel(["a b  c"]).complete(ask(), tokens.append)
    assert "".join(tokens) == reply.text == "a b  c"


async def test_stop_and_length() -> None:
    model = ScriptedModel(["Ann: hi\nBob: no", "one two three four"])
    stopped, short = await model.complete(ask(stop=("\n",))), await model.complete(ask(max_tokens=2))
    assert (stopped.text, stopped.finish_reason) == ("Ann: hi", "stop")
    assert (short.text, short.finish_reason) == ("one two", "length")


SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"vote": {"enum": ["a", "b"]}, "why": {"type": "string", "maxLength": 10}},
     "required": ["vote", "why"], "additionalProperties": False},
    {"type": "integer", "minimum": 3, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "minimum": -9, "multipleOf": 5, "maximum": 12},
    {"type": "number", "minimum": 0.25, "maximum": 0.5},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "maximum": -4},
    {"type": "number", "multipleOf": 0.5, "minimum": 1, "maximum": 3},
    {"type": ["string", "null"], "minLength": 200},
    {"const": 7},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "maxItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False, "minItems": 2},
    {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "null"}]},
    {"oneOf": [{"const": 1}, {"const": 2}]},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
               {"properties": {"b": {"type": "string"}}, "required": ["b"]}]},
    {"$defs": {"node": {"type": "object", "properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["name", "children", "next"]}},
     "$ref": "#/$defs/node"},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    {"type": "object", "required": ["free"]},
    {"type": "string", "format": "date"},
    {"properties": {"x": True}},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
async def test_replies_satisfy_the_schema(schema: dict[str, Any]) -> None:
    for seed in range(8):
        text = (await ScriptedModel().complete(ask(schema=schema, seed=seed))).text
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(json.loads(text))


@pytest.mark.parametrize("schema", [{"not": {}, "items": False, "type": "array", "minItems": 1},
                                    {"$ref": "https://elsewhere"}, {"$defs": {"a": {"$ref": "#/$defs/a"}},
                                                                    "$ref": "#/$defs/a"}], ids=str)
def test_impossible_schemas_are_told(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="schema"):
        instance(schema, chance=random.Random(1), line=lambda _: "x")
