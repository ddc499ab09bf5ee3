"""What the client does with connections: it keeps them, goes through proxies, and survives servers that break rules."""

from __future__ import annotations

import asyncio
import base64
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest

from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ModelError, ModelUnavailable
from tests.fakeserver import FakeOpenAI
from tests.llm.endpoints import HELLO, chat_to

BODY = b'{"choices": [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

Heads = list[list[str]]


@asynccontextmanager
async def serving(answer: Callable[[int], bytes], *, reads: bool = True, lasts: bool = True
                  ) -> AsyncIterator[tuple[str, Heads]]:
    """A server that gives prepared bytes to each request; its address, and the heads of the requests."""
    heads: Heads = []

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n"):
                heads.append(head)
                if reads:
                    lengths = [line for line in head if line.startswith("Content-Length: ")]
                    await reader.readexactly(int(lengths[0].partition(": ")[2]))
                writer.write(answer(len(heads)))
                await writer.drain()
                if not reads:
                    await asyncio.sleep(0.2)
                if not lasts:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(exchange, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


async def test_a_connection_is_kept_and_its_requests_are_alike(server: FakeOpenAI) -> None:
    ports = set()
    async with chat_to(server.base_url, key="k-1") as chat:
        for _ in range(3):
            await chat.complete(HELLO)
            ports.add(len(server._connections))
    assert ports == {1}
    for seen in server.requests:
        assert seen.headers["authorization"] == "Bearer k-1"
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["user-agent"] == "pyscrai"
        assert "gzip" in seen.headers["accept-encoding"]
    assert len({seen.path for seen in server.requests}) == 1


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    async with serving(lambda number: ANSWER, lasts=False) as (place, heads), chat_to(f"http://{place}/v1") as chat:
        for _ in range(3):
            assert (await chat.complete(HELLO)).text == "Hello."
            await asyncio.sleep(0.05)
    assert len(heads) == 3


async def test_calls_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(lambda number: ANSWER) as (place, heads):
        monkeypatch.setenv("http_proxy", f"http://who:secret@{place}")
        async with chat_to("http://models.example/v1?version=2", key="k-1") as chat:
            for _ in range(2):
                assert (await chat.complete(HELLO)).text == "Hello."
    for head in heads:
        assert head[0] == "POST http://models.example/v1/chat/completions?version=2 HTTP/1.1"
        assert "Host: models.example" in head
        assert "Authorization: Bearer k-1" in head
        assert f"Proxy-Authorization: Basic {base64.b64encode(b'who:secret').decode()}" in head


async def test_a_large_request_that_is_refused_unread_says_why() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large"
    large = ModelRequest((Message("user", ("x" * 5_000_000,)),))
    async with serving(lambda number: refusal, reads=False, lasts=False) as (place, _), chat_to(
            f"http://{place}/v1") as chat:
        with pytest.raises(ModelError) as caught:
            await chat.complete(large)
    assert caught.value.details["status"] == 413


async def test_early_hints_are_no_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    async with serving(lambda number: hints + ANSWER) as (place, _), chat_to(f"http://{place}/v1") as chat:
        assert (await chat.complete(HELLO)).text == "Hello."


@pytest.mark.parametrize("said", [
    b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
async def test_what_speaks_no_http_is_unavailable(said: bytes) -> None:
    async with serving(lambda number: said, lasts=False) as (place, heads), chat_to(f"http://{place}/v1") as chat:
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="cut the connection"):
                await chat.complete(HELLO)
    assert len(heads) == 2


async def test_a_key_that_is_no_header_is_not_sent() -> None:
    async with serving(lambda number: ANSWER) as (place, heads), chat_to(
            f"http://{place}/v1", key="k\r\nX-Other: 1") as chat:
        with pytest.raises(ModelUnavailable) as caught:
            await chat.complete(HELLO)
    assert not heads
    assert "X-Other" not in str(caught.value)


async def test_a_call_that_is_given_up_closes_its_connection() -> None:
    async with serving(lambda number: ANSWER[:-3] if number == 1 else ANSWER) as (place, heads), chat_to(
            f"http://{place}/v1") as chat:
        with pytest.raises(TimeoutError):
            await chat.complete_within(0.2, HELLO)
        assert (await chat.complete(HELLO)).text == "Hello."
    assert len(heads) == 2


async def test_connections_that_are_kept_keep_nothing_of_the_runs_that_opened_them(server: FakeOpenAI) -> None:
    """A socket holds the context variables under which it was opened, and a run's hold all of the run."""
    class Run:
        """Stands for what a run's context holds."""

    held: ContextVar[Run] = ContextVar("held")

    async def call() -> weakref.ref[Run]:
        run = Run()
        held.set(run)
        await chat.complete(HELLO)
        return weakref.ref(run)

    async with chat_to(server.base_url) as chat:
        runs = await asyncio.gather(*(call() for _ in range(4)))
        await asyncio.sleep(0)
        gc.collect()
        assert len(server._connections) == 4
        # One of them is held for a moment by the timer that closes connections which are not used.
        assert sum(run() is not None for run in runs) <= 1
