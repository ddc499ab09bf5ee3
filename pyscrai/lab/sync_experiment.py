"""An experiment without ``await``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from pyscrai.errors import Problem
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.lab.async_experiment import AsyncExperiment
from pyscrai.lab.async_run import AsyncRun
from pyscrai.lab.event_loop import EventLoop
from pyscrai.lab.progress import Progress
from pyscrai.lab.run import Run
from pyscrai.services.experiments.tables import TableName


class SyncExperiment:
    """One stored experiment."""

    def __init__(self, loop: EventLoop, core: AsyncExperiment, run_of: Callable[[AsyncRun], Run]) -> None:
        self._loop, self._core, self._run_of = loop, core, run_of

    def __repr__(self) -> str:
        return repr(self._core)

    def _repr_html_(self) -> str:
        page = escape(self.report(), quote=True)
        return f'<iframe srcdoc="{page}" sandbox style="width:100%;height:40em;border:1px solid #ccc"></iframe>'

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self._core.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._core.name

    @property
    def version(self) -> str:
        """Its version."""
        return self._core.version

    @property
    def spec(self) -> ExperimentTemplate:
        """The declaration of the experiment."""
        return self._core.spec

    @property
    def freeze_hash(self) -> str | None:
        """The hash that it is frozen with."""
        return self._core.freeze_hash

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of its arms."""
        return self._core.arms

    def refresh(self) -> Self:
        """Look at it again; the same object."""
        self._loop.run(self._core.refresh())
        return self

    def check(self) -> list[Problem]:
        """Warnings: things that are probably not meant. An experiment with errors is not stored."""
        return self._loop.run(self._core.check())

    def plan(self, *, pilot: int = 0, progress: Progress = None) -> dict[str, Any]:
        """The cost and the smallest effect that can be found; with a pilot of so many pasts, in its units."""
        return self._loop.run_telling(lambda tell: self._core.plan(pilot=pilot, progress=tell), progress)

    def freeze(self) -> str:
        """Fix the plan by a hash, which is given back; later changes are deviations."""
        return self._loop.run(self._core.freeze())

    def amend(self, changed: ExperimentTemplate | Mapping[str, Any] | str | Path) -> Self:
        """Add pasts, arms or repeats, or change judges and stop rules; each change becomes a deviation."""
        self._loop.run(self._core.amend(changed))
        return self

    def run(self, *, parallel: int | None = None, judge: bool = True, progress: Progress = None) -> Self:
        """Play what is missing or failed, let it be judged, and analyse it; the same object. Ctrl-C lets it stand."""
        self._loop.run_telling(lambda tell: self._core.run(parallel=parallel, judge=judge, progress=tell), progress)
        return self

    def status(self) -> dict[str, Any]:
        """The progress: cells by state and arm, half width, cost, time left."""
        return self._loop.run(self._core.status())

    def pause(self) -> None:
        """Let it stand, whoever runs it."""
        self._loop.run(self._core.pause())

    def cancel(self) -> None:
        """End it for good; what was played stays."""
        self._loop.run(self._core.cancel())

    def judge(self, *, by: Sequence[str] = (), repeats: int | None = None) -> dict[str, Any]:
        """Let finished transcripts be scored, by its judges or others; nothing is played."""
        return self._loop.run(self._core.judge(by=by, repeats=repeats))

    def label(self, rows: Sequence[Mapping[str, Any]], *, person: str = "") -> int:
        """Store people's labels: ``run_id``, ``measure``, ``value``, and where wanted ``of``, ``person``."""
        return self._loop.run(self._core.label(rows, person=person))

    def label_sheet(self) -> list[dict[str, str]]:
        """Rows for people to fill in: each finished transcript and what is judged of it, blind, in a drawn order."""
        return self._loop.run(self._core.label_sheet())

    def results(self) -> dict[str, Any]:
        """Contrasts with their pairs, arms, flow of runs, agreement, deviations, cost, provenance; computed anew."""
        return self._loop.run(self._core.results())

    def table(self, name: TableName = "contrasts") -> pa.Table:
        """A tidy table: runs, cells, measurements, judgements, turns, contrasts, arms or deviations."""
        return self._loop.run(self._core.table(name))

    def runs(self, *, arm: str | None = None) -> list[Run]:
        """Its ended runs, by past, arm and repeat."""
        return [self._run_of(run) for run in self._loop.run(self._core.runs(arm=arm))]

    def report(self, path: str | Path | None = None, *, runs: bool = False) -> str:
        """The report as HTML; with a path written: .html, .md, or a folder with tables and an RO-Crate."""
        return self._loop.run(self._core.report(path, runs=runs))

    def verify(self, *, sample: int = 10, seed: int = 0) -> dict[str, Any]:
        """Replay a sample of its runs and compute every number again: ``identical`` and ``differences``."""
        return self._loop.run(self._core.verify(sample=sample, seed=seed))
