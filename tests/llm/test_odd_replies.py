"""Whatever an endpoint answers becomes a reply or a ``ModelError``, and what is kept of it can be stored."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda

from pyscrai.config.settings import Prices
from pyscrai.engines.ports.model import ModelReply
from pyscrai.errors import ModelError, ModelReplyMalformed, ModelServerError
from pyscrai.llm.openai import completion
from pyscrai.llm.openai.chat import OpenAIChat
from pyscrai.llm.openai.reply_text import LONGEST_REPLY
from tests.fakeserver import FakeOpenAI, Raw, Reply
from tests.llm.endpoints import HELLO, chat_to
from tests.test_plain_text import ANY_JSON

WHOLE: dict[str, Any] = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "fake", "system_fingerprint": "x",
    "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                 "message": {"role": "assistant", "content": "Hello.", "refusal": None, "reasoning_content": "hm"}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "cost": 0.1,
              "prompt_tokens_details": {"cached_tokens": 1}, "completion_tokens_details": {"reasoning_tokens": 0}},
    "timings": {}, "error": None,
}
CHUNK: dict[str, Any] = {
    **{name: WHOLE[name] for name in ("id", "created", "model", "usage", "timings", "error")},
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "finish_reason": None, "delta": {"role": "assistant", "content": "Hel",
                                                             "reasoning_content": None}}],
}
LAST: dict[str, Any] = {"choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": "lo."}}]}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    value = copy.deepcopy(value)
    inner = value
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = new
    return value


class Listening:
    """A chat to a server of its own, on a loop of its own, for tests that are not asynchronous."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.server = FakeOpenAI()
        self.runner.run(self.server.__aenter__())
        self.context = chat_to(self.server.base_url, price=Prices(input_per_mtok=1, output_per_mtok=1))
        self.chat: OpenAIChat = self.runner.run(self.context.__aenter__())

    def close(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.run(self.server.__aexit__(None, None, None))
        self.runner.close()

    def ask(self, answer: Raw, *, streamed: bool = False, watched: bool = False) -> ModelReply | ModelError:
        async def asked(_: Any = None) -> ModelReply:
            return await self.chat.complete(HELLO, (lambda _: None) if streamed else None)

        async def ask() -> ModelReply | ModelError:
            self.server.plan(answer)
            try:
                if watched:
                    return await RunnableLambda(asked).ainvoke("", config={"callbacks": [AsyncCallbackHandler()]})
                return await asked()
            except ModelError as error:
                return error
        return self.runner.run(ask())


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    listening = Listening()
    yield listening
    listening.close()


def holds(result: ModelReply | ModelError) -> None:
    """What the record does with it, and what it may say."""
    if isinstance(result, ModelError):
        text = json.dumps(result.as_dict(), ensure_ascii=False)
        text.encode()
        assert len(text) < 2_000
        return
    result.text.encode()  # raises where half a character is left
    assert "\x00" not in result.text
    assert len(result.text) <= LONGEST_REPLY
    assert orjson.loads(orjson.dumps(result.raw)) == result.raw
    assert result.finish_reason
    usage = result.usage
    for count in (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens):
        assert isinstance(count, int)
        assert 0 <= count < 2**32
    assert usage.cost_usd is None or (math.isfinite(usage.cost_usd) and usage.cost_usd >= 0)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(places(WHOLE))), ANY_JSON, st.booleans(), st.booleans())
@example(("usage",), "many", False, True)
@example(("usage",), [1], False, True)
@example(("usage", "prompt_tokens"), -5, False, True)
@example(("usage", "completion_tokens"), 10**400, False, False)
@example(("choices", 0), None, False, False)
@example(("choices", 0, "message", "role"), None, False, True)
@example(("choices", 0, "message", "content"), [{"type": "text", "text": "Hello."}], False, True)
@example(("choices", 0, "finish_reason"), {"why": 1}, True, False)
@example(("model",), {"name": "x\ny"}, False, True)
def test_any_value_anywhere_in_a_completion(listening: Listening, at: tuple[Any, ...], new: Any, streamed: bool,
                                            watched: bool) -> None:
    body = json.dumps(changed(WHOLE, at, new)).encode()
    holds(listening.ask(Raw(body), streamed=streamed, watched=watched))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(places(CHUNK))), ANY_JSON, st.booleans())
@example(("choices", 0, "delta"), "a text", True)
@example(("choices", 0, "delta", "content"), [{"type": "text", "text": "Hello."}], True)
@example(("choices",), [None], True)
def test_any_value_anywhere_in_a_chunk(listening: Listening, at: tuple[Any, ...], new: Any, watched: bool) -> None:
    chunks = [changed(CHUNK, at, new), LAST]
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data:\n\ndata: [DONE]\n\n"
    holds(listening.ask(Raw(body, "text/event-stream"), streamed=True, watched=watched))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"data: ", b'data: {"choices":', b'{"choices": [{"message": ']),
       st.booleans())
def test_any_bytes(listening: Listening, body: bytes, before: bytes, streamed: bool) -> None:
    kind = "text/event-stream" if streamed else "application/json"
    holds(listening.ask(Raw(before + body, kind), streamed=streamed))


@settings(max_examples=60, deadline=None)
@given(ANY_JSON, st.booleans())
@example({"message": ["a"], "code": 10**30, "type": {"a": 1}}, False)
@example({"message": "m", "code": 400, "type": "exceed_context_size_error", "n_ctx": "x",
          "n_prompt_tokens": 2**90}, True)
