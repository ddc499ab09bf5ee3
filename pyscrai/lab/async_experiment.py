"""An experiment in Python: planned, frozen, run, judged, analysed, reported, verified."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from pyscrai.errors import Problem
from pyscrai.experiments.checks import check_experiment
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.experiments.reader import LoadedExperiment, experiment_of_data, load_experiment
from pyscrai.lab.async_run import ACTOR, AsyncRun
from pyscrai.lab.open_lab import OpenLab
from pyscrai.lab.progress import Progress, teller
from pyscrai.services.experiments.bundle import report_html, report_markdown, write_bundle
from pyscrai.services.experiments.course import run_course
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, load_plan
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.forecast import forecast, store_pilot
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.human_labels import add_labels, sheet_rows
from pyscrai.services.experiments.judge_panel import JudgePanel
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.status import ask_experiment, experiment_status
from pyscrai.services.experiments.tables import TableName, read_table
from pyscrai.services.experiments.verification import verify_experiment

Experiment = str | Path | Mapping[str, Any] | ExperimentTemplate
"""An experiment by its file, as plain data, or a model."""


def loaded_experiment(experiment: Experiment) -> LoadedExperiment:
    """An experiment read from a file, plain data or a model; its mistakes are told when it is stored."""
    if isinstance(experiment, str | Path):
        return load_experiment(experiment, draft=True)
    if isinstance(experiment, ExperimentTemplate):
        return LoadedExperiment(experiment)
    return experiment_of_data({"kind": "experiment", **experiment}, draft=True)


class AsyncExperiment:
    """One stored experiment."""

    def __init__(self, lab: OpenLab, plan: ExperimentPlan) -> None:
        self._lab, self._plan = lab, plan

    def __repr__(self) -> str:
        return f"<experiment {self.name}@{self.version} {self.id} {self._plan.row.status}>"

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self._plan.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._plan.spec.name

    @property
    def version(self) -> str:
        """Its version."""
        return self._plan.spec.version

    @property
    def spec(self) -> ExperimentTemplate:
        """The declaration of the experiment."""
        return self._plan.spec

    @property
    def freeze_hash(self) -> str | None:
        """The hash that it is frozen with."""
        return self._plan.row.freeze_hash

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of its arms."""
        return tuple(self._plan.arms)

    async def refresh(self) -> AsyncExperiment:
        """Look at it again; the same object."""
        async with self._lab.services.database.read() as session:
            self._plan = await load_plan(session, self.id)
        return self

    async def check(self) -> list[Problem]:
        """Warnings: things that are probably not meant. An experiment with errors is not stored."""
        loaded = LoadedExperiment(self._plan.spec)
        return check_experiment(loaded, self._plan.scenario)

    async def plan(self, *, pilot: int = 0, progress: Progress = None) -> dict[str, Any]:
        """The cost of the experiment and the smallest effect that it can find.

        Args:
            pilot: play so many pasts of their own first, to learn what a run costs and how far pairs differ.
        """
        if pilot:
            few = await store_pilot(self._lab.services, LoadedExperiment(self._plan.spec), pilot, actor=ACTOR)
            await AsyncExperiment(self._lab, few).run(judge=False, progress=progress)
        return await forecast(self._lab.services, self._plan)

    async def freeze(self) -> str:
        """Fix the plan by a hash, which is given back; later changes are deviations."""
        self._plan = await freeze_experiment(self._lab.services, self._plan)
        return str(self._plan.row.freeze_hash)

    async def amend(self, changed: Experiment) -> AsyncExperiment:
        """Add pasts, arms or repeats, or change judges and stop rules; each change becomes a deviation."""
        loaded = loaded_experiment(changed)
        self._plan = await store_experiment(self._lab.services, loaded, actor=ACTOR, amend=True)
        return self

    async def run(self, *, parallel: int | None = None, judge: bool = True, progress: Progress = None
                  ) -> AsyncExperiment:
        """Play what is missing or failed, let it be judged, and analyse it; the same object.

        A cancelled call lets it stand; call it again to go on.
        """
        tell = teller(progress)
        shown = asyncio.create_task(self._show(tell)) if tell is not None else None
        try:
            self._plan = await run_course(self._lab.services, self._lab.manager, self._plan, parallel=parallel,
                                          judged=judge)
        finally:
            if shown is not None:
                shown.cancel()
                with suppress(asyncio.CancelledError):
                    await shown
        if tell is not None:
            tell(_line(await self.status()))
        return await self.refresh()

    async def _show(self, tell: Any) -> None:
        while True:
            tell(_line(await self.status()))
            await asyncio.sleep(0.5)

    async def status(self) -> dict[str, Any]:
        """The progress: cells by state and arm, half width, cost, time left."""
        return await experiment_status(self._lab.services, self.id)

    async def pause(self) -> None:
        """Let it stand, whoever runs it."""
        await ask_experiment(self._lab.services, self.id, "pause")

    async def cancel(self) -> None:
        """End it for good; what was played stays."""
        await ask_experiment(self._lab.services, self.id, "cancel")

    async def judge(self, *, by: Sequence[str] = (), repeats: int | None = None) -> dict[str, Any]:
        """Let finished transcripts be scored, by its judges or others; nothing is played."""
        panel = await JudgePanel(self._lab.services, self._plan, by=by, repeats=repeats).judge()
        results = await self.results()
        return {"judged": panel.judged, "already": panel.already, "failed": panel.failed,
                "agreement": results["agreement"]}

    async def label(self, rows: Sequence[Mapping[str, Any]], *, person: str = "") -> int:
        """Store people's labels: ``run_id``, ``measure``, ``value``, and where wanted ``of``, ``person``."""
        return await add_labels(self._lab.services, self._plan, rows, person=person)

    async def label_sheet(self) -> list[dict[str, str]]:
        """Rows for people to fill in: each finished transcript and what is judged of it, blind, in a drawn order."""
        return [row async for row in sheet_rows(self._lab.services, self._plan)]

    async def results(self) -> dict[str, Any]:
        """Contrasts with their pairs, arms, flow of runs, agreement, deviations, cost, provenance; computed anew."""
        return await compute_results(self._lab.services, self._plan)

    async def table(self, name: TableName = "contrasts") -> pa.Table:
        """A tidy table: runs, cells, measurements, judgements, turns, contrasts, arms or deviations.

        ``.to_pandas()`` makes a data frame of it.
        """
        results = await self.results() if name in ("contrasts", "arms") else {}
        async with self._lab.services.database.read() as session:
            return await read_table(session, self._plan, name, results)

    async def runs(self, *, arm: str | None = None) -> list[AsyncRun]:
        """Its ended runs, by past, arm and repeat."""
        table = (await self.table("cells")).to_pylist()
        return [await AsyncRun.find(self._lab, row["run_id"]) for row in table
                if row["run_id"] and row["state"] == "ended" and arm in (None, row["arm"])]

    async def report(self, path: str | Path | None = None, *, runs: bool = False) -> str:
        """The report as HTML; with a path written: .html, .md, or a folder with tables and an RO-Crate.

        Args:
            runs: into a folder: a page for every run, too.
        """
        results = await self.results()
        services = self._lab.services
        page = await report_html(services, self._plan, results)
        if path is not None:
            target = Path(path)
            if target.suffix in (".html", ".htm"):
                await self._lab.in_thread(target.write_text, page, "utf-8")
            elif target.suffix == ".md":
                text = await report_markdown(services, self._plan, results)
                await self._lab.in_thread(target.write_text, text, "utf-8")
            else:
                await write_bundle(services, self._plan, results, target, runs=runs)
        return page

    async def verify(self, *, sample: int = 10, seed: int = 0) -> dict[str, Any]:
        """Replay a sample of its runs and compute every number again: ``identical`` and ``differences``."""
        return await verify_experiment(self._lab.services, self.id, sample=sample, seed=seed)


def _line(status: Mapping[str, Any]) -> str:
    cells = status["cells"]
    return (f"{status['name']}: {cells['ended']} of {status['planned']} runs ended, {cells['playing']} playing, "
            f"{cells['failed']} failed")
