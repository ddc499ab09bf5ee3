"""Clients that send without end, that send slowly, or that never read: none of them costs the server much."""

from __future__ import annotations

import asyncio
import itertools
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from pyscrai.databases.api.guard import connection
from tests.api.serving import Serving, serving


@asynccontextmanager
async def connected(server: Serving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection as it is, without a client's manners."""
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answered(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server closes the connection."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


def headers() -> Iterator[bytes]:
    yield b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for number in itertools.count():
        yield b"x-%d: %s\r\n" % (number, b"x" * 1_000)


def one_header() -> Iterator[bytes]:
    yield b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nx: "
    while True:
        yield b"x" * 1_000


def address() -> Iterator[bytes]:
    yield b"GET /"
    while True:
        yield b"x" * 1_000


def trailers() -> Iterator[bytes]:
    yield (b"POST /api/v1/templates HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n"
           b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    for number in itertools.count():
        yield b"x-%d: %s\r\n" % (number, b"x" * 1_000)


@pytest.mark.parametrize("endless", [headers, one_header, address, trailers])
async def test_heads_without_end(server: Serving, endless: object) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = 0
    async with connected(server) as (reader, writer):
        with pytest.raises((ConnectionError, StopAsyncIteration)):
            async with asyncio.timeout(20):
                for piece in endless():  # type: ignore[operator]
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
                    if reader.at_eof():
                        raise StopAsyncIteration
                    if sent % 100_000 < 1_000:
                        await asyncio.sleep(0.001)
    assert sent < 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000, "kilobytes"
    assert (await server.client.get("/health")).status_code == 200


@pytest.mark.parametrize("begun", [b"", b"GET /api/v1/health HTTP/1.1\r\nHost: ", b"GET /api"])
async def test_a_head_that_does_not_come(server: Serving, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.2)
    async with connected(server) as (reader, writer):
        writer.write(begun)
        assert await answered(reader) == b""


async def test_a_head_that_comes_byte_by_byte(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.3)
    async with connected(server) as (reader, writer):
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(10):
                for byte in b"GET /api/v1/health HTTP/1.1\r\n" + b"x: y\r\n" * 1_000:
                    if reader.at_eof():
                        raise ConnectionError
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.02)


async def test_a_body_that_does_not_come(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_TIMEOUT", 0.2)
    async with connected(server) as (reader, writer):
        writer.write(b"POST /api/v1/templates HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                     b"content-length: 100\r\n\r\n{")
        assert b"201" not in await answered(reader)
    assert (await server.client.get("/health")).status_code == 200


async def test_connections_are_kept_for_the_next_request(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.2)
    monkeypatch.setattr(connection, "BODY_TIMEOUT", 0.2)
    async with connected(server) as (reader, writer):
        for _ in range(3):
            writer.write(b"POST /api/v1/templates/validate HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         b"content-type: application/json\r\ncontent-length: 14\r\n\r\n{\"source\": \"x\"}"[:-1])
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
            await asyncio.sleep(0.4)


async def test_a_watcher_that_never_reads_is_cut_off(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED", 0.3)
    async with serving(sqlite_url) as server:
        run_id = await server.run()
        await server.settled(run_id)
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", int(server.url.rpartition(":")[2])))
            await loop.sock_sendall(deaf, f"GET /api/v1/runs/{run_id}/stream?stay=true HTTP/1.1\r\nHost: x\r\n\r\n"
                                    .replace("Host: x", "Host: 127.0.0.1").encode())
            hub = server.context.hub
            async with asyncio.timeout(20):
                while not hub.watching:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                [watcher] = hub._watchers[run_id]
                while hub.watching:
                    watcher.chunks.append((0, False, b": " + b"x" * 1_000_000 + b"\n\n"))
                    watcher.news.set()
                    await asyncio.sleep(0.02)
