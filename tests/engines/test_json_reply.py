"""Replies that must satisfy a JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

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
    ('{"n": 1, "x": 2}', "'x' was unexpected"), ("3", "the object")])
def test_what_cannot_be_used_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(ReplyError, match=says):
        parse(text, SCHEMA)
