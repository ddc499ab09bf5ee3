"""A small OpenAI-compatible server for tests, which can misbehave as real ones do.

    async with FakeOpenAI() as server:          # server.base_url, server.requests
        server.plan(RateLimited(retry_after=0.1), Status(500), Reply("hello"))

Or as a process of its own: ``python -m tests.fakeserver --port 0 --fault-rate 0.2 --latency-ms 50``, which prints its
base URL. Planned behaviours are used one a request, in order; then ``default`` answers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.llm.scripted.model import default_text
from tests.faults import (
    FAULTS,
    Behaviour,
    Cut,
    Drip,
    Drop,
    Empty,
    Hang,
    Malformed,
    RateLimited,
    Raw,
    Reply,
    Seen,
    Status,
)

__all__ = [
    "Behaviour", "Cut", "Drip", "Drop", "Empty", "FakeOpenAI", "Hang", "Malformed", "RateLimited", "Raw", "Reply",
    "Seen", "Status",
]

MODEL = "fake"


class FakeOpenAI:
    """The server; ``requests`` holds every chat request, ``answered`` counts proper completions."""

    def __init__(self, *, default: Behaviour | Callable[[Seen], Behaviour] | None = None, latency: float = 0.0,
                 jitter: float = 0.0, fault_rate: float = 0.0, seed: int = 0, port: int = 0,
                 key: str | None = None) -> None:
        self.default: Behaviour | Callable[[Seen], Behaviour] = default or Reply()
        self.latency, self.jitter, self.fault_rate, self.key = latency, jitter, fault_rate, key
        self.requests: list[Seen] = []
        self.answered = 0
        self.faults = 0
        self.in_flight = self.peak_in_flight = 0
        self.in_flight_by: Counter[str] = Counter()
        """Requests under way by the first part of their path: clients may have base URLs of their own (``url_for``)."""
        self.ended_by: dict[str, deque[float]] = {}
        """When the last requests of each client were done with, on the event loop's clock."""
        self.arrived = asyncio.Event()
        """Set when a request has come; clear it to await the next."""
        self._plan: deque[Behaviour] = deque()
        self._chance = random.Random(seed)
        self._port = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def url_for(self, client: str) -> str:
        """A base URL by which the requests of one client are told from others'."""
        return f"http://127.0.0.1:{self._port}/{client}/v1"

    def plan(self, *behaviours: Behaviour) -> None:
        """What to do with the next requests, one each."""
        self._plan.extend(behaviours)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self._port, backlog=4096)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:  # the server is closing; asyncio.streams would report it as a failure
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False ends the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            sent = headers.get("authorization", "").removeprefix("Bearer ")
            error = Status(401, f"Incorrect API key provided: {sent}", "invalid_api_key")
            return await self._send(writer, *_failure(error))
        if method == "GET" and path.partition("?")[0].endswith("/models"):
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "tests"}]}
            return await self._send(writer, b"200 OK", json.dumps(listed).encode())
        if not path.partition("?")[0].endswith("/chat/completions"):
            return await self._send(writer, *_failure(Status(404, f"no such path: {path}", "not_found")))
        seen = Seen(path, headers, json.loads(body))
        self.requests.append(seen)
        self.arrived.set()
        self.in_flight += 1
        client = path.split("/")[1]
        self.in_flight_by[client] += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            if self.latency:
                await asyncio.sleep(self.latency * (1 + self.jitter * self._chance.uniform(-1, 1)))
            return await self._answer(self._next(seen), seen, reader, writer)
        finally:
            self.in_flight -= 1
            self.in_flight_by[client] -= 1
            self.ended_by.setdefault(client, deque(maxlen=1_000)).append(asyncio.get_running_loop().time())

    def _next(self, seen: Seen) -> Behaviour:
        if self._plan:
            return self._plan.popleft()
        if self.fault_rate and self._chance.random() < self.fault_rate:
            return self._chance.choice(FAULTS)
        return self.default if isinstance(self.default, Behaviour) else self.default(seen)

    async def _answer(self, what: Behaviour, seen: Seen, reader: asyncio.StreamReader,
                      writer: asyncio.StreamWriter) -> bool:
        if not isinstance(what, Reply | Drip):
            self.faults += 1
        if isinstance(what, Hang):
            await reader.read(1)  # comes back when the client goes
            return False
        if isinstance(what, Drop):
            return False
        if isinstance(what, Status):
            return await self._send(writer, *_failure(what), headers=what.headers)
        if isinstance(what, Raw):
            return await self._send(writer, b"200 OK", what.body, content_type=what.content_type)
        reply = what if isinstance(what, Reply) else Reply()
        stream = bool(seen.body.get("stream"))
        completion = _completion(reply, seen.body)
        body = _chunks(completion) if stream else json.dumps(completion).encode()
        kind = "text/event-stream" if stream else "application/json"
        if isinstance(what, Cut):
            await self._send(writer, b"200 OK", body, content_type=kind, only=int(len(body) * what.after))
            return False
        if isinstance(what, Drip):
            await self._send(writer, b"200 OK", body, content_type=kind, only=0)
            for place in range(len(body)):
                writer.write(body[place:place + 1])
                await writer.drain()
                await asyncio.sleep(what.every)
            return True
        self.answered += 1
        return await self._send(writer, b"200 OK", body, content_type=kind)

    @staticmethod
    async def _send(writer: asyncio.StreamWriter, status: bytes, body: bytes, *,
                    content_type: str = "application/json", headers: Mapping[str, str] | None = None,
                    only: int | None = None) -> bool:
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + body[:only])
        await writer.drain()
        return True


