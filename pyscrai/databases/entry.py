"""What crosses from the event loop to the thread that writes: plain data, encoded already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pyscrai.audience import EVERYONE, Audience
from pyscrai.databases.call_row import CallEntry
from pyscrai.databases.columns import audience_text, plain_json, to_json
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.ports.record import Progress
from pyscrai.events import Event, Measurement, RunCompleted, RunFailed
from pyscrai.lifecycle import BRINGS, ENDED, Desired, RunStatus
from pyscrai.plain_text import storable


class EventEntry(NamedTuple):
    """An event with its stored forms beside it."""

    event: Event
    payload: dict[str, Any]
    audience: str
    payload_json: str

    def stored(self, number: int, run_id: str, seq: int, moment: datetime) -> StoredEvent:
        """The event as the log holds it."""
        event = self.event
        return StoredEvent(number, run_id, seq, event.key, event.kind, event.turn, event.phase, event.source,
                           event.audience, self.payload, moment)

    def measurement(self, run_id: str, seq: int) -> tuple[Any, ...] | None:
        """The row of ``measurements``, if the event is one."""
        event = self.event
        if not isinstance(event, Measurement):
            return None
        number = event.value if isinstance(event.value, (int, float)) else None
        category = storable(event.value) if isinstance(event.value, str) else None
        return (run_id, seq, event.turn, event.source, storable(event.measure), event.of and storable(event.of), number,
                category,
                storable(event.rationale), to_json(event.evidence))


def event_entry(event: Event) -> EventEntry:
    """Make an event ready to be written. What is told of it to listeners is what is stored."""
    payload, text = plain_json(event.payload())
    audience: Audience = event.audience
    key, phase, source = storable(event.key), storable(event.phase), event.source and storable(event.source)
    heard: Audience = audience if audience == EVERYONE else tuple(map(storable, audience))
    if (key, phase, source, heard) != (event.key, event.phase, event.source, audience):
        event = event.model_copy(update={"key": key, "phase": phase, "source": source, "audience": heard})
    return EventEntry(event, payload, audience_text(event.audience), text)


class StatusChange(NamedTuple):
    """What an event of a run's life does to the run's row."""

    status: RunStatus
    outcome: str | None = None
    error: str | None = None

    def row(self, run_id: str, moment: Any) -> tuple[Any, ...]:
        """The parameters of the statement that makes the change."""
        return (self.status, moment if self.status == "running" else None, moment if self.status in ENDED else None,
                self.outcome, self.error, run_id)


def status_change(event: Event) -> StatusChange | None:
    """The status that an event brings, or None for events of the play."""
    status = BRINGS.get(event.kind)
    if status is None:
        return None
    return StatusChange(status, to_json(event.outcome) if isinstance(event, RunCompleted) else None,
                        to_json(event.error) if isinstance(event, RunFailed) else None)


class Where(NamedTuple):
    """A run's progress, encoded."""

    turn: int
    phase: str
    speakers: str
    variables: str
    usage: str


def where(progress: Progress) -> Where:
    """Make progress ready to be written."""
    return Where(progress.turn, storable(progress.phase), to_json(progress.next), to_json(dict(progress.variables)),
                 to_json(dict(progress.usage)))


StateWrite = Callable[[Any], object]
"""Writes a part of a run's state: over the SQLite connection that it is given, or into a list of statements."""


class StateRecord(Protocol):
    """A run's record that can be written in one transaction with the states of the run."""

    goes_with_state: bool
    """Whether a saver calls ``store`` with each state of the run."""

    async def store(self, state: Sequence[StateWrite]) -> None: ...


class RecordEntry(NamedTuple):
    """All that one commit of one run makes durable."""

    run_id: str
    fence: int
    moment: datetime
    calls: tuple[CallEntry, ...] = ()
    events: tuple[EventEntry, ...] = ()
    progress: Where | None = None
    state: Sequence[StateWrite] = ()
    """The state that came of it, as the dialect's saver writes it."""


class Written(NamedTuple):
    """What became of an entry: its new events, and what the run's row says others want of it."""

    events: tuple[StoredEvent, ...]
    desired: Desired
    controls_waiting: int


class Sink(Protocol):
    """Writes entries to one kind of database, from the writer's thread alone.

    ``write`` puts all entries into one transaction and answers for each of them, None where the run's fence has moved
    on and nothing was written. ``again`` says that an earlier try may have been committed after all: events that are
    there already then count as new. After an error everything is rolled back, and ``write`` may be called again: the
    dialect tells whether the error passes. A try ends by itself, if need be with an error.
    """

    def write(self, entries: list[RecordEntry], *, again: bool) -> list[Written | None]: ...

    def close(self) -> None: ...
