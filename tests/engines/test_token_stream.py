"""What watchers are told of a reply that streams in, and that nothing of theirs reaches the call."""

from __future__ import annotations

import pytest

from pyscrai.engines.calls.token_stream import TokenStream


@pytest.mark.parametrize(("speech", "first", "second"), [
    ("", ["So, she ", "greets."], ["Hel", "lo."]),
    ("text", ['{"text": "So, ', 'she greets."}'], ['{"text": "Hel', 'lo."}']),
])
def test_a_model_takes_back_what_was_no_part_of_its_reply(speech: str, first: list[str], second: list[str]) -> None:
    told: list[str | None] = []
    pieces = TokenStream(lambda role, turn, text: told.append(text), "ann", 3).of_a_try(speech)
    assert pieces is not None
    for piece in first:
        pieces(piece)
    getattr(pieces, "take_back")()  # noqa: B009 (models look for it so)
    for piece in second:
        pieces(piece)
    taken = told.index(None)
    assert "".join(text or "" for text in told[:taken]) == "So, she greets."
    assert "".join(text or "" for text in told[taken:]) == "Hello."


def test_a_listener_that_fails_is_told_no_more() -> None:
    calls = []

    def listener(role: str, turn: int, text: str | None) -> None:
        calls.append(text)
        raise RuntimeError("gone")

    stream = TokenStream(listener, "ann", 3)
    pieces = stream.of_a_try("")
    assert pieces is not None
    pieces("one")
    pieces("two")
    stream.take_back()
    assert calls == ["one"]
    assert stream.of_a_try("") is None
