"""What a manager of runs needs from where they are kept: the states desired of them, and who plays them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import PyscraiError, RunError
from pyscrai.lifecycle import Desired


class Taken(RunError):
    """Another process plays this run."""

    code = "run.taken"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A run opened by this process alone, and what it is told to do."""

    runner: ScenarioRunner
    told: Desired


@dataclass(frozen=True, slots=True)
class Due:
    """A run whose desired state is not reached and that nobody plays; ``share`` is whose turn it uses in the queue."""

    run_id: str
    share: str = ""


class RunRegistry(Protocol):
    """Where runs are kept: the states desired of them, and who plays them."""

    def open(self, run_id: str) -> AbstractAsyncContextManager[Assignment]:
        """Take the run for this process and open it.

        Raises:
            Taken: another process plays it.
            PyscraiError: it cannot be opened; ``fail`` records why.
        """
        ...

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        """Keep the runs for this process; the desired state of each. A run that was lost is not among them."""
        ...

    async def due(self, limit: int) -> Sequence[Due]:
        """Runs whose desired state is not reached and that nobody plays, oldest first in each share.

        They are taken for this process, which is to open them at once: nobody else is offered them meanwhile.
        """
        ...

    async def settle(self, run_id: str, told: Desired, result: Result) -> None:
        """Record that a run stands, unless something else than ``told`` is desired of it by now."""
        ...

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        """Record that a run could not be opened or went wrong outside of its play."""
        ...
