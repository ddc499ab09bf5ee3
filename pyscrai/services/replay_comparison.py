"""The comparison of a replay: each request and each event of the play, with what the run recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.place import Place, is_earlier_note
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.ports.record import CallKey, CallRecord, Progress
from pyscrai.events import Event
from pyscrai.lifecycle import LIFE_EVENTS, REQUEST_KEY
from pyscrai.plain_text import storable_json
from pyscrai.services.run_measures import AGAIN

PLAYING = LIFE_EVENTS - {"run_completed"}
"""Events about the playing itself, which a replay does not share: it is not paused where the run was."""

OUTSIDE = (REQUEST_KEY, "forked", "failed.")
"""Prefixes of the keys of events that were written from outside of the play."""

What = Literal["event", "order", "request", "call", "measurement", "run", "status", "seal"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing in which record and replay differ: its turn and key, and what each has there (None for nothing).

    ``what`` says in what: an event, the order of events, a request to a model, a call that the replay does not make, a
    measurement's row, the run's row, its status, or the seal over its rows.
    """

    turn: int
    key: str
    recorded: Mapping[str, Any] | None
    replayed: Mapping[str, Any] | None
    what: What = "event"


class ReplayRecord(MemoryRecord):
    """A record that answers from a run's calls alone, and remembers what it was asked for."""

    def __init__(self, calls: Iterable[CallRecord]) -> None:
        super().__init__(calls)
        self.closed = True
        self.batches: list[list[str]] = []
        """The keys of the events of each commit, in their order."""
        self.recalled: set[CallKey] = set()
        self.difference: Difference | None = None
        self._places: dict[str, CallKey] = {}

    def recall(self, key: CallKey) -> CallRecord | None:
        self._places[key.role] = key
        self.recalled.add(key)
        return super().recall(key)

    def missed(self, role: str, request: ModelRequest) -> None:
        """A request that was never recorded; beside it stands what was asked at its place."""
        if self.difference is not None:
            return
        place = self._places[role]
        there = [call for key, call in self.calls.items() if (key.turn, key.role, key.task) == (
            place.turn, place.role, place.task)]
        nearest = next((call for call in there if len(call.request.messages) == len(request.messages)), None)
        self.difference = Difference(place.turn, Place(place.turn, role, place.task).stem, None if nearest is None else
                                     _shown_request(nearest.request), _shown_request(request), "request")

    async def commit(self, events: Sequence[Event], progress: Progress | None = None, *, with_state: bool = False
                     ) -> None:
        self.batches.append([event.key for event in events])
        await super().commit(events, progress)


def compare(record: ReplayRecord, events: Sequence[StoredEvent], calls: Sequence[CallRecord], *, partial: bool
            ) -> Difference | None:
    """The first difference between what was replayed and what was recorded.

    Args:
        partial: the recorded run did not come to its end, so that the replay may go further.
    """
    recorded = {event.key: event for event in events if of_the_play(event)}
    difference = first_difference(recorded, record.events, partial=partial)
    asked = record.difference
    if asked is not None and (not partial if difference is None else asked.turn <= difference.turn):
        return asked
    return difference or _order(record, recorded) or _unasked(record, calls, partial=partial)


def of_the_play(event: StoredEvent) -> bool:
    """Whether a replay has this event too: it is not about the playing, nor written from outside or later."""
    return not (event.kind in PLAYING or event.key.startswith(OUTSIDE) or f":{AGAIN}" in event.key)


def first_difference(recorded: Mapping[str, StoredEvent], replayed: Mapping[str, Event], *, partial: bool
                     ) -> Difference | None:
    """The first difference between two logs, in the order of turns; events are told apart by their keys."""
    other = {key: event for key, event in replayed.items() if event.kind not in PLAYING}
    turns = {key: (recorded.get(key) or other[key]).turn for key in {*recorded, *other}}
    for key in sorted(turns, key=lambda key: (turns[key], key)):
        if partial and key not in recorded:
            continue
        one, two = _as_recorded(recorded.get(key)), _as_replayed(other.get(key))
        if one is None or two is None or any(two.get(name, _Absent) != value for name, value in one.items()):
            return Difference(turns[key], key, one, two)
    return None


class _Absent:
    """The value of an event under a name that it does not know."""


def _as_recorded(event: StoredEvent | None) -> dict[str, Any] | None:
    if event is None:
        return None
    audience = event.audience if event.audience == "all" else list(event.audience)
    payload = dict(event.payload)
    if event.kind == "reply_repaired" and is_earlier_note(event.key):
        payload.pop("problem", None)  # in the words of the version that wrote it
    return {"key": event.key, "kind": event.kind, "turn": event.turn, "phase": event.phase, "source": event.source,
            "audience": audience, **payload}


def _as_replayed(event: Event | None) -> dict[str, Any] | None:
    return None if event is None else dict(storable_json(event.model_dump(mode="json")))


def _order(record: ReplayRecord, recorded: Mapping[str, StoredEvent]) -> Difference | None:
    """Events of one commit that do not stand in its order in the log."""
    for batch in record.batches:
        known = [recorded[key] for key in batch if key in recorded]
        for before, after in pairwise(known):
            if before.seq > after.seq:
                return Difference(after.turn, after.key, {"seq": after.seq, "before": before.key},
                                  {"after": before.key}, "order")
    return None


def _unasked(record: ReplayRecord, calls: Sequence[CallRecord], *, partial: bool) -> Difference | None:
    """A recorded call at a place to which the replay never came."""
    for call in calls:
        if call.key not in record.recalled and not partial:
            key = call.key
            return Difference(key.turn, Place(key.turn, key.role, key.task).stem, {
                "purpose": call.purpose, "ordinal": key.ordinal, "reply": call.reply.text if call.reply else None},
                None, "call")
    return None


def _shown_request(request: ModelRequest) -> dict[str, Any]:
    return {"messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "temperature": request.temperature, "max_tokens": request.max_tokens, "stop": list(request.stop),
            "schema": request.schema}
