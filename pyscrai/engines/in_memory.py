"""Doubles that ship: a record and an inbox in memory, for dry runs, Studio, replays and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyscrai.engines.ports.record import CallKey, CallRecord, Progress, takes
from pyscrai.events import Event


class MemoryRecord:
    """A record that forgets with the process; it takes each event once by its key, as the database does."""

    def __init__(self, calls: Iterable[CallRecord] = ()) -> None:
        self.calls: dict[CallKey, CallRecord] = {call.key: call for call in calls}
        self.events: dict[str, Event] = {}
        self.progress: Progress | None = None
        self.closed = False

    def recall(self, key: CallKey) -> CallRecord | None:
        return self.calls.get(key)

    def note(self, call: CallRecord) -> None:
        if takes(self.calls.get(call.key), call):
            self.calls[call.key] = call

    async def commit(self, events: Sequence[Event], progress: Progress | None = None) -> None:
        for event in events:
            self.events.setdefault(event.key, event)
        self.progress = progress or self.progress

    async def history(self, *, after_turn: int = -1, upto_turn: int) -> Sequence[Event]:
        return [event for event in self.events.values() if after_turn < event.turn <= upto_turn]


class MemoryInbox:
    """An inbox in memory: commands wait until a turn takes them, and stay assigned to it."""

    def __init__(self, commands: Iterable[Mapping[str, Any]] = ()) -> None:
        self._waiting = [dict(command) for command in commands]
        self._taken: dict[int, list[dict[str, Any]]] = {}

    def put(self, command: Mapping[str, Any]) -> None:
        """Let a command wait for the next turn."""
        self._waiting.append(dict(command))

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        taken = self._taken.setdefault(turn, [])
        taken += self._waiting
        self._waiting = []
        return taken
