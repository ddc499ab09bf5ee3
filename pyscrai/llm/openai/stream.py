"""Read an answer as a stream of chunks: bytes to lines, lines to chunks, and what went wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from pyscrai.errors import ModelServerError, ModelUnavailable
from pyscrai.llm.openai import completion, errors
from pyscrai.llm.openai.assembly import Assembly, whole
from pyscrai.llm.openai.completion import MOST_BYTES, Completion, Malformed
from pyscrai.llm.openai.connections import HttpAnswer
from pyscrai.llm.openai.reply_text import VisibleText
from pyscrai.llm.openai.token_listener import IsolatedListener


@dataclass(slots=True)
class CallInFlight:
    """One call in flight: what ``create`` needs beyond the payload, and what comes of it."""

    on_token: Callable[[str], None] | None = None
    prefix: str = ""
    completion: Completion | None = None
    streams: bool = field(init=False)
    listener: IsolatedListener = field(init=False)

    def __post_init__(self) -> None:
        self.streams = self.on_token is not None
        self.listener = IsolatedListener(self.on_token)


class Asker(Protocol):
    """The part of the client that a stream uses."""

    asked: errors.Asked
    starts_in_thought: bool

    async def body(self, answer: HttpAnswer) -> bytes: ...

    def unreachable(self, error: Exception) -> ModelUnavailable: ...


async def data_lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The payload of each ``data:`` (or llama.cpp's ``error:``) line of a server-sent event stream.

    Raises:
        Malformed: it is longer than ``MOST_BYTES``.
    """
    held: list[bytes] = []
    total = 0
    async for piece in pieces:
        total += len(piece)
        if total > MOST_BYTES:
            raise Malformed(f"the stream is longer than {MOST_BYTES:,} bytes")
        first, *lines = piece.split(b"\n")
        held.append(first)
        if not lines:
            continue
        for line in (b"".join(held), *lines[:-1]):
            if payload := _payload(line):
                yield payload
        held = [lines[-1]]
    if payload := _payload(b"".join(held)):
        yield payload


def _payload(line: bytes) -> bytes | None:
    line = line.strip()
    if line.startswith(b"data:"):
        return line[5:].strip()
    if line.startswith(b"error:"):
        return b'{"error":' + line[6:].strip() + b"}"
    return None


class Chunks:
    """An answer, streamed or not, as an asynchronous iterator of chunk dicts; its completion is left in the call."""

    def __init__(self, client: Asker, answer: HttpAnswer, call: CallInFlight) -> None:
        self._client, self._answer, self._call = client, answer, call
        self._reply = VisibleText(call.prefix, starts_in_thought=client.starts_in_thought)
        self._is_streamed = "event-stream" in answer.headers.get("Content-Type", "").lower()
        self._is_done = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        # Closing rather than releasing after an error: who leaves early must not wait for the rest of the stream.
        # llama.cpp ends the connection after a stream though it said keep-alive; without TLS a new one is cheap.
        if kind or not self._is_done or (self._is_streamed and not self._answer.is_encrypted):
            self._answer.close()
        else:
            self._answer.release()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        if self._is_streamed:
            async for text in self._streamed():
                yield _chunk(text)
        else:
            yield _chunk((await self._whole()).text)
        yield _chunk("", self._call.completion)

    def exhaust(self) -> Awaitable[Completion]:
        """Read all of it; its completion."""
        return self._drained() if self._is_streamed else self._whole()

    async def _drained(self) -> Completion:
        async with self:
            async for _ in self._streamed():
                pass
        assert self._call.completion is not None  # the iteration ends with it or raises
        return self._call.completion

    async def _whole(self) -> Completion:
        asked = self._client.asked
        body = await self._client.body(self._answer)
        try:
            data, is_storable = completion.parsed_whole(body)
            self._look_for_errors(data)
            return self._done(whole(body, data, self._reply, self._call.listener, is_storable=is_storable))
        except Malformed as error:
            raise errors.malformed(str(error), asked, body or b"(empty)") from None

    def _done(self, done: Completion) -> Completion:
        client = self._client
        if done.finish_reason == "error":
            raise ModelServerError(f"{client.asked.alias}: the endpoint broke the reply off with an error",
                                   alias=client.asked.alias)
        client.starts_in_thought = client.starts_in_thought or self._reply.begins_unmarked
        self._call.completion, self._is_done = done, True
        return done

    async def _streamed(self) -> AsyncIterator[str]:
        assembly = Assembly(self._call.listener, self._reply)
        try:
            async for text in self._texts(assembly):
                yield text
            if rest := assembly.end():
                yield rest
            self._done(assembly.completion())
        except Malformed as error:
            raise errors.malformed(str(error), self._client.asked) from None

    async def _texts(self, assembly: Assembly) -> AsyncIterator[str]:
        client = self._client
        is_ended = False
        try:
            async for payload in data_lines(self._answer.content.iter_any()):
                if payload == b"[DONE]":
                    is_ended = True
                    break
                try:
                    chunk = completion.parsed(payload)
                    self._look_for_errors(chunk)
                    text = assembly.add(chunk, len(payload))
                except Malformed as error:
                    raise errors.malformed(f"a part of the stream: {error}", client.asked, payload) from None
                if text:
                    yield text
                if assembly.reply.is_cut:
                    return
        except (aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError) as error:
            if assembly.finish_reason is None:  # else only the good-bye is missing
                raise client.unreachable(error) from None
        if assembly.finish_reason is None and not is_ended:
            alias = client.asked.alias
            raise ModelUnavailable(f"{alias}: the stream was cut before its end", alias=alias)

    def _look_for_errors(self, data: dict[str, Any]) -> None:
        choices = data.get("choices")
        for holder in (data, choices[0] if isinstance(choices, list) and choices else None):
            if isinstance(holder, dict) and completion.is_error(error := holder.get("error")):
                raise errors.from_error_object(error, self._client.asked)


def _chunk(text: str, done: Completion | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text},
              "finish_reason": done.finish_reason if done else None}
    return {"id": "", "object": "chat.completion.chunk", "model": (done and done.model) or "", "choices": [choice],
            "usage": usage_of(done) if done else None}


def usage_of(done: Completion) -> dict[str, Any] | None:
    """The counts of a completion in the shape that ChatOpenAI reads."""
    counts = done.counts
    if counts.prompt is None or counts.completion is None:
        return None
    return {"prompt_tokens": counts.prompt, "completion_tokens": counts.completion,
            "total_tokens": counts.prompt + counts.completion,
            "prompt_tokens_details": {"cached_tokens": counts.cached}}
