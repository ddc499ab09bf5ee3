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
from dataclasses import dataclass

import structlog

from pyscrai.databases.batch import take_batch
from pyscrai.databases.database import Database
from pyscrai.databases.entry import RecordEntry, Sink, Written
from pyscrai.databases.patience import waits
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.errors import Fenced, PyscraiError, StorageError

Listener = Callable[[str, Sequence[StoredEvent]], None]
"""Called on the event loop with a run's id and its new events, when they are durable."""

LARGEST_BATCH = 256

CLOSING = 15.0
"""Seconds that the thread is given to write what was handed over when the writer is closed."""

_log = structlog.get_logger("pyscrai.databases.writer")


@dataclass(slots=True, eq=False)
class Handed:
    """An entry on its way: whom to tell, and until when storage may be away."""

    entry: RecordEntry
    done: asyncio.Future[Written]
    until: float
    again: bool = False
    """Whether an earlier try may have been committed after all."""


class RecordWriter:
    """Makes entries durable. One for a process and database, used from one event loop.

    While storage is away, entries wait for as long as the database has patience; what it refuses for another reason
    fails at once, and alone.
    """

    def __init__(self, database: Database, *, sink: Sink | None = None) -> None:
        self._name, self._explain = str(database), database.dialect.explain
        self._patience = database.patience.seconds
        self._sink = sink or database.dialect.sink()
        self._queue: queue.SimpleQueue[Handed | None] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = threading.Event()
        self._closed = threading.Event()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener of all new events from now on; what is returned ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def submit(self, entry: RecordEntry) -> asyncio.Future[Written]:
        """Hand an entry over; the future is done when it is durable.

        Raises:
            StorageError: the writer is closed. The future raises as ``write`` does.
        """
        if self._closed.is_set():
            raise StorageError("the record is closed", code="storage.closed")
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, name="pyscrai-record", daemon=True)
            self._thread.start()
        assert self._loop is not None
        done: asyncio.Future[Written] = self._loop.create_future()
        self._queue.put(Handed(entry, done, time.monotonic() + self._patience))
        return done

    def announce(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        """Tell the listeners of events that a session wrote, now that they are durable."""
        self._tell(run_id, events)

    async def write(self, entry: RecordEntry) -> Written:
        """Make an entry durable.

        Raises:
            Fenced: the run's fence has moved on: another process plays it.
            StorageError: the database refused it, or stayed away for longer than it has patience.
        """
        return await self.submit(entry)

    async def close(self) -> None:
        """Write what was handed over, then end; storage that is away is not waited for."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._thread is not None:
            self._queue.put(None)
            if not await asyncio.to_thread(self._ended.wait, CLOSING):
                _log.error("record.cut_off", database=self._name)

    # -- on the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (batch := take_batch(self._queue, LARGEST_BATCH)) is not None:
                try:
                    self._persist(batch)
                except Exception as error:
                    _log.exception("record.unexpected")
                    self._hand_back([(handed, self._refused(error)) for handed in batch])
        finally:
            self._sink.close()
            self._ended.set()

    def _persist(self, batch: list[Handed]) -> None:
        """Write a batch, waiting while storage is away; every entry is handed back with what became of it."""
        for wait in waits():
            error = self._try(batch)
            if error is None:
                return
            for handed in batch:
                handed.again = True
            now = time.monotonic()
            given_up = [handed for handed in batch if self._closed.is_set() or now + wait > handed.until]
            self._hand_back([(handed, error) for handed in given_up])
            batch = [handed for handed in batch if handed not in given_up]
            if not batch:
                return
            _log.warning("record.storage_away", code=error.code, error=error.message, entries=len(batch))
            self._closed.wait(wait)

    def _try(self, batch: list[Handed]) -> StorageError | None:
        """Write a batch once; the error, if storage is away and nothing was handed back."""
        try:
            results = self._sink.write([handed.entry for handed in batch], again=any(each.again for each in batch))
            found = [(handed, result or _fenced(handed.entry)) for handed, result in zip(batch, results, strict=True)]
        except Exception as error:
            explained = self._explain(error)
            if explained is not None and explained.passes:
                return explained
            if len(batch) == 1:
                _log.error("record.refused", run_id=batch[0].entry.run_id, error=str(error))
                self._hand_back([(batch[0], explained or self._refused(error))])
                return None
            # One of them cannot be written: the others shall not suffer for it.
            for handed in batch:
                self._persist([handed])
            return None
        self._hand_back(found)
        return None

    def _refused(self, error: Exception) -> StorageError:
        return StorageError(f"{self._name} refused a record: {error}", code="storage.refused")

    def _hand_back(self, results: Sequence[tuple[Handed, Written | PyscraiError]]) -> None:
        assert self._loop is not None
        if not results:
            return
        try:
            self._loop.call_soon_threadsafe(self._deliver, results)
        except RuntimeError:
            # The loop ended without closing the writer: there is nobody left to tell.
            _log.warning("record.unheard", entries=len(results))

    # -- on the event loop --------------------------------------------------------------------------------------------

    def _deliver(self, results: Sequence[tuple[Handed, Written | PyscraiError]]) -> None:
        for handed, result in results:
            if isinstance(result, Written):
                if result.events:
                    self._tell(handed.entry.run_id, result.events)
                if not handed.done.done():
                    handed.done.set_result(result)
            elif not handed.done.done():
                handed.done.set_exception(result)

    def _tell(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(run_id, events)
            except Exception:
                _log.exception("record.listener_failed", run_id=run_id)


def _fenced(entry: RecordEntry) -> Fenced:
    return Fenced(f"run {entry.run_id} is played by another process now, or was deleted", run_id=entry.run_id)
