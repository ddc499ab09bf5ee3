"""Doubles that ship: a record, an inbox and a registry in memory, for dry runs, Studio, replays and tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pyscrai.engines.orchestration.run_registry import Assignment, Due, Taken
from pyscrai.engines.ports.record import CallKey, CallRecord, Progress, takes
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import PyscraiError
from pyscrai.events import Event
from pyscrai.lifecycle import Desired, Request, RunStatus, check_fits, desired_by, is_unmet, settled


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

    async def commit(self, events: Sequence[Event], progress: Progress | None = None, *, with_state: bool = False
                     ) -> None:
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


@dataclass(slots=True)
class MemoryRun:
    """A run in memory: its status, the state desired of it, and its owner."""

    status: RunStatus = "pending"
    desired: Desired = "none"
    share: str = ""
    owner: str | None = None
    error: Mapping[str, Any] | None = None


class MemoryRegistry:
    """A registry of runs in memory, as one process of several sees it.

    Args:
        make: makes the runner of a run, each time that it is opened.
        runs: the runs that several processes share; those of this one alone by default.
        owner: the name of this process.
    """

    def __init__(self, make: Callable[[str], ScenarioRunner], runs: dict[str, MemoryRun] | None = None, *,
                 owner: str = "me") -> None:
        self.runs = {} if runs is None else runs
        self._make, self._owner = make, owner
        self._claimed: set[str] = set()

    def add(self, run_id: str, share: str = "") -> None:
        """Make a run; nothing is desired of it yet."""
        self.runs[run_id] = MemoryRun(share=share)

    def request(self, run_id: str, request: Request) -> Desired:
        """Ask something of a run; what to wake the manager with.

        Raises:
            WrongState: it does not fit.
        """
        run = self.runs[run_id]
        check_fits(run_id, run.status, run.desired, request)
        run.desired = desired_by(request, run.status)
        return run.desired

    @asynccontextmanager
    async def open(self, run_id: str) -> AsyncIterator[Assignment]:
        run = self.runs[run_id]
        if run.owner is not None and run_id not in self._claimed:
            raise Taken(f"{run.owner} plays {run_id}")
        self._claimed.discard(run_id)
        run.owner = self._owner
        try:
            told = run.desired if is_unmet(run.status, run.desired) else "none"
            runner = self._make(run_id)
            if told in ("run", "step"):
                run.status = "running"
            yield Assignment(runner, told)
        finally:
            if run.owner == self._owner:
                run.owner = None

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        return {run_id: self.runs[run_id].desired for run_id in run_ids
                if run_id in self.runs and self.runs[run_id].owner == self._owner}

    async def due(self, limit: int) -> Sequence[Due]:
        found = [(run_id, run) for run_id, run in self.runs.items()
                 if run.owner is None and is_unmet(run.status, run.desired)][:limit]
        for run_id, run in found:
            run.owner = self._owner
            self._claimed.add(run_id)
        return [Due(run_id, run.share) for run_id, run in found]

    async def settle(self, run_id: str, told: Desired, result: Result) -> None:
        run = self.runs[run_id]
        run.status, run.error = result.status, result.error
        if run.desired == told and (desired := settled(result.status, told)) is not None:
            run.desired = desired

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        run = self.runs[run_id]
        run.status, run.error = "failed", error.as_dict()
        run.desired = settled("failed", run.desired) or run.desired