def test_any_error_object(listening: Listening, error: Any, streamed: bool) -> None:
    body = json.dumps({"error": error}).encode()
    if streamed:
        holds(listening.ask(Raw(b"data: " + body + b"\n\ndata: [DONE]\n\n", "text/event-stream"), streamed=True))
    else:
        holds(listening.ask(Raw(body)))


@pytest.mark.parametrize(("content", "text"), [
    ([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}], "Hello."),
    ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hello."}],
     "Hello."),
    ([{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": "Hello."}], "Hello."),
    (["Hello", "."], "Hello."),
    ([], ""),
])
@pytest.mark.parametrize("streamed", [False, True])
async def test_content_in_parts(server: FakeOpenAI, content: Any, text: str, streamed: bool) -> None:
    message = {"role": "assistant", "content": content}
    if streamed:
        chunk = {"choices": [{"index": 0, "delta": message, "finish_reason": "stop"}]}
        server.plan(Raw(b"data: " + json.dumps(chunk).encode() + b"\n\n", "text/event-stream"))
    else:
        server.plan(Raw(json.dumps({"choices": [{"message": message}]}).encode()))
    async with chat_to(server.base_url) as chat:
        assert (await chat.complete(HELLO, (lambda _: None) if streamed else None)).text == text


@pytest.mark.parametrize(("said", "reason"), [
    ("stop", "stop"), ("eos", "stop"), ("end_turn", "stop"), ("MAX_TOKENS", "length"), ("model_length", "length"),
    ("SAFETY", "content_filter"), ("content_filter", "content_filter"), ("tool_calls", "tool_calls"), ("odd", "odd"),
    (None, "stop"), (7, "stop"),
])
async def test_finish_reasons(server: FakeOpenAI, said: Any, reason: str) -> None:
    server.plan(Raw(json.dumps({"choices": [{"message": {"content": "x"}, "finish_reason": said}]}).encode()))
    async with chat_to(server.base_url) as chat:
        reply = await chat.complete(HELLO)
    assert reply.finish_reason == reason
    assert reply.cut_by == (reason if reason in ("length", "content_filter") else None)


@pytest.mark.parametrize("streamed", [False, True])
async def test_finish_error_is_a_failed_try(server: FakeOpenAI, streamed: bool) -> None:
    server.plan(Reply("half of", finish_reason="error"))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelServerError) as caught:
            await chat.complete(HELLO, (lambda _: None) if streamed else None)
    assert caught.value.retryable


async def test_a_refusal_is_filtered_content(server: FakeOpenAI) -> None:
    server.plan(Raw(b'{"choices": [{"message": {"content": null, "refusal": "I cannot."}, "finish_reason": "stop"}]}'))
    async with chat_to(server.base_url) as chat:
        reply = await chat.complete(HELLO)
    assert (reply.text, reply.cut_by) == ("", "content_filter")


async def test_what_is_not_counted_costs_something_unknown(server: FakeOpenAI) -> None:
    price = Prices(input_per_mtok=1, output_per_mtok=1)
    server.plan(Reply("a", usage={}), Reply("a", usage={"prompt_tokens": 5}),
                Reply("a", usage={"prompt_tokens": "5", "completion_tokens": 1}),
                Reply("a", usage={"prompt_tokens": 5, "completion_tokens": 5}))
    async with chat_to(server.base_url, price=price) as chat:
        costs = [(await chat.complete(HELLO)).usage.cost_usd for _ in range(4)]
    assert costs == [None, None, None, pytest.approx(10 / 1_000_000)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_reply_has_a_bound(server: FakeOpenAI, streamed: bool) -> None:
    server.plan(Reply("x" * 50_000 + " " + "y" * 900_000))
    shown: list[str] = []
    async with chat_to(server.base_url) as chat:
        reply = await chat.complete(HELLO, shown.append if streamed else None)
    assert (len(reply.text), reply.finish_reason) == (LONGEST_REPLY, "length")
    assert len(orjson.dumps(reply.raw)) < 2 * LONGEST_REPLY
    assert "".join(shown) == (reply.text if streamed else "")


class Packed(FakeOpenAI):
    """Sends every answer packed by gzip."""

    async def _send(self, writer: Any, status: bytes, body: bytes, **_: Any) -> bool:  # type: ignore[override]
        packed = gzip.compress(body, 1)
        head = f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + packed)
        await writer.drain()
        return True


@pytest.mark.parametrize("kind", ["reply", "error"])
async def test_a_packed_bomb_is_not_unpacked(kind: str) -> None:
    bomb = b'{"choices": [{"message": {"content": "' + b"x" * 300_000_000
    packed = gzip.compress(bomb, 1)
    del bomb

    class Bomb(Packed):
        async def _send(self, writer: Any, status: bytes, body: bytes, **_: Any) -> bool:  # type: ignore[override]
            status = b"200 OK" if kind == "reply" else b"500 Error"
            head = f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + packed)
            await writer.drain()
            return True

    async with Bomb() as server, chat_to(server.base_url) as chat:
        tracemalloc.start()
        try:
            with pytest.raises(ModelReplyMalformed if kind == "reply" else ModelServerError) as caught:
                await chat.complete(HELLO)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 6 * completion.MOST_BYTES
    if kind == "reply":
        assert "larger than 16,000,000 bytes" in str(caught.value)


async def test_a_packed_reply_is_read() -> None:
    async with Packed(default=Reply("Hello.")) as server, chat_to(server.base_url) as chat:
        assert (await chat.complete(HELLO)).text == "Hello."
