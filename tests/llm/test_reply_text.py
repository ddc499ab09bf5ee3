"""What of an output is the reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyscrai.llm.openai.reply_text import VisibleStream, unfenced, visible


@pytest.mark.parametrize(("output", "prefix", "text"), [
    ("hello", "", "hello"),
    ("  hello", "", "  hello"),
    ("Ann: hello", "Ann:", " hello"),
    ("hello", "Ann:", "hello"),
    ("Ann: Ann: x", "Ann:", " Ann: x"),
    ("<think>a</think>b", "", "b"),
    ("\n<think>a\n</think>\n\nAnn: b", "Ann:", " b"),
    ("<think>never ends", "", ""),
    ("a <think>b</think>", "", "a <think>b</think>"),
    ("<thinks>", "", "<thinks>"),
    ("", "Ann:", ""),
    ("An", "Ann:", "An"),
])
def test_visible(output: str, prefix: str, text: str) -> None:
    assert visible(output, prefix) == text


PIECES = ["<think>", "</think>", "<th", "ink>", "Ann", ":", " ", "\n", "x", "Ann:"]
pieces = st.lists(st.sampled_from(PIECES), max_size=12)


@given(pieces, st.sampled_from(["", "Ann:", "Ann: x"]))
def test_a_stream_shows_what_the_whole_shows(parts: list[str], prefix: str) -> None:
    stream = VisibleStream(prefix)
    shown = "".join([stream.feed(part) for part in parts]) + stream.end()
    assert shown == visible("".join(parts), prefix)


def test_ordinary_text_is_not_held_back() -> None:
    stream = VisibleStream("Ann:")
    assert [stream.feed(piece) for piece in ("An", "n: ", "hi", " you")] == ["", " ", "hi", " you"]


@pytest.mark.parametrize(("text", "inside"), [
    ('```json\n{"a": 1}\n```', '{"a": 1}'), ('\n```\n[]\n```  ', "[]"), ('{"a": 1}', '{"a": 1}'),
    ("see ```x``` there", "see ```x``` there"),
])
def test_unfenced(text: str, inside: str) -> None:
    assert unfenced(text) == inside
