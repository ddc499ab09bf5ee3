"""The chat adapter against a real HTTP server that speaks the protocol and misbehaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pyscrai.engines.ports.model import Message, ModelRequest
from tests.fakeserver import Empty, FakeOpenAI, Hang, Raw, Reply
from tests.llm.endpoints import HELLO, KEY, chat_to

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
          "required": ["score"]}


@pytest.mark.parametrize("streamed", [False, True])
async def test_reply(server: FakeOpenAI, streamed: bool) -> None:
    server.plan(Reply("Hello to you.", usage={"prompt_tokens": 9, "completion_tokens": 4,
                                              "prompt_tokens_details": {"cached_tokens": 6}}))
    tokens: list[str] = []
    async with chat_to(server.base_url) as chat:
        reply = await chat.complete(HELLO, tokens.append if streamed else None)
    assert (reply.text, reply.finish_reason, reply.model) == ("Hello to you.", "stop", "fake")
    assert (reply.usage.prompt_tokens, reply.usage.cached_tokens, reply.usage.completion_tokens) == (9, 6, 4)
    assert reply.usage.cost_usd is None
    assert reply.latency_ms > 0
    assert "".join(tokens) == ("Hello to you." if streamed else "")
    assert len(tokens) == (3 if streamed else 0)
    assert json.loads(json.dumps(reply.raw)) == reply.raw
    assert reply.raw["choices"][0]["message"]["content"] == "Hello to you."
    body = server.requests[0].body
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]
    assert body["max_tokens"] == 50
    assert bool(body.get("stream")) is streamed


async def test_parameters_pass_through(server: FakeOpenAI) -> None:
    request = ModelRequest(HELLO.messages, temperature=0.1, top_p=0.8, max_tokens=7, stop=("\n", "Bob:"), seed=42)
    async with chat_to(server.base_url, temperature=1.5, max_tokens=99, extra_body={"repeat_penalty": 1.1}) as chat:
        await chat.complete(request)
        await chat.complete(ModelRequest(HELLO.messages))
    first, second = (seen.body for seen in server.requests)
    assert {name: first[name] for name in ("temperature", "top_p", "max_tokens", "stop", "seed", "repeat_penalty")} == {
        "temperature": 0.1, "top_p": 0.8, "max_tokens": 7, "stop": ["\n", "Bob:"], "seed": 42, "repeat_penalty": 1.1}
    assert (second["temperature"], second["max_tokens"]) == (1.5, 99)
    assert not {"seed", "stop", "top_p"} & second.keys()


async def test_omitted_fields_are_not_sent(server: FakeOpenAI) -> None:
    async with chat_to(server.base_url, temperature=1.0, omit=frozenset({"temperature", "stop"})) as chat:
        await chat.complete(ModelRequest(HELLO.messages, stop=("x",)))
    assert not {"temperature", "stop"} & server.requests[0].body.keys()


async def test_cancelled_call_leaves_the_client_usable(server: FakeOpenAI) -> None:
    server.plan(Hang())
    async with chat_to(server.base_url) as chat:
        task = asyncio.create_task(chat.complete(HELLO))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await chat.complete(HELLO)).text


async def test_empty_reply_is_a_reply(server: FakeOpenAI) -> None:
    server.plan(Empty(), Empty(), Raw(b'{"choices": [{"message": {"role": "assistant", "content": null}}]}'))
    async with chat_to(server.base_url) as chat:
        assert (await chat.complete(HELLO)).text == ""
        assert (await chat.complete(HELLO, lambda _: None)).text == ""
        assert (await chat.complete(HELLO)).text == ""


async def test_key_is_sent_and_shown_nowhere() -> None:
    async with FakeOpenAI(key=KEY) as server, chat_to(server.base_url, key=KEY) as chat:
        assert (await chat.complete(HELLO)).text
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        shown = f"{chat!r} {chat.client.endpoint!r} {vars(chat)} {chat._chat!r}"
        assert KEY not in shown


async def test_key_of_the_environment_is_not_used(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with chat_to(server.base_url) as chat:
        await chat.complete(HELLO)
        assert KEY not in repr(chat._chat)
    assert "authorization" not in server.requests[0].headers


async def test_prefill_is_not_repeated(server: FakeOpenAI) -> None:
    request = ModelRequest((*HELLO.messages, Message("assistant", ("Ann:",))))
    server.plan(Reply("Ann: hello there"), Reply("Ann: hello there"), Reply(" hello there"))
    tokens: list[str] = []
    async with chat_to(server.base_url, prefill=True) as chat:
        assert (await chat.complete(request)).text == " hello there"
        assert (await chat.complete(request, tokens.append)).text == " hello there"
        assert (await chat.complete(request)).text == " hello there"
    assert "".join(tokens) == " hello there"
    assert server.requests[0].body["messages"][-1] == {"role": "assistant", "content": "Ann:"}


async def test_reasoning_is_no_part_of_the_reply(server: FakeOpenAI) -> None:
    output = "<think>\nthe user says hello\n</think>\n\nHello!"
    server.plan(Reply(output), Reply(output))
    tokens: list[str] = []
    async with chat_to(server.base_url) as chat:
        plain, streamed = await chat.complete(HELLO), await chat.complete(HELLO, tokens.append)
    assert plain.text == streamed.text == "".join(tokens) == "Hello!"
    assert "the user says" in plain.raw["choices"][0]["message"]["content"]


@pytest.mark.parametrize("how", ["json_schema", "grammar", "json_object", "prompt"])
async def test_structured_output(server: FakeOpenAI, how: Any) -> None:
    request = ModelRequest(HELLO.messages, schema=SCHEMA)
    if how in ("json_object", "prompt"):
        server.plan(Reply('```json\n{"score": 3}\n```'))
    async with chat_to(server.base_url, structured=how) as chat:
        assert 1 <= json.loads((await chat.complete(request)).text)["score"] <= 5
    body = server.requests[0].body
    if how == "json_schema":
        assert body["response_format"]["json_schema"]["strict"] is True
    elif how == "grammar":
        assert body["grammar"].startswith("%llguidance {}\nstart: %json {")
    else:
        assert '"score"' in body["messages"][-1]["content"]
        assert body["messages"][0]["content"] == "Be brief."
        assert body.get("response_format") == ({"type": "json_object"} if how == "json_object" else None)


async def test_endpoint_that_does_not_stream(server: FakeOpenAI) -> None:
    server.plan(Raw(b'{"choices": [{"message": {"content": "all at once"}, "finish_reason": "length"}]}'))
    tokens: list[str] = []
    async with chat_to(server.base_url) as chat:
        reply = await chat.complete(HELLO, tokens.append)
    assert (reply.text, reply.finish_reason, tokens) == ("all at once", "length", ["all at once"])


async def test_many_calls_at_once(server: FakeOpenAI) -> None:
    server.latency = 0.05
    async with chat_to(server.base_url) as chat:
        replies = await asyncio.gather(*[chat.complete(HELLO) for _ in range(150)])
    assert len({reply.text for reply in replies}) == 1
    assert server.peak_in_flight > 100, "nothing in the client limits calls in flight"
