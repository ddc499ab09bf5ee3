"""A run that this process plays, and what the manager knows of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from pyscrai.engines.orchestration.run_registry import Desired
from pyscrai.engines.scenario_runner import Result, ScenarioRunner


@dataclass(slots=True, eq=False)
class LiveRun:
    """From the moment that a run waits for its place until it stands."""

    run_id: str
    task: asyncio.Task[None] | None = None
    runner: ScenarioRunner | None = None
    playing: asyncio.Task[Result] | None = None
    asked: Desired | Literal["shutdown", "lost"] | None = None
    reason: str = ""
    again: bool = False
    latest: Desired | None = None
    heeded: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, told: Desired) -> Desired | None:
        """What people asked last, or None where the run stands because of this process and not of them."""
        asked = self.asked
        return None if asked == "shutdown" or asked == "lost" else asked or told

    def note(self, result: Result) -> None:
        """Note how it stands: whether what was asked last is done, so that nobody needs to look at it again."""
        if self.latest == "pause":
            self.heeded = result.status in ("paused", "completed", "stopped")
        else:
            self.heeded = self.latest in ("stop", "cancel") and result.status in ("stopped", "completed")