def _failure(what: Status) -> tuple[bytes, bytes]:
    kind = "invalid_request_error" if what.status < 500 else "server_error"
    error = {"message": what.message, "type": kind, "code": what.code, **what.extra}
    return f"{what.status} Error".encode(), json.dumps({"error": error}).encode()


def _completion(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    messages = [Message(each["role"], (each["content"],)) for each in body["messages"]]
    text = reply.text
    if text is None:
        text = default_text(ModelRequest(tuple(messages), seed=body.get("seed"), schema=_schema(body)))
    prompt = sum(len(message.content) for message in messages) // 4
    usage = {"prompt_tokens": prompt, "completion_tokens": len(text.split()),
             "total_tokens": prompt + len(text.split()), "prompt_tokens_details": {"cached_tokens": 0}}
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    return {
        "id": f"chatcmpl-{name}", "object": "chat.completion", "created": 1_700_000_000, "model": MODEL,
        "choices": [{"index": 0, "finish_reason": reply.finish_reason,
                     "message": {"role": "assistant", "content": text, "refusal": None}, "logprobs": None}],
        "usage": dict(reply.usage) if reply.usage is not None else usage, **reply.extra,
    }


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    schema: Mapping[str, Any] | None = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is None and "%json " in body.get("grammar", ""):
        schema = json.loads(body["grammar"].partition("%json ")[2])
        schema = {key: value for key, value in schema.items() if key != "x-guidance"}
    return schema


def _chunks(completion: Mapping[str, Any]) -> bytes:
    head = {key: value for key, value in completion.items() if key not in ("choices", "usage", "object")}
    text = completion["choices"][0]["message"]["content"]
    words = [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]

    def event(delta: dict[str, Any] | None, finish: str | None = None, usage: Any = None) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {**head, "object": "chat.completion.chunk", "choices": choices, "usage": usage}
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    return b"".join([
        event({"role": "assistant", "content": ""}), *(event({"content": word}) for word in words),
        event({}, completion["choices"][0]["finish_reason"]), event(None, usage=completion["usage"]),
        b"data: [DONE]\n\n",
    ])


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    server = FakeOpenAI(latency=asked.latency_ms / 1000, jitter=asked.jitter, fault_rate=asked.fault_rate,
                        seed=asked.seed, port=asked.port)
    async with server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
    sys.exit(0)
