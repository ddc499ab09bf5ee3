"""What a manager of runs needs from where they are kept: what is asked of them, and who plays them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import PyscraiError, RunError

Desired = Literal["none", "run", "step", "wait", "pause", "stop", "cancel"]
"""What is asked of a run: ``none`` before anybody started it, ``wait`` until a person has answered."""

ENDING: frozenset[Desired] = frozenset({"pause", "stop", "cancel"})
"""What lets a run stand."""


class Taken(RunError):
    """Another process plays this run."""

    code = "run.taken"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A run opened by this process alone, and what is asked of it."""

    runner: ScenarioRunner
    desired: Desired


@dataclass(frozen=True, slots=True)
class Due:
    """A run that ought to do something and that nobody plays; ``share`` is whose turn it uses up in the queue."""

    run_id: str
    share: str = ""


class Desk(Protocol):
    """Where runs are kept: what is asked of them, and who plays them."""

    def open(self, run_id: str) -> AbstractAsyncContextManager[Assignment]:
        """Take the run for this process and open it.

        Raises:
            Taken: another process plays it.
            PyscraiError: it cannot be opened; ``fail`` records why.
        """
        ...

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        """Keep the runs for this process; what is asked of each. A run that was lost is not among them."""
        ...

    async def due(self, limit: int) -> Sequence[Due]:
        """Runs that ought to do something and that nobody plays, oldest first."""
        ...

    async def settle(self, run_id: str, told: Desired, result: Result) -> None:
        """Write down that a run stands, unless something else than ``told`` is asked of it by now."""
        ...

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        """Write down that a run could not be opened or went wrong outside of its play."""
        ...
