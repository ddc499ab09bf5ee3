"""The chat adapter against a real HTTP server that speaks the protocol and misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from pyscrai.config import ModelAlias
from pyscrai.engines.ports import Message, ModelRequest
from pyscrai.errors import (
    ModelContextExceeded,
    ModelError,
    ModelRateLimited,
    ModelRefused,
    ModelReplyMalformed,
    ModelServerError,
    ModelTimeout,
    ModelUnavailable,
)
from pyscrai.llm.chat import OpenAIChat
from pyscrai.llm.wire import Endpoint
from tests.fakeserver import (
    Behaviour,
    Cut,
    Drip,
    Drop,
    Empty,
    FakeOpenAI,
    Hang,
    Malformed,
    RateLimited,
    Raw,
    Reply,
    Status,
)

KEY = "sk-very-secret-1234567890"
HELLO = ModelRequest((Message("system", ("Be brief.",)), Message("user", ("Say ", "hello."))), max_tokens=50)
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
          "required": ["score"]}


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


@asynccontextmanager
async def chat_to(url: str, *, key: str | None = None, **settings: Any) -> AsyncIterator[OpenAIChat]:
    alias = ModelAlias(name="test", base_url=url, model="fake", **{"timeout": 10.0, **settings})
    chat = OpenAIChat(alias, Endpoint("test", url, key=key, key_env="TEST_KEY", omit=alias.omit))
    try:
        yield chat
    finally:
        await chat.aclose()


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


FAILURES: list[tuple[Behaviour, type[ModelError]]] = [
    (RateLimited(0.5), ModelRateLimited),
    (RateLimited(code="insufficient_quota"), ModelRefused),
    (Status(500), ModelServerError),
    (Status(503, headers={"Retry-After": "2"}), ModelServerError),
    (Status(400, "Unsupported parameter"), ModelRefused),
    (Status(401, code="invalid_api_key"), ModelRefused),
    (Status(403), ModelRefused),
    (Status(404, "no such model"), ModelRefused),
    (Status(307), ModelRefused),
    (Status(408), ModelTimeout),
    (Status(400, "too long", "context_length_exceeded"), ModelContextExceeded),
    (Status(400, "This model's maximum context length is 8192 tokens."), ModelContextExceeded),
    (Malformed(), ModelReplyMalformed),
    (Raw(b"<html>hello</html>", "text/html"), ModelReplyMalformed),
    (Raw(b""), ModelReplyMalformed),
    (Raw(b"[]"), ModelReplyMalformed),
    (Raw(b'{"choices": []}'), ModelReplyMalformed),
    (Raw(b'{"choices": [{"message": {"content": [1]}}]}'), ModelReplyMalformed),
    (Raw(b'{"error": {"message": "upstream is full", "code": 429}}'), ModelRateLimited),
    (Raw(b'{"error": "something"}'), ModelServerError),
    (Drop(), ModelUnavailable),
    (Cut(0.0), ModelUnavailable),
    (Cut(), ModelUnavailable),
]


@pytest.mark.parametrize(("behaviour", "kind"), FAILURES, ids=str)
@pytest.mark.parametrize("streamed", [False, True])
async def test_failures_have_kinds(server: FakeOpenAI, behaviour: Behaviour, kind: type[ModelError],
                                   streamed: bool) -> None:
    server.plan(behaviour)
    async with chat_to(server.base_url, key=KEY) as chat:
        with pytest.raises(ModelError) as caught:
            await chat.complete(HELLO, (lambda _: None) if streamed else None)
        assert type(caught.value) is kind
        assert KEY not in f"{caught.value!r} {caught.value} {caught.value.as_dict()}"
        assert (await chat.complete(HELLO)).text, "the next call works"


async def test_retry_after(server: FakeOpenAI) -> None:
    server.plan(RateLimited(0.5), Status(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
                Status(429, headers={"retry-after-ms": "1500"}), Status(429, headers={"Retry-After": "soon"}))
    waits = []
    async with chat_to(server.base_url) as chat:
        for _ in range(4):
            with pytest.raises(ModelRateLimited) as caught:
                await chat.complete(HELLO)
            waits.append(caught.value.retry_after)
    assert waits == [0.5, 0.0, 1.5, None]


async def test_context_exceeded_keeps_the_counts(server: FakeOpenAI) -> None:
    server.plan(Status(400, "request (6031 tokens) exceeds", extra={
        "type": "exceed_context_size_error", "code": 400, "n_prompt_tokens": 6031, "n_ctx": 4096}))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelContextExceeded) as caught:
            await chat.complete(HELLO)
    assert (caught.value.details["n_prompt_tokens"], caught.value.details["n_ctx"]) == (6031, 4096)


@pytest.mark.parametrize("behaviour", [Hang(), Drip(0.02)], ids=str)
@pytest.mark.parametrize("streamed", [False, True])
async def test_timeout_is_for_the_whole_call(server: FakeOpenAI, behaviour: Behaviour, streamed: bool) -> None:
    server.plan(behaviour)
    async with chat_to(server.base_url, timeout=0.3) as chat:
        with pytest.raises(ModelTimeout) as caught:
            await chat.complete(HELLO, (lambda _: None) if streamed else None)
    assert caught.value.retryable


async def test_nobody_there(server: FakeOpenAI) -> None:
    async with FakeOpenAI() as gone:
        url = gone.base_url
    async with chat_to(url) as chat:
        with pytest.raises(ModelUnavailable, match=r"cannot reach 127\.0\.0\.1"):
            await chat.complete(HELLO)


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
        shown = f"{chat!r} {chat.wire.endpoint!r} {vars(chat)} {chat._chat!r}"
        assert KEY not in shown


async def test_wrong_key_that_is_echoed_is_redacted() -> None:
    async with FakeOpenAI(key="another") as server, chat_to(server.base_url, key=KEY) as chat:
        with pytest.raises(ModelRefused, match="TEST_KEY") as caught:
            await chat.complete(HELLO)
    assert "[key]" in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.as_dict()}"


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


async def test_error_in_mid_stream(server: FakeOpenAI) -> None:
    server.plan(Raw(b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
                    b'data: {"error":{"message":"overloaded","code":503}}\n\n', "text/event-stream"))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelServerError, match="overloaded"):
            await chat.complete(HELLO, lambda _: None)


async def test_many_calls_at_once(server: FakeOpenAI) -> None:
    server.latency = 0.05
    async with chat_to(server.base_url) as chat:
        replies = await asyncio.gather(*[chat.complete(HELLO) for _ in range(150)])
    assert len({reply.text for reply in replies}) == 1
    assert server.peak_in_flight > 100, "nothing in the client limits calls in flight"


class State(TypedDict):
    text: str


def graph_of(chat: OpenAIChat, on_token: Callable[[str], None] | None = None) -> Any:
    async def node(state: State) -> State:
        return {"text": (await chat.complete(HELLO, on_token)).text}

    graph = StateGraph(State)
    graph.add_node("speak", node)
    graph.add_edge(START, "speak")
    graph.add_edge("speak", END)
    return graph.compile()


async def test_messages_stream_of_langgraph(server: FakeOpenAI) -> None:
    server.default = Reply("one two three")
    seen: list[str] = []
    async with chat_to(server.base_url) as chat:
        async for message, _ in graph_of(chat).astream({"text": ""}, stream_mode="messages"):
            seen.append(message.content)
        assert "".join(seen) == "one two three"
        assert server.requests[0].body["stream"] is True
        assert (await graph_of(chat).ainvoke({"text": ""}))["text"] == "one two three"
    assert "stream" not in server.requests[1].body, "with nobody listening the call is a plain one"


async def test_messages_stream_and_tokens_together(server: FakeOpenAI) -> None:
    server.default = Reply("one two three", usage={"prompt_tokens": 5, "completion_tokens": 3})
    tokens: list[str] = []
    async with chat_to(server.base_url) as chat:
        async for _ in graph_of(chat, tokens.append).astream({"text": ""}, stream_mode="messages"):
            pass
    assert tokens == ["one ", "two ", "three"]


class Handler(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.answers: list[str] = []
        self.errors: list[BaseException] = []

    async def on_llm_end(self, response: Any, **_: Any) -> None:
        self.answers.append(response.generations[0][0].text)

    async def on_llm_error(self, error: BaseException, **_: Any) -> None:
        self.errors.append(error)


async def test_callbacks_hear_calls(server: FakeOpenAI) -> None:
    handler = Handler()
    server.plan(Reply("first"), Status(500), Drop())
    async with chat_to(server.base_url) as chat:
        async def ask(_: Any) -> str:
            return (await chat.complete(HELLO)).text

        asked = RunnableLambda(ask)
        assert await asked.ainvoke("", config={"callbacks": [handler]}) == "first"
        for kind in (ModelServerError, ModelUnavailable):
            with pytest.raises(kind):
                await asked.ainvoke("", config={"callbacks": [handler]})
    assert handler.answers == ["first"]
    assert [type(error) for error in handler.errors] == [ModelServerError, ModelUnavailable]
