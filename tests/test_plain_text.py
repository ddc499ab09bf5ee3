"""Any text and any JSON value becomes storable, and what was storable stays as it was."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyscrai.plain_text import DEEPEST, TextJoiner, storable, storable_json

ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from("\x00\ud83d\ude00\ud800\udfff"), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(min_value=2**63) | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=12)


@pytest.mark.parametrize(("text", "expected"), [
    ("plain", "plain"),
    ("ünï 😀", "ünï 😀"),
    ("a\x00b", "a\ufffdb"),
    ("a\ud83db", "a\ufffdb"),
    ("c\ude00d", "c\ufffdd"),
    ("\ud83d\ude00", "😀"),
    ("\ude00\ud83d", "\ufffd\ufffd"),
    ("\ud83d\ud83d\ude00", "\ufffd😀"),
    ("ends \ud83d", "ends \ufffd"),
])
def test_text(text: str, expected: str) -> None:
    assert storable(text) == expected


@settings(max_examples=200)
@given(ANY_TEXT)
def test_any_text_becomes_storable_and_stays_so(text: str) -> None:
    clean = storable(text)
    assert "\x00" not in clean
    assert clean.encode().decode() == clean
    assert storable(clean) == clean


@settings(max_examples=200)
@given(st.lists(ANY_TEXT, max_size=6))
@example(["Well \ud83d", "\ude00 said"])
@example(["\ud83d", "", "\ude00"])
def test_pieces_give_what_the_whole_gives(pieces: list[str]) -> None:
    joiner = TextJoiner()
    shown = [joiner.feed(piece) for piece in pieces]
    assert all(piece.encode() is not None for piece in shown)
    assert "".join(shown) + joiner.end() == storable("".join(pieces))


@settings(max_examples=200)
@given(ANY_JSON)
def test_any_json_value_becomes_storable(value: Any) -> None:
    clean = storable_json(value)
    assert storable_json(clean) == clean
    assert orjson.loads(json.dumps(clean)) == clean, "what is written can be read by a strict reader"


def test_numbers_and_keys() -> None:
    assert storable_json({"a\x00": [1, 2**63, -2**63, True, 1.5]}) == {"a\ufffd": [1, 2**63, -2**63, True, 1.5]}
    assert storable_json([10**400, 2**70, float("nan"), float("-inf")]) == [None, float(2**70), None, None]


def test_what_is_nested_too_deep_is_told() -> None:
    value: Any = []
    for _ in range(DEEPEST - 1):
        value = [value]
    assert storable_json(value) == value
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested deeper"):
        storable_json(value)
