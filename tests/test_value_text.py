"""Values as people and prompts read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyscrai.prompts.library import render_text
from pyscrai.value_text import change_text, quoted_text, value_text


@pytest.mark.parametrize(("value", "text"), [
    (6.800000000000001, "6.8"), (0.1 + 0.2, "0.3"), (2.0, "2.0"), (1e22, "1e+22"), (3, "3"), (True, "true"),
    (None, "null"), ("plain", "plain"),
    ({"end": "x", "n": 0.1 + 0.2}, '{"end": "x", "n": 0.3}'), (("a", 1), '["a", 1]'),
    (ValueError("no"), "no")])
def test_a_value_is_shown_as_people_write_it(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_prompts_show_values_in_the_same_way() -> None:
    values = {"heat": 6.800000000000001, "diverted": False, "names": ["a"], "n": 3, "name": "Ann"}
    assert render_text("{{ heat }} {{ diverted }} {{ names }} {{ n }} {{ name }}", values) == '6.8 false ["a"] 3 Ann'


@given(st.text(max_size=30))
def test_a_text_among_others_is_itself_or_json(text: str) -> None:
    shown = quoted_text(text)
    assert "\n" not in shown
    assert shown == text or json.loads(shown) == text


@pytest.mark.parametrize(("old", "new", "told"), [
    (4, 5, "4 → 5"),
    (["rust"], [], '["rust"] → []'),
    (["a" * 40, "b" * 40, "c"], ["a" * 40, "c"], f'− "{"b" * 40}"'),
    (["a" * 40, "c"], ["a" * 40, "b, " * 20, "c"], f'+ "{"b, " * 20}"'),
    (["a" * 40, "b" * 40], ["b" * 40, "a" * 40], None),
    ({"ann": ["x" * 60], "bob": 3}, {"ann": ["x" * 60], "bob": 4}, "bob: 3 → 4"),
    ("x" * 60, "y" * 60, None),
])
def test_of_a_long_change_only_what_differs_is_told(old: Any, new: Any, told: str | None) -> None:
    assert change_text(old, new) == (told or f"{value_text(old)} → {value_text(new)}")
