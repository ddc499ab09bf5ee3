"""Models that reason: their reasoning stays out of the reply, and their bound leaves room for both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyscrai.config.settings import ModelAlias, Prices
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelThoughtOnly
from pyscrai.llm.reasoning_models import THINKING_TOKENS, thinking_tokens
from tests.fakeserver import FakeOpenAI, Raw, Reply
from tests.faults import Behaviour, Seen
from tests.llm.endpoints import HELLO, chat_to


def thinker(needs: int) -> Any:
    """A model that spends ``needs`` tokens on thinking, hidden as OpenAI hides it, before it says a word."""
    def answer(seen: Seen) -> Behaviour:
        bound = seen.body.get("max_tokens", seen.body.get("max_completion_tokens"))
        if bound is not None and bound < needs + 10:
            usage = {"prompt_tokens": 5, "completion_tokens": bound,
                     "completion_tokens_details": {"reasoning_tokens": bound}}
            return Reply("", finish_reason="length", usage=usage)
        return Reply("Hello.", usage={"prompt_tokens": 5, "completion_tokens": needs + 2})
    return answer


@pytest.mark.parametrize(("model", "room"), [
    ("gpt-5-mini", THINKING_TOKENS), ("o3", THINKING_TOKENS), ("openai/gpt-5", THINKING_TOKENS),
    ("openai/gpt-oss-20b", THINKING_TOKENS), ("deepseek-ai/DeepSeek-R1", THINKING_TOKENS),
    ("qwen/qwen3-8b", THINKING_TOKENS), ("gemini-2.5-flash", THINKING_TOKENS),
    ("gpt-4o", 0), ("gpt-5-chat-latest", 0), ("llama3.2", 0), ("qwen3-30b-a3b-instruct-2507", 0), ("qwen2.5-7b", 0),
])
def test_models_that_are_known_to_reason_have_room(model: str, room: int) -> None:
    assert thinking_tokens(ModelAlias(model=model)) == room
    assert thinking_tokens(ModelAlias(model=model, thinking_tokens=7)) == 7
    assert thinking_tokens(ModelAlias(model=model, context_tokens=4_096)) == min(room, 2_048)


async def test_room_for_thinking_comes_on_top_of_the_bound(server: FakeOpenAI) -> None:
    async with chat_to(server.base_url, thinking_tokens=1000) as chat:
        await chat.complete(HELLO)
        await chat.complete(ModelRequest(HELLO.messages))
    assert server.requests[0].body["max_tokens"] == 50 + 1000
    assert "max_tokens" not in server.requests[1].body, "where nothing bounds the reply, nothing is sent"


async def test_an_empty_reply_is_asked_for_once_more_with_more_room(server: FakeOpenAI) -> None:
    server.default = thinker(2_000)
    async with chat_to(server.base_url, price=Prices(input_per_mtok=0, output_per_mtok=1e6)) as chat:
        reply = await chat.complete(HELLO)
        again = await chat.complete(HELLO)
    assert (reply.text, again.text) == ("Hello.", "Hello.")
    first, second, third = (seen.body["max_tokens"] for seen in server.requests)
    assert first == 50
    assert second == third >= 2_050, "what was found out once is not found out again"
    assert reply.usage.completion_tokens == 50 + 2_002, "both tries were paid for"
    assert reply.usage.cost_usd == 50 + 2_002
    assert reply.raw["first_try"]["finish_reason"] == "length"


@pytest.mark.parametrize("streamed", [False, True])
async def test_what_spends_all_on_thinking_is_told_as_such(server: FakeOpenAI, streamed: bool) -> None:
    server.default = thinker(10**9)
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelThoughtOnly, match=r"spent its .* tokens on thinking") as caught:
            await chat.complete(HELLO, (lambda _: None) if streamed else None)
    assert len(server.requests) == 2
    assert "thinking_tokens" in (caught.value.cure or "")


@pytest.mark.parametrize("message", [
    {"content": "", "reasoning_content": "hm"}, {"content": None, "reasoning": "hm"}, {"content": "<think>hm</think>"},
    {"content": "<|channel|>analysis<|message|>hm<|end|>"},
])
@pytest.mark.parametrize("streamed", [False, True])
async def test_reasoning_without_a_reply(server: FakeOpenAI, message: dict[str, Any], streamed: bool) -> None:
    if streamed:
        chunk = {"choices": [{"delta": message, "finish_reason": "stop"}]}
        server.plan(Raw(b"data: " + json.dumps(chunk).encode() + b"\n\n", "text/event-stream"))
    else:
        server.plan(Raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelThoughtOnly):
            await chat.complete(HELLO, (lambda _: None) if streamed else None)


async def test_a_second_try_stays_within_the_context(server: FakeOpenAI) -> None:
    server.default = thinker(10**9)
    async with chat_to(server.base_url, context_tokens=2_000) as chat:
        with pytest.raises(ModelThoughtOnly):
            await chat.complete(HELLO)
    assert [seen.body["max_tokens"] for seen in server.requests] == [50, 1_050]


class Screen:
    """A listener that can take back what it has shown."""

    def __init__(self) -> None:
        self.text = ""
        self.taken_back: list[str] = []

    def __call__(self, text: str) -> None:
        self.text += text

    def take_back(self) -> None:
        self.taken_back.append(self.text)
        self.text = ""


async def test_thinking_whose_beginning_is_not_marked_is_taken_back_and_then_held_back(server: FakeOpenAI) -> None:
    server.default = Reply("So she greets. </think> Hello to you.")
    first, second = Screen(), Screen()
    async with chat_to(server.base_url) as chat:
        replies = [await chat.complete(HELLO, first), await chat.complete(HELLO, second), await chat.complete(HELLO)]
    assert [reply.text for reply in replies] == ["Hello to you."] * 3
    assert (first.text, first.taken_back) == ("Hello to you.", ["So she greets. "])
    assert (second.text, second.taken_back) == ("Hello to you.", [])
