"""Every way in which an endpoint fails has its kind of error."""

from __future__ import annotations

import pytest

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
from tests.fakeserver import Behaviour, Cut, Drip, Drop, FakeOpenAI, Hang, Malformed, RateLimited, Raw, Status
from tests.llm.endpoints import HELLO, KEY, chat_to

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


async def test_error_in_mid_stream(server: FakeOpenAI) -> None:
    server.plan(Raw(b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
                    b'data: {"error":{"message":"overloaded","code":503}}\n\n', "text/event-stream"))
    async with chat_to(server.base_url) as chat:
        with pytest.raises(ModelServerError, match="overloaded"):
            await chat.complete(HELLO, lambda _: None)


async def test_wrong_key_that_is_echoed_is_redacted() -> None:
    async with FakeOpenAI(key="another") as server, chat_to(server.base_url, key=KEY) as chat:
        with pytest.raises(ModelRefused, match="TEST_KEY") as caught:
            await chat.complete(HELLO)
    assert "[key]" in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.as_dict()}"
