"""Hostile speech: what is done with a reply takes time in proportion to its length."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from pyscrai.engines.calls.sentences import before_quotations, first_sentences, whole_sentences
from pyscrai.engines.calls.speech import clean, repeated
from pyscrai.engines.calls.streamed_field import StreamedField
from pyscrai.engines.folded_text import contains_phrase
from pyscrai.engines.tools.look_up import search
from pyscrai.errors import ReplyError
from pyscrai.llm.openai.reply_text import VisibleText

SHORT, LONG = 10_000, 40_000


def said(text: str) -> None:
    try:
        clean(text, name="Ann", others=["Bob", "Bo"], max_sentences=2)
    except ReplyError:
        return


def streamed(text: str) -> str:
    shown: list[str] = []
    field = StreamedField("text", shown.append)
    whole = json.dumps({"text": text}, ensure_ascii=False)[:-2]
    for begin in range(0, len(whole), 4):
        field(whole[begin:begin + 4])
    return "".join(shown)


def test_what_streams_in_is_shown_but_for_a_small_part_at_the_end() -> None:
    for length in (10, 3_900):
        assert streamed("a" * length) == "a" * length
    shown = streamed("ab" * 20_000)
    assert shown + ("ab" * 20_000)[len(shown):] == "ab" * 20_000
    assert len(shown) > 39_000


UNITS = {
    "quoted names": ('x"', ".Bob:", '"'), "quoted lines": ("x“", "\n “Bob:", "”"), "open quotes": ("", '"', ""),
    "open marks": ("“", "a. “", ""), "names": ("x ", "Bob(", ""), "spaces": ("Bob", " ", "x"),
    "titles": ("", "Mr. ", ""), "stars": ("", "*a", ""), "full stops": ("", ".", ""),
    "line ends": ("a", "\n", "b"), "marks": ("a", "\u0301", ""),
    "marks out of order": ("a", "\u0301\u0316", ""), "ligatures": ("", "\ufdfa", ""), "words": ("", "no ", ""),
    "brackets": ("", "([", "")}
DEEDS: dict[str, Callable[[str], object]] = {
    "said": said, "phrase": lambda text: contains_phrase(text, "no " * 20 + "deal"),
    "phrase that ends so": lambda text: contains_phrase(text, "no deal"),
    "repeated": lambda text: repeated(text, [text + "x"] * 2), "first": lambda text: first_sentences(text, 2),
    "streamed": streamed, "whole": whole_sentences, "unquoted": before_quotations,
    "searched": lambda text: search(text, "no deal")}


@pytest.mark.parametrize("front", ["", "<think>", "<think></think>", "<|channel|>", "<|start_header_id|>", "analysisWe",
                                   "a<s>"])
@pytest.mark.parametrize("unit", [" ", "\n", "a", "<", "\u2003"])
def test_a_stream_of_pieces_takes_time_by_their_number(front: str, unit: str) -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        reply = VisibleText()
        reply.feed(front)
        for _ in range(count):
            reply.feed(unit)
        reply.end()
        return time.process_time() - begun

    assert seconds(40_000) < 7 * seconds(10_000) + 0.05


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_takes_twice_the_time(deed: str, unit: str) -> None:
    before, repeats, after = UNITS[unit]

    def seconds(length: int) -> float:
        text = before + repeats * (length // len(repeats)) + after
        best = float("inf")
        for _ in range(2):
            begun = time.process_time()
            DEEDS[deed](text)
            best = min(best, time.process_time() - begun)
            if best < 0.05:
                break
        return best

    assert seconds(LONG) < 7 * seconds(SHORT) + 0.05
