"""Phrases and choices found as people write them."""

from __future__ import annotations

import pytest

from pyscrai.engines.folded_text import chosen, contains_phrase


@pytest.mark.parametrize(("text", "phrase", "found"), [
    ("There is no dealer here.", "no deal", False), ("No deal!", "no deal", True), ("NO\nDEAL", "no deal", True),
    ("That’s a deal.", "that's a deal", True), ("It is *no* **deal**, sorry.", "no deal", True),
    ("Undone, done.", "done", True), ("undone", "done", False), ("I say: done!", "done!", True),
    ("我们没有成交了", "成交", True), ("Straße", "STRASSE", True), ("a b", "", False),
    ("the word is “over”", '"over"', True), ("C++ is over", "c++", True), ("well-done", "done", True)])
def test_a_phrase_is_found_as_whole_words(text: str, phrase: str, found: bool) -> None:
    assert contains_phrase(text, phrase) is found


@pytest.mark.parametrize(("said", "choice"), [
    ("evacuate", "evacuate"), ("Evacuate", "evacuate"), ('"STAY."', "stay"), ("**stay**", "stay"), ("`stay`", "stay"),
    ("Mayor Ruiz", "mayor"), ("mayor ruiz.", "mayor"), ("to stay", None), ("", None), ("Ruiz", None)])
def test_a_choice_in_other_words(said: str, choice: str | None) -> None:
    assert chosen(said, ["evacuate", "stay", "mayor"], {"mayor": "Mayor Ruiz"}) == choice


def test_what_fits_two_choices_is_none() -> None:
    assert chosen("a", ["A", "a."]) is None
    assert chosen("Ann", ["ann", "x"], {"x": "Ann"}) is None
