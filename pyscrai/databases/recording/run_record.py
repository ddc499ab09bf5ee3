"""The journal and event log of one run: the engines' ``Record`` over the database."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from pyscrai.databases.call_row import CallEntry, entry
from pyscrai.databases.columns import now
from pyscrai.databases.entry import EventEntry, RecordEntry, StateWrite, Where, Written, event_entry, where
from pyscrai.databases.linger import Linger
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.stored_runs import StoredRun, turns_again
from pyscrai.engines.ports.record import CallKey, CallRecord, Progress, takes
from pyscrai.errors import StorageError
from pyscrai.events import Event
from pyscrai.lifecycle import END_EVENTS, Desired

_log = structlog.get_logger("pyscrai.databases.recording.run_record")


class RunRecord:
    """The record of one run. After each commit ``desired`` and ``controls_waiting`` say what others want of it.

    Args:
        fence: the number that the run's lease gave; who holds an older one cannot write.
        calls: recorded calls that the run may ask for again.
        keep_turns: calls of this many turns stay in memory.
        ended: told the run's id when it has ended, to keep its metrics.
    """

    def __init__(self, writer: RecordWriter, run_id: str, fence: int, *, calls: Iterable[CallRecord] = (),
                 keep_turns: int = 64, clock: Callable[[], datetime] = now,
                 ended: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.run_id, self.fence = run_id, fence
        self._ended = ended
        self.closed = False
        self.desired: Desired = "run"
        self.controls_waiting = 0
        self._writer, self._clock, self._keep_turns = writer, clock, keep_turns
        self._calls: dict[CallKey, CallRecord] = {call.key: call for call in calls}
        self._unwritten: dict[CallKey, CallEntry] = {}
        self._events: tuple[EventEntry, ...] = ()
        self._progress: Where | None = None
        self.goes_with_state = False
        """Whether a saver calls ``store`` with each state of the run."""
        self._linger = Linger(self._write_noted)

    @classmethod
    def of(cls, writer: RecordWriter, stored: StoredRun, fence: int, *, roles: int,
           ended: Callable[[str], Awaitable[None]] | None = None) -> RunRecord:
        """The record of a run that goes on, with the calls that its last turns made; ``roles`` counts its cast."""
        record = cls(writer, stored.row.id, fence, calls=stored.calls, keep_turns=turns_again(roles), ended=ended)
        record.desired, record.controls_waiting = stored.row.desired, stored.row.controls_waiting
        return record

    def recall(self, key: CallKey) -> CallRecord | None:
        return self._calls.get(key)

    def note(self, call: CallRecord) -> None:
        if not takes(self._calls.get(call.key), call):
            return
        self._calls[call.key] = call
        self._unwritten[call.key] = entry(call, self._clock())
        self._linger.begin()

    async def commit(self, events: Sequence[Event], progress: Progress | None = None, *, with_state: bool = False
                     ) -> None:
        entries, stands = tuple(map(event_entry, events)), where(progress) if progress is not None else None
        if with_state and self.goes_with_state:
            self._events, self._progress = self._events + entries, stands or self._progress
        else:
            await self._write(entries, stands)
        if progress is not None:
            self._forget(progress.turn - self._keep_turns)
        if self._ended is not None and any(event.kind in END_EVENTS for event in events):
            await self._keep_metrics(self._ended)

    async def store(self, state: Sequence[StateWrite]) -> None:
        """Make a state durable, in one transaction with what was handed over to go with it.

        Raises: as ``commit``.
        """
        await self._write((), None, state)

    async def _write(self, events: tuple[EventEntry, ...], progress: Where | None, state: Sequence[StateWrite] = ()
                     ) -> None:
        handed, stands, calls = self._events, self._progress, dict(self._unwritten)
        if not (handed or events or progress or calls or state):
            return
        self._events, self._progress = (), None
        try:
            written = await self._submit(calls, handed + events, progress or stands, state)
        except (StorageError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) or error.passes:  # it goes along with what is written next
                self._put_back(handed, stands)
            raise
        self._settle(calls, written)

    def _put_back(self, events: tuple[EventEntry, ...], progress: Where | None) -> None:
        self._events = events + self._events
        if self._progress is None:
            self._progress = progress

    async def _keep_metrics(self, keep: Callable[[str], Awaitable[None]]) -> None:
        try:
            await keep(self.run_id)
        except StorageError as error:
            # The end itself is durable, and figures that were not kept are computed whenever they are asked for.
            _log.warning("metrics.not_kept", run_id=self.run_id, error=error.message)

    def _submit(self, calls: Mapping[CallKey, CallEntry], events: tuple[EventEntry, ...] = (),
                progress: Where | None = None, state: Sequence[StateWrite] = ()) -> asyncio.Future[Written]:
        self._linger.end()
        return self._writer.submit(
            RecordEntry(self.run_id, self.fence, self._clock(), tuple(calls.values()), events, progress, state))

    def _write_noted(self) -> None:
        calls = dict(self._unwritten)
        if not calls:
            return

        def done(future: asyncio.Future[Written]) -> None:
            # A failure is not lost: the calls go along with the next commit, which raises it.
            if not future.cancelled() and future.exception() is None:
                self._settle(calls, future.result())

        # A writer that was closed meanwhile leaves them to whoever plays on: nothing came of them yet.
        with suppress(StorageError):
            self._submit(calls).add_done_callback(done)

    def _settle(self, calls: Mapping[CallKey, CallEntry], written: Written) -> None:
        # Until they are durable, calls go along with every commit: what one failed to write another one writes, and
        # no event is durable before the call that it came from.
        for key, call in calls.items():
            if self._unwritten.get(key) is call:
                del self._unwritten[key]
        self.desired, self.controls_waiting = written.desired, written.controls_waiting

    def _forget(self, turn: int) -> None:
        """Let go of the calls of earlier turns; they were recorded in the order of the turns."""
        for key in list(itertools.takewhile(lambda key: key.turn < turn, self._calls)):
            del self._calls[key]
