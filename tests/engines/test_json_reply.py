"""Replies that must satisfy a JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pyscrai.engines.calls.json_reply import parse
from pyscrai.errors import ReplyError

SCHEMA: dict[str, Any] = {"type": "object", "required": ["n"], "additionalProperties": False,
                          "properties": {"n": {"type": "integer", "maximum": 5}, "s": {"type": "string"}}}


@pytest.mark.parametrize("text", [
    '{"n": 3}', '  {"n": 3}\n', '```json\n{"n": 3}\n```', '```\n{"n": 3}\n```',
    'Here it is: {"n": 3} I hope it helps.'])
def test_an_object_is_found_in_what_stands_around_it(text: str) -> None:
    assert parse(text, SCHEMA) == {"n": 3}


def test_line_breaks_in_strings_are_taken() -> None:
    assert parse('{"n": 1, "s": "one\ntwo"}', SCHEMA)["s"] == "one\ntwo"


@pytest.mark.parametrize(("text", "says"), [
    ("", "not a JSON object"), ("no", "not a JSON object"),
    ('{"n": 3', "not a JSON object"), ("{{}", "not a JSON object"),
    ('{"n": 9}', "n: 9 is greater"), ("{}", "the object: 'n' is a required"), ("[1]", "the object"),
    ("3", "the object")])
def test_what_cannot_be_used_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(ReplyError, match=says):
        parse(text, SCHEMA)


VOTE = {"type": "object", "additionalProperties": False, "required": ["next", "n"], "properties": {
    "next": {"enum": ["mayor", "ben"]}, "n": {"type": "number"}, "k": {"type": "integer"}, "sure": {"type": "boolean"},
    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}


@pytest.mark.parametrize(("text", "value"), [
    ('{"next": "Mayor Ruiz", "n": 1}', {"next": "mayor", "n": 1}),
    ('{"next": "BEN.", "n": "10"}', {"next": "ben", "n": 10}),
    ('{"next": "\\"ben\\"", "n": 1, "k": 10.0}', {"next": "ben", "n": 1, "k": 10}),
    ('{"next": "ben", "n": 1, "why": "so"}', {"next": "ben", "n": 1}),
    ('{"next": "ben", "n": 1,}', {"next": "ben", "n": 1}),
    ('I {think} so: {"next": "ben", "n": 1}. {Really}.', {"next": "ben", "n": 1}),
    ('{"Next": "ben", "N": "1.5", "sure": "Yes"}', {"next": "ben", "n": 1.5, "sure": True}),
    ('{"next": "ben", "n": 1, "note": null}', {"next": "ben", "n": 1, "note": None}),
    ('Here:\n```json\n{"next": "ben", "n": 1}\n```\nDone.', {"next": "ben", "n": 1}),
    ('{"next": "ben", "n": 1, "note": "a,}"}', {"next": "ben", "n": 1, "note": "a,}"})])
def test_what_is_clearly_meant_is_read(text: str, value: dict[str, Any]) -> None:
    assert parse(text, VOTE, names={"mayor": "Mayor Ruiz", "ben": "Ben"}) == value


@pytest.mark.parametrize(("text", "says"), [
    ('{"next": "ann", "n": 1}', 'next: "ann" is none of "mayor", "ben"'),
    ('{"next": "ben", "n": "ten"}', "n: 'ten' is not"),
    ('{"next": "ben" "n": 1}', "Expecting ',' delimiter at line 1, column 16"), ('{"next": "ben", "n": NaN}', "NaN"),
    ("[" * 100_000, "nested too deep"), ('{"next": "ben", "n": ' + "9" * 5000 + "}", "not a JSON object")])
def test_the_exact_fault_is_told(text: str, says: str) -> None:
    with pytest.raises(ReplyError) as caught:
        parse(text, VOTE)
    assert says in caught.value.message


def test_a_persons_unknown_key_is_an_error() -> None:
    with pytest.raises(ReplyError, match="why"):
        parse('{"next": "ben", "n": 1, "why": "so"}', VOTE, drop_unknown=False)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
                    lambda part: st.lists(part, max_size=3) | st.dictionaries(
                        st.sampled_from(["next", "n", "k", "sure", "note", "x"]), part, max_size=4), max_leaves=8)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_is_read_as_the_schema_wants_or_refused(value: Any) -> None:
    try:
        read = parse(json.dumps(value), VOTE)
    except ReplyError:
        return
    assert Draft202012Validator(VOTE).is_valid(read)
