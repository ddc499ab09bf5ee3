"""Every field of a model alias changes something that can be seen; a new field needs its line here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from pyscrai.config.aliases import ModelAlias
from pyscrai.config.settings import load_settings
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelTimeout
from pyscrai.llm.limited_model import limited
from pyscrai.llm.models import Models
from tests.fakeserver import FakeOpenAI, Hang, Reply
from tests.llm.endpoints import HELLO, KEY, chat_to

REQUEST = ModelRequest(HELLO.messages, max_tokens=50, schema={"type": "object", "properties": {}}, stop=("x",))
ON_THE_WIRE: dict[str, Any] = {
    "model": "another", "temperature": 0.3, "top_p": 0.4, "max_tokens": 77, "thinking_tokens": 99,
    "structured": "prompt", "system": "user", "reproducible": True, "omit": frozenset({"stop"}),
    "extra_body": {"min_p": 0.1},
}
OMITTED = ["temperature", "top_p", "max_tokens", "seed", "stop", "stream", "stream_options", "response_format"]


async def sent(server: FakeOpenAI, request: ModelRequest, *, streamed: bool = False, **fields: Any) -> dict[str, Any]:
    server.requests.clear()
    server.default = Reply("{}")
    async with chat_to(server.base_url, **fields) as chat:
        await chat.complete(request, (lambda _: None) if streamed else None)
    return server.requests[0].body


@pytest.mark.parametrize("field", ON_THE_WIRE)
async def test_a_field_changes_the_request(server: FakeOpenAI, field: str) -> None:
    request = ModelRequest(REQUEST.messages, schema=REQUEST.schema, stop=REQUEST.stop,
                           max_tokens=None if field == "max_tokens" else 50)
    assert await sent(server, request, **{field: ON_THE_WIRE[field]}) != await sent(server, request)


@pytest.mark.parametrize("field", OMITTED)
async def test_an_omitted_field_is_not_sent(server: FakeOpenAI, field: str) -> None:
    request = ModelRequest(REQUEST.messages, temperature=0.1, top_p=0.2, max_tokens=5, seed=1, stop=("x",),
                           schema=REQUEST.schema)
    assert field in await sent(server, request, streamed=True)
    assert field not in await sent(server, request, streamed=True, omit=frozenset({field}))


async def key_is_sent(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    table = {"base_url": server.base_url, "model": "fake", "api_key_env": "SOME_KEY"}
    async with Models(load_settings(models={"local": table})) as models:
        await (await models.get("local")).complete(HELLO)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def kind_is_another_model(server: FakeOpenAI, _: Any) -> None:
    async with Models(load_settings(models={"local": {"kind": "scripted"}})) as models:
        assert (await models.get("local")).scripted


async def timeout_ends_a_call(server: FakeOpenAI, _: Any) -> None:
    server.plan(Hang())
    async with chat_to(server.base_url, timeout=0.05) as chat:
        with pytest.raises(ModelTimeout):
            await chat.complete(HELLO)


async def calls_at_once(server: FakeOpenAI, _: Any) -> None:
    server.latency = 0.02
    async with chat_to(server.base_url) as chat:
        bounded = limited(chat, ModelAlias(name="test", model="m", concurrency=2))
        await asyncio.gather(*[bounded.complete(HELLO) for _ in range(6)])
    assert server.peak_in_flight == 2


async def answers_no_more_than(count: int, server: FakeOpenAI, *asking: Coroutine[Any, Any, Any]) -> None:
    """See that so many requests are answered, however long it takes, and the rest then waits."""
    tasks = [asyncio.create_task(each) for each in asking]
    async with asyncio.timeout(30):
        while server.answered < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert server.answered == count


async def calls_a_minute(server: FakeOpenAI, _: Any) -> None:
    async with chat_to(server.base_url) as chat:
        bounded = limited(chat, ModelAlias(name="test", model="m", requests_per_minute=2))
        await answers_no_more_than(2, server, *[bounded.complete(HELLO) for _ in range(6)])


async def tokens_a_minute(server: FakeOpenAI, _: Any) -> None:
    """What calls are guessed to take is let go when they took less, and what they took counts."""
    async with chat_to(server.base_url) as chat:
        bounded = limited(chat, ModelAlias(name="test", model="m", tokens_per_minute=600))
        server.default = Reply("Hello.", usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
        async with asyncio.timeout(30):
            await asyncio.gather(*[bounded.complete(HELLO) for _ in range(8)])
        server.default = Reply("Hello.", usage={"prompt_tokens": 270, "completion_tokens": 10, "total_tokens": 280})

        async def one_after_another() -> None:
            for _ in range(4):
                await bounded.complete(HELLO)

        await answers_no_more_than(8 + 2, server, one_after_another())


async def price_is_what_it_costs(server: FakeOpenAI, _: Any) -> None:
    async with chat_to(server.base_url, price={"input_per_mtok": 1, "output_per_mtok": 1}) as chat:
        assert ((await chat.complete(HELLO)).usage.cost_usd or 0) > 0


async def what_the_engines_see(server: FakeOpenAI, _: Any) -> None:
    async with chat_to(server.base_url, layout="script", context_tokens=1_000, prefill=True) as chat:
        assert (chat.layout, chat.context_tokens, chat.prefill) == ("script", 1_000, True)


async def parallel_is_how_many_an_embedded_model_computes(server: FakeOpenAI, _: Any) -> None:
    async with chat_to(server.base_url) as chat:
        two = limited(chat, ModelAlias(name="test", kind="embedded", parallel=2))
        server.latency = 0.02
        await asyncio.gather(*[two.complete(HELLO) for _ in range(6)])
    assert server.peak_in_flight == 2


SEEN_OTHERWISE: dict[str, Callable[[FakeOpenAI, Any], Awaitable[None]]] = {
    "api_key_env": key_is_sent, "kind": kind_is_another_model, "timeout": timeout_ends_a_call,
    "concurrency": calls_at_once, "requests_per_minute": calls_a_minute,
    "tokens_per_minute": tokens_a_minute, "price": price_is_what_it_costs,
    "layout": what_the_engines_see, "context_tokens": what_the_engines_see, "prefill": what_the_engines_see,
    "parallel": parallel_is_how_many_an_embedded_model_computes,
}


@pytest.mark.parametrize("field", SEEN_OTHERWISE)
async def test_a_field_changes_something_else(server: FakeOpenAI, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await SEEN_OTHERWISE[field](server, monkeypatch)


def test_no_field_is_forgotten() -> None:
    always = {"name", "base_url"}  # in every other test
    assert set(ModelAlias.model_fields) == {*ON_THE_WIRE, *SEEN_OTHERWISE, *always}
