"""A run that this process plays, and what the manager knows of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import PyscraiError
from pyscrai.lifecycle import Desired, is_unmet

Interrupted = Literal["shutdown", "lost", "cut"]
"""Why a run stands that nobody asked to stand: the process ends, its lease was lost, its front end cut the turn off."""


@dataclass(slots=True, eq=False)
class LiveRun:
    """From the moment that a run waits for its place until it stands."""

    run_id: str
    task: asyncio.Task[None] | None = None
    runner: ScenarioRunner | None = None
    playing: asyncio.Task[Result] | None = None
    asked: Desired | Interrupted | None = None
    reason: str = ""
    again: bool = False
    """Whether something was asked while it was live."""
    last_request: Desired | None = None
    """What was asked last while it was live."""
    result: Result | None = None
    """How it stands."""
    error: PyscraiError | None = None
    """What kept it from being played."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def interrupt(self, desired: Desired, reason: str = "") -> None:
        """Let it stand: at the next boundary for ``pause`` and ``stop``, at once for ``cancel``."""
        if self.asked in ("cancel", "lost", "cut"):
            return
        self.asked, self.reason = desired, reason or f"{desired} was asked for"
        if self.runner is None:
            return
        if desired == "pause":
            self.runner.pause(self.reason)
        elif desired == "stop":
            self.runner.stop(self.reason)
        elif self.playing is not None:
            self.playing.cancel()

    def obeyed(self, told: Desired) -> Desired | None:
        """The last request by people, or None where the run stands because of this process."""
        if self.asked is None:
            return told
        return None if self.asked in ("shutdown", "lost", "cut") else self.asked  # type: ignore[return-value]

    @property
    def satisfied(self) -> bool:
        """Whether what was asked last is done, so that nobody needs to look at it again."""
        return (self.last_request in ("pause", "stop", "cancel") and self.result is not None
                and not is_unmet(self.result.status, self.last_request))
