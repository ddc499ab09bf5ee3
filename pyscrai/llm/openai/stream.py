"""Read a streamed chat completion: bytes to chunks, chunks to the completion that they add up to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any


async def data_lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The payload of each ``data:`` (or llama.cpp's ``error:``) line of a server-sent event stream."""
    held = b""
    async for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            if (payload := _payload(line)) is not None:
                yield payload
    if (payload := _payload(held)) is not None:
        yield payload


def _payload(line: bytes) -> bytes | None:
    line = line.strip()
    if line.startswith(b"data:"):
        return line[5:].strip()
    if line.startswith(b"error:"):
        return b'{"error":' + line[6:].strip() + b"}"
    return None


class Assembly:
    """Adds chunks up to a plain chat completion, shaped as one that was not streamed."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._usage: Any = None
        self._extra: dict[str, Any] = {}
        self.finish_reason: str | None = None
        self.chunks = 0

    def add(self, chunk: dict[str, Any]) -> str:
        """Take a chunk in; returns the text that it adds."""
        self.chunks += 1
        if not self._head:
            self._head = {key: value for key, value in chunk.items() if key not in ("choices", "usage", "object")}
        if (usage := chunk.get("usage")) is not None:
            self._usage = usage
        if (timings := chunk.get("timings")) is not None:
            self._extra["timings"] = timings
        choices = chunk.get("choices")
        if not choices:
            return ""
        choice = choices[0]
        if (reason := choice.get("finish_reason")) is not None:
            self.finish_reason = reason
        delta = choice.get("delta") or {}
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            self._reasoning.append(reasoning)
        text: str = delta.get("content") or ""
        if text:
            self._text.append(text)
        return text

    def whole(self) -> dict[str, Any]:
        """The completion."""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._text)}
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        return {
            **self._head, "object": "chat.completion", **self._extra, "usage": self._usage,
            "choices": [{"index": 0, "finish_reason": self.finish_reason, "message": message}],
        }


def parsed(payload: bytes) -> dict[str, Any] | None:
    """A chunk from its payload, or None if it is no JSON object."""
    try:
        chunk = json.loads(payload)
    except ValueError:
        return None
    return chunk if isinstance(chunk, dict) else None
