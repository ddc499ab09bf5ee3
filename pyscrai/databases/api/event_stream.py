"""Server-sent events: from the table up to now, then as they come, each exactly once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress

import structlog
from fastapi.responses import StreamingResponse

from pyscrai.databases.api.event_hub import Hub, Watcher, event_chunk
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.errors import StorageError
from pyscrai.lifecycle import END_EVENTS

_log = structlog.get_logger("pyscrai.events")

Read = Callable[[int], Awaitable[Sequence[StoredEvent]]]
"""Reads the next events behind an id, a portion at a time; none when there are no more."""

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that nobody on the way closes the connection."""

MOST = 65_536
"""Bytes that are joined into one piece of the response."""


class EventStream(StreamingResponse):
    """A ``text/event-stream`` response."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], status_code: int = 200) -> None:
        super().__init__(_while_storage_answers(content), status_code,
                         headers={"cache-control": "no-store", "x-accel-buffering": "no"})


async def _while_storage_answers(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The content, up to where it cannot be read on: whoever follows comes again and goes on behind the last event."""
    try:
        async for piece in content:
            yield piece
    except StorageError as error:
        _log.warning("api.stream_ended", code=error.code, error=str(error))


async def follow(hub: Hub, run_id: str | None, after: int, read: Read, *, tokens: bool = False, stay: bool = True,
                 seconds: float | None = None, key: str | None = None) -> AsyncIterator[bytes]:
    """The wire form of all events behind ``after``.

    Args:
        stay: go on when the run has ended, since it may be resumed.
        seconds: end after this time, for clients that take what there is and come again.
        key: the API key with which the stream was opened; when it is revoked, the stream ends.
    """
    clock = asyncio.get_running_loop().time
    until = None if seconds is None else clock() + seconds
    async with hub.watch(run_id, tokens=tokens, key=key) as watcher:
        yield b"retry: 1000\n\n"
        ended = False
        while not hub.closing.is_set() and not watcher.ended:
            if watcher.lagging:
                # From here on new events queue up; those before are in the table.
                watcher.lagging = False
                watcher.chunks.clear()
                while events := await read(after):
                    after, ended = events[-1].id, events[-1].kind in END_EVENTS
                    yield b"".join(map(event_chunk, events))
            for sent, last, piece in _queued(watcher, after, ended=ended):
                after, ended = sent, last
                yield piece
                if pause := hub.pause:
                    await asyncio.sleep(pause)
            if ended and not stay and not watcher.chunks and not watcher.lagging:
                return
            left = KEEP_ALIVE if until is None else until - clock()
            if left <= 0:
                return
            if not watcher.chunks and not watcher.lagging:
                watcher.news.clear()
                try:
                    async with asyncio.timeout(min(left, KEEP_ALIVE)):
                        await watcher.news.wait()
                except TimeoutError:
                    yield b": still here\n\n"


def _queued(watcher: Watcher, after: int, *, ended: bool) -> Iterator[tuple[int, bool, bytes]]:
    """The pieces of some size that wait for the watcher, with the last id that went out."""
    while watcher.chunks:
        parts: list[bytes] = []
        size = 0
        with suppress(IndexError):
            while size < MOST:
                number, ends, chunk = watcher.chunks.popleft()
                if number:
                    if number <= after:
                        continue
                    after, ended = number, ends
                parts.append(chunk)
                size += len(chunk)
        if parts:
            yield after, ended, b"".join(parts)
