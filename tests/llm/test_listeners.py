"""Watching never reaches playing; and what is watched is text that can be shown."""

from __future__ import annotations

import json

import pytest

from tests.fakeserver import FakeOpenAI, Raw, Reply
from tests.llm.endpoints import HELLO, chat_to


def streamed(*pieces: str) -> Raw:
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})  # type: ignore[dict-item]
    return Raw(b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks), "text/event-stream")


async def test_a_listener_that_fails_does_not_reach_the_call(server: FakeOpenAI) -> None:
    heard: list[str] = []

    def listener(text: str) -> None:
        heard.append(text)
        raise RuntimeError("the screen is gone")

    server.plan(Reply("one two three"), Reply("four five"))
    async with chat_to(server.base_url) as chat:
        assert (await chat.complete(HELLO, listener)).text == "one two three"
        assert heard == ["one "], "it is not called again in this call"
        assert (await chat.complete(HELLO, listener)).text == "four five"


@pytest.mark.parametrize(("pieces", "text"), [
    (("Well \ud83d", "\ude00 said"), "Well 😀 said"),
    (("Well \ud83d", "said"), "Well \ufffdsaid"),
    (("Well \ude00", "\ud83d"), "Well \ufffd\ufffd"),
    (("nul \x00", "."), "nul \ufffd."),
])
async def test_a_character_that_is_cut_in_two(server: FakeOpenAI, pieces: tuple[str, str], text: str) -> None:
    server.plan(streamed(*pieces), Raw(json.dumps({"choices": [{"message": {"content": "".join(pieces)}}]}).encode()))
    heard: list[str] = []
    async with chat_to(server.base_url) as chat:
        reply, plain = await chat.complete(HELLO, heard.append), await chat.complete(HELLO)
    assert reply.text == plain.text == text
    assert "".join(heard) == text
    for each in (*heard, json.dumps(reply.raw, ensure_ascii=False)):
        each.encode()
