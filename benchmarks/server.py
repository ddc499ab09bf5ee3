"""A model server that takes no time: OpenAI's chat completions over loopback, as `python -m benchmarks.server`.

It prints its base URL, answers every question with a line of about 60 words that no other answer repeats, and ends when
its standard input is closed, so that it never outlives whoever started it.

    POST */chat/completions     an answer, at once or after the latency; streaming if asked
    GET  */models               the one model
    GET  */control/stats        requests, prompt bytes, the most at once
    POST */control/reset        zeroes the figures; ?latency_ms=500&jitter=0.3 sets what each answer waits for
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

WORDS = (
    "The lamp has burned low and I have read the letter twice more while you were out by the sledge. Whoever wrote it "
    "knew the colour of the seals and the day on which the mill stood still, so it was one of nine people. Let us ask "
    "the miller before the bell, and say nothing to the council until we know whose hand it is."
)
MODEL = "bench"
HEAD_END = b"\r\n\r\n"


class Counters:
    """What the server was asked since the last reset, and what it waits for."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.jitter = 0.0
        self.chance = random.Random(1)
        self.answers = 0
        self.requests = self.prompt_bytes = self.at_once = self.most_at_once = 0

    def reset(self, *, latency_ms: float, jitter: float) -> None:
        self.latency, self.jitter, self.chance = latency_ms / 1000, jitter, random.Random(1)
        self.requests = self.prompt_bytes = self.most_at_once = 0

    def wait(self) -> float:
        """Seconds that the next answer waits: uniform within the jitter."""
        return self.latency * self.chance.uniform(1 - self.jitter, 1 + self.jitter)

    def stats(self) -> dict[str, int]:
        return {"requests": self.requests, "prompt_bytes": self.prompt_bytes, "at_once": self.at_once,
                "most_at_once": self.most_at_once}


class Connection(asyncio.Protocol):
    """One kept-alive connection: requests one after the other, bodies by their length."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)     # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(HEAD_END)) >= 0:
            head = self.buffer[:end].decode("latin-1").split("\r\n")
            length = next((int(line[15:]) for line in head[1:] if line.lower().startswith("content-length:")), 0)
            stop = end + len(HEAD_END) + length
            if len(self.buffer) < stop:
                return
            body = bytes(self.buffer[end + len(HEAD_END):stop])
            del self.buffer[:stop]
            self.answer(head[0].split(" ")[1], body)

    def answer(self, target: str, body: bytes) -> None:
        url = urlsplit(target)
        if url.path.endswith("/chat/completions"):
            self.complete(body)
        elif url.path.endswith("/models"):
            self.send_json({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        elif url.path.endswith("/control/reset"):
            query = parse_qs(url.query)
            latency, jitter = (float(query.get(name, ["0"])[0]) for name in ("latency_ms", "jitter"))
            self.counters.reset(latency_ms=latency, jitter=jitter)
            self.send_json({})
        elif url.path.endswith("/control/stats"):
            self.send_json(self.counters.stats())
        else:
            self.send_json({"error": {"message": f"no such path: {url.path}"}}, status="404 Not Found")

    def complete(self, body: bytes) -> None:
        counters = self.counters
        counters.requests += 1
        counters.answers += 1
        counters.prompt_bytes += len(body)
        text = f"{counters.answers}. {WORDS}"
        asked, said = len(body) // 4, len(text) // 4
        usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
        answer = _stream if b'"stream":true' in body.replace(b" ", b"") else _whole
        reply = answer(counters.answers, text, usage)
        if not counters.latency:
            self.send(reply)
            return
        counters.at_once += 1
        counters.most_at_once = max(counters.most_at_once, counters.at_once)
        self.loop.call_later(counters.wait(), self.send_late, reply)

    def send_late(self, reply: bytes) -> None:
        self.counters.at_once -= 1
        self.send(reply)

    def send_json(self, content: dict[str, Any], status: str = "200 OK") -> None:
        self.send(_response(json.dumps(content).encode(), status=status))

    def send(self, reply: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(reply)


def _response(body: bytes, *, kind: str = "application/json", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _whole(number: int, text: str, usage: dict[str, int]) -> bytes:
    return _response(json.dumps({
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1_700_000_000, "model": MODEL,
        "usage": usage, "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                     "message": {"role": "assistant", "content": text, "refusal": None}}]}).encode())


def _stream(number: int, text: str, usage: dict[str, int]) -> bytes:
    def chunk(choices: list[dict[str, Any]], used: dict[str, int] | None = None) -> bytes:
        return b"data: " + json.dumps({"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "model": MODEL,
                                       "created": 1_700_000_000, "choices": choices, "usage": used}).encode() + b"\n\n"

    words = [chunk([{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}]) for word in text.split()]
    last = [chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]), chunk([], usage), b"data: [DONE]\n\n"]
    return _response(b"".join(words + last), kind="text/event-stream")


async def serve(port: int) -> None:
    """Serve on loopback until standard input is closed."""
    counters = Counters()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counters), "127.0.0.1", port, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Start the server that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    arguments = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(arguments.port))
    else:
        uvloop.run(serve(arguments.port))


if __name__ == "__main__":
    main()
