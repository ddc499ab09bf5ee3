"""New events of all runs to all who watch, in the order of their ids, without ever waiting for a watcher.

The writer of this process tells of its events; a look at the table finds those of other processes. A watcher that is
too slow loses its queue and reads on from the table, so that it misses nothing and holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

import orjson
import structlog

from pyscrai.databases.api.access import AccessError
from pyscrai.databases.database import Database
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.orchestration.heartbeat import Heartbeat
from pyscrai.errors import PyscraiError
from pyscrai.lifecycle import END_EVENTS

QUEUE = 1_000
"""Chunks that wait for a watcher at most."""

LOOK = 0.5
"""Seconds between two looks for events of other processes, while anybody watches."""

KEY_CHECK = 3.0
"""Seconds between two looks whether the keys of open streams are still good."""

CROWD = 50
"""Open streams from which on each is served less often."""

Listen = Callable[[str, TokenListener | None], None]

Revoked = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Which of some API keys are no longer good."""

_log = structlog.get_logger("pyscrai.hub")


@dataclass(slots=True, eq=False)
class Watcher:
    """Someone who follows one run, or all of them where ``run_id`` is None."""

    run_id: str | None
    tokens: bool = False
    key: str | None = field(default=None, repr=False)
    """The API key with which the stream was opened."""
    ended: bool = False
    """Whether the stream must end: its key was revoked."""
    chunks: deque[tuple[int, bool, bytes]] = field(default_factory=deque)
    """What waits to be sent: the event's id (0 for what is ephemeral), whether a run ends with it, its wire form."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    lagging: bool = True
    """Whether it has to read from the table; so it begins."""

    def put(self, number: int, chunk: bytes, *, ends: bool = False) -> None:
        """Hand a chunk over, if there is room and the watcher is up to date."""
        if self.lagging:
            if number:
                self.news.set()
            return
        if len(self.chunks) >= QUEUE:
            self.chunks.clear()
            self.lagging = True
        else:
            self.chunks.append((number, ends, chunk))
        self.news.set()


class Hub:
    """Hands events on to watchers; an asynchronous context manager that follows the log while it is open."""

    def __init__(self, database: Database, writer: RecordWriter, listen: Listen, *, revoked: Revoked | None = None,
                 most: int = 1_000) -> None:
        self._database, self._writer, self._listen = database, writer, listen
        self._watchers: dict[str | None, set[Watcher]] = {}
        self._last = 0
        self._arrived: deque[StoredEvent] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.closing = asyncio.Event()
        self._revoked, self._most = revoked, most
        self._heartbeat = Heartbeat(KEY_CHECK, self._end_revoked)

    async def __aenter__(self) -> Self:
        async with self._database.read() as session:
            self._last = await Events(session).newest_id()
        self._unsubscribe = self._writer.subscribe(self._heard)
        self._task = asyncio.create_task(self._follow(), name="pyscrai-hub")
        self._heartbeat.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._unsubscribe()
        self.close()
        await self._heartbeat.stop()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def close(self) -> None:
        """End all streams; who watched reads on from elsewhere or later."""
        self.closing.set()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.news.set()

    @asynccontextmanager
    async def watch(self, run_id: str | None, *, tokens: bool = False, key: str | None = None
                    ) -> AsyncIterator[Watcher]:
        """Follow a run, or all of them; with ``tokens`` also its words while they stream in.

        Args:
            key: the API key that must stay good as long as the stream is open.
        """
        watcher = Watcher(run_id, tokens, key)
        watchers = self._watchers.setdefault(run_id, set())
        watchers.add(watcher)
        self._wake.set()
        if tokens and run_id is not None:
            self._listen(run_id, self._listener(run_id))
        try:
            yield watcher
        finally:
            watchers.discard(watcher)
            if tokens and run_id is not None and not any(other.tokens for other in watchers):
                self._listen(run_id, None)
            if not watchers:
                self._watchers.pop(run_id, None)

    @property
    def watching(self) -> int:
        """The number of watchers now."""
        return sum(len(watchers) for watchers in self._watchers.values())

    def admit(self) -> None:
        """Check that there is room for another stream.

        Raises:
            AccessError: there is none.
        """
        if self.watching >= self._most:
            raise AccessError(f"{self._most} streams are open, the most that this server keeps", code="request.streams",
                              cure="close some, or raise server.max_streams")

    @property
    def pause(self) -> float:
        """Seconds between two pieces of one stream: with many streams each gets larger pieces, less often."""
        watching = self.watching
        return 0.0 if watching < CROWD else min(1.0, watching / 1_000)

    async def _end_revoked(self) -> None:
        watchers = [each for several in self._watchers.values() for each in several if each.key is not None]
        if self._revoked is None or not watchers:
            return
        gone = await self._revoked({str(each.key) for each in watchers})
        for watcher in watchers:
            if watcher.key in gone:
                watcher.ended = True
                watcher.news.set()

    # -- following the log --------------------------------------------------------------------------------------------

    def _heard(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        self._arrived.extend(events)
        self._wake.set()

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK if self._watchers else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._hand_on()
            except PyscraiError as error:
                _log.warning("hub.behind", code=error.code, error=str(error))
                await asyncio.sleep(LOOK)
            except Exception:
                # All streams hang on this loop: whatever it is, the next look may go well.
                _log.exception("hub.unexpected")
                await asyncio.sleep(LOOK)

    async def _hand_on(self) -> None:
        if not self._watchers:
            # Nobody watches: whoever comes begins with the table, so there is nothing to remember but the place.
            if self._arrived:
                self._last = max(self._last, self._arrived[-1].id)
                self._arrived.clear()
            return
        arrived = list(self._arrived)
        self._arrived.clear()
        events = [event for event in arrived if event.id > self._last]
        if not arrived or any(event.id != self._last + 1 + place for place, event in enumerate(events)):
            # Ids are given without gaps but for those that were rolled back: another process may have written these.
            events = await self._read()
            if len(events) >= 1_000:
                self._wake.set()
        for event in events:
            self._last = max(self._last, event.id)
            try:
                self._publish(event)
            except Exception:
                # The event stays in the log; nobody else's stream ends for it.
                _log.exception("hub.event_not_sent", run_id=event.run_id, event_id=event.id, kind=event.kind)

    async def _read(self) -> list[StoredEvent]:
        """The events after the last one; one that cannot be read is passed over."""
        try:
            async with self._database.read() as session:
                return await Events(session).since(self._last)
        except PyscraiError:
            raise
        except Exception:
            _log.exception("hub.unreadable", after=self._last)
        async with self._database.read() as session:
            numbers = await Events(session).ids_since(self._last)
        events = []
        for number in numbers:
            try:
                async with self._database.read() as session:
                    events += await Events(session).since(number - 1, limit=1)
            except PyscraiError:
                raise
            except Exception:
                _log.error("hub.event_unreadable", event_id=number)
                self._last = max(self._last, number)
        return events

    def _publish(self, event: StoredEvent) -> None:
        watchers = [*self._watchers.get(event.run_id, ()), *self._watchers.get(None, ())]
        if watchers:
            chunk = event_chunk(event)
            for watcher in watchers:
                watcher.put(event.id, chunk, ends=event.kind in END_EVENTS)

    def _listener(self, run_id: str) -> TokenListener:
        def hear(role: str, turn: int, text: str | None) -> None:
            if text == "":
                return
            chunk = token_chunk(run_id, role, turn, text)
            for watcher in self._watchers.get(run_id, ()):
                if watcher.tokens:
                    watcher.put(0, chunk)

        return hear


def event_chunk(event: StoredEvent) -> bytes:
    """An event on the wire: its id is its place in the log, its data is JSON on one line."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), orjson.dumps(
        event.as_dict(), default=str, option=orjson.OPT_NON_STR_KEYS))


def token_chunk(run_id: str, role: str, turn: int, text: str | None) -> bytes:
    """A piece of speech on the wire, without an id, since it is not stored; None takes back what came in its turn."""
    if text is None:
        return b"event: token_reset\ndata: %s\n\n" % orjson.dumps({"run_id": run_id, "role": role, "turn": turn})
    return b"event: token\ndata: %s\n\n" % orjson.dumps({"run_id": run_id, "role": role, "turn": turn, "text": text})


def read_token(chunk: bytes) -> tuple[str, int, str | None] | None:
    """Role, turn and text of a piece of speech on the wire; None for anything else."""
    if not chunk.startswith(b"event: token"):
        return None
    data = orjson.loads(chunk.partition(b"data: ")[2])
    return data["role"], data["turn"], data.get("text")
