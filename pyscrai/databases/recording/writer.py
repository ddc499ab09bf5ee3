"""Group commit: one thread and one connection write for all runs of a process.

Whoever hands something over while a transaction is being written shares the next one, so that a turn costs one hop to
the thread and back, and many runs cost few transactions.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from pyscrai.databases.batch import take_batch
from pyscrai.databases.database import Database
from pyscrai.databases.recording.entry import Entry, Sink, Written
from pyscrai.databases.recording.sqlite_sink import SqliteSink
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.errors import Fenced, PyscraiError, StorageError

Listener = Callable[[str, Sequence[StoredEvent]], None]
"""Called on the event loop with a run's id and its new events, when they are durable."""

LARGEST_BATCH = 256
RETRIES = (0.02, 0.1, 0.5, 1.0, 2.0)
"""Seconds to wait before trying again what may pass: a lock, a lost connection."""

_log = structlog.get_logger("pyscrai.databases.writer")


class RecordWriter:
    """Makes entries durable. One for a process and database, used from one event loop."""

    def __init__(self, database: Database, *, sink: Sink | None = None) -> None:
        self._name = str(database)
        self._sink = sink or _sink(database)
        self._queue: queue.SimpleQueue[tuple[Entry, asyncio.Future[Written]] | None] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = threading.Event()
        self._closed = False

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener of all new events from now on; what is returned ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def submit(self, entry: Entry) -> asyncio.Future[Written]:
        """Hand an entry over; the future is done when it is durable.

        Raises:
            StorageError: the writer is closed. The future raises as ``write`` does.
        """
        if self._closed:
            raise StorageError("the record is closed", code="storage.closed")
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, name="pyscrai-record", daemon=True)
            self._thread.start()
        assert self._loop is not None
        done: asyncio.Future[Written] = self._loop.create_future()
        self._queue.put((entry, done))
        return done

    async def write(self, entry: Entry) -> Written:
        """Make an entry durable.

        Raises:
            Fenced: the run's fence has moved on: another process plays it.
            StorageError: the database did not take it.
        """
        return await self.submit(entry)

    async def close(self) -> None:
        """Write what was handed over, then end."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._ended.wait)

    # -- on the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (batch := take_batch(self._queue, LARGEST_BATCH)) is not None:
                self._hand_back(batch, self._write([entry for entry, _ in batch]))
        finally:
            self._sink.close()
            self._ended.set()

    def _write(self, entries: list[Entry]) -> list[Written | PyscraiError]:
        try:
            results = self._persist(entries)
        except StorageError as error:
            if len(entries) == 1 or error.code != "storage.refused":
                return [error] * len(entries)
            # One of them cannot be written: the others shall not suffer for it.
            return [result for entry in entries for result in self._write([entry])]
        return [result or _fenced(entry) for entry, result in zip(entries, results, strict=True)]

    def _persist(self, entries: list[Entry]) -> list[Written | None]:
        for number, wait in enumerate((*RETRIES, None)):
            try:
                return self._sink.write(entries, again=number > 0)
            except Exception as error:
                if not self._sink.passes(error):
                    raise StorageError(f"{self._name} refused a record: {error}", code="storage.refused") from error
                if wait is None:
                    raise StorageError(f"{self._name} cannot be written to: {error}",
                                       cure="check that it is reachable and that no other program holds a lock on it",
                                       code="storage.unreachable") from error
                _log.warning("record.retry", error=str(error), wait=wait)
                time.sleep(wait)
        raise AssertionError("unreachable")

    def _hand_back(self, batch: list[tuple[Entry, asyncio.Future[Written]]],
                   results: list[Written | PyscraiError]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._deliver, batch, results)
        except RuntimeError:
            # The loop ended without closing the writer: there is nobody left to tell.
            _log.warning("record.unheard", entries=len(batch))

    # -- on the event loop --------------------------------------------------------------------------------------------

    def _deliver(self, batch: list[tuple[Entry, asyncio.Future[Written]]],
                 results: list[Written | PyscraiError]) -> None:
        for (entry, done), result in zip(batch, results, strict=True):
            if isinstance(result, Written):
                if result.events:
                    self._tell(entry.run_id, result.events)
                if not done.done():
                    done.set_result(result)
            elif not done.done():
                done.set_exception(result)

    def _tell(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(run_id, events)
            except Exception:
                _log.exception("record.listener_failed", run_id=run_id)


def _sink(database: Database) -> Sink:
    if database.path is not None:
        return SqliteSink(database.path)
    # Imported here: who uses SQLite need not wait for PostgreSQL's driver, a tenth of a second.
    from pyscrai.databases.recording.postgres_sink import PostgresSink

    return PostgresSink(database.dsn)


def _fenced(entry: Entry) -> Fenced:
    return Fenced(f"run {entry.run_id} is played by another process now, or was deleted", run_id=entry.run_id)
