"""The lab without ``await``: the same methods, run by an event loop in a thread of its own.

It works in scripts, in Jupyter and marimo, whose own loop runs already, and in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from pyscrai.engines.ports.model import ChatModel
from pyscrai.exports.formats import RunsFormat
from pyscrai.lab.async_experiment import Experiment
from pyscrai.lab.async_lab import AsyncLab, Scenario
from pyscrai.lab.async_run import AsyncRun, Inject
from pyscrai.lab.at_exit import close_at_exit, forget
from pyscrai.lab.event_loop import EventLoop
from pyscrai.lab.progress import Progress
from pyscrai.lab.run import Run
from pyscrai.lab.sync_experiment import SyncExperiment
from pyscrai.services.run_export import RunsTable
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.base import Template
from pyscrai.templates.models.scenario import ScenarioTemplate


class Lab:
    """Plays scenarios and experiments over one database. Opened at its first use; ``with`` or ``close`` ends it.

    ``async with`` gives an ``AsyncLab``, whose methods are awaited in the caller's own loop.
    """

    def __init__(self, make: Callable[[], AsyncLab]) -> None:
        self._make = make
        self._inner: AsyncLab | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if "_core" in self.__dict__ else "not used yet"
        return f"<lab, {state}>"

    def __enter__(self) -> Self:
        self._core  # noqa: B018  (opens it)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> AsyncLab:
        self._inner = await self._make().__aenter__()
        return self._inner

    async def __aexit__(self, *_: object) -> None:
        if self._inner is not None:
            await self._inner.aclose()

    @cached_property
    def _loop(self) -> EventLoop:
        if self._closed:
            raise RuntimeError("the lab is closed; pyscrai.open() opens another")
        loop = EventLoop()
        close_at_exit(self, self.close)
        return loop

    @cached_property
    def _core(self) -> AsyncLab:
        return self._loop.run(self._make().__aenter__())

    def close(self) -> None:
        """Let what plays stand, and close everything."""
        forget(self)
        self._closed = True
        if "_core" in self.__dict__ and "_loop" in self.__dict__:
            self._loop.run(self._core.aclose())
            del self.__dict__["_core"]
        if "_loop" in self.__dict__:
            self._loop.close()
            del self.__dict__["_loop"]

    def register(self, name: str, model: ChatModel) -> None:
        """Let an alias stand for a model object of the caller's own."""
        self._core.register(name, model)

    # -- templates ----------------------------------------------------------------------------------------------------

    def add(self, *templates: str | Path | Mapping[str, Any] | Template) -> list[str]:
        """Store templates: files, plain data or models; their references. Changed data gets the next free version."""
        return self._loop.run(self._core.add(*templates))

    def scenarios(self) -> list[str]:
        """The newest version of every stored scenario, as ``name@version``."""
        return self._loop.run(self._core.scenarios())

    def scenario(self, reference: str) -> ScenarioTemplate:
        """A stored scenario as a model, to look at or to change."""
        return self._loop.run(self._core.scenario(reference))

    # -- runs ---------------------------------------------------------------------------------------------------------

    def create(self, scenario: Scenario, *, seed: int | None = None, parameters: Mapping[str, Any] | None = None,
               model: str | None = None, role_models: Mapping[str, str] | None = None, max_turns: int | None = None,
               budget_usd: float | None = None, without: Sequence[str] = (),
               variables: Mapping[str, Any] | None = None, injects: Sequence[Inject] = (),
               prompts: Mapping[str, Mapping[str, str]] | None = None,
               memory: Mapping[str, Mapping[str, Any]] | None = None, tags: Sequence[str] = (), name: str = "",
               agents: Sequence[AgentTemplate | Mapping[str, Any]] = ()) -> Run:
        """Make a run; ``play`` of it plays it. The arguments are those of ``AsyncLab.create``."""
        return self._run(self._loop.run(self._core.create(
            scenario, seed=seed, parameters=parameters, model=model, role_models=role_models, max_turns=max_turns,
            budget_usd=budget_usd, without=without, variables=variables, injects=injects, prompts=prompts,
            memory=memory, tags=tags, name=name, agents=agents)))

    def play(self, scenario: Scenario, *, progress: Progress = None, seed: int | None = None,
             parameters: Mapping[str, Any] | None = None, model: str | None = None,
             role_models: Mapping[str, str] | None = None, max_turns: int | None = None,
             budget_usd: float | None = None, without: Sequence[str] = (), variables: Mapping[str, Any] | None = None,
             injects: Sequence[Inject] = (), prompts: Mapping[str, Mapping[str, str]] | None = None,
             memory: Mapping[str, Mapping[str, Any]] | None = None, tags: Sequence[str] = (), name: str = "",
             agents: Sequence[AgentTemplate | Mapping[str, Any]] = ()) -> Run:
        """Make a run and play it to its end. The arguments are those of ``AsyncLab.create``."""
        return self.create(
            scenario, seed=seed, parameters=parameters, model=model, role_models=role_models, max_turns=max_turns,
            budget_usd=budget_usd, without=without, variables=variables, injects=injects, prompts=prompts,
            memory=memory, tags=tags, name=name, agents=agents).play(progress=progress)

    def run(self, run_id: str = "last") -> Run:
        """A stored run: by its id, by how it begins or ends, or ``last``."""
        return self._run(self._loop.run(self._core.run(run_id)))

    def runs(self, *, status: str | None = None, template: str | None = None, tag: str | None = None, limit: int = 50
             ) -> list[Run]:
        """Stored runs, the newest first."""
        return [self._run(run) for run in self._loop.run(
            self._core.runs(status=status, template=template, tag=tag, limit=limit))]

    def grid(self, scenario: Scenario, *, seeds: int | Sequence[int] = 1,
             parameters: Mapping[str, Sequence[Any]] | None = None, parallel: int = 10, model: str | None = None,
             max_turns: int | None = None, tags: Sequence[str] = (), progress: Progress = None) -> list[Run]:
        """Play every combination of parameter values with every seed. The arguments are those of ``AsyncLab.grid``."""
        return [self._run(run) for run in self._loop.run_telling(lambda tell: self._core.grid(
            scenario, seeds=seeds, parameters=parameters, parallel=parallel, model=model, max_turns=max_turns,
            tags=tags, progress=tell), progress)]

    def table(self, name: RunsTable = "runs", *, tag: str | None = None, run_ids: Sequence[str] = ()) -> pa.Table:
        """Many runs as one tidy table: ``runs``, ``measurements`` or ``turns``; all runs, those of a tag, or some."""
        return self._loop.run(self._core.table(name, tag=tag, run_ids=run_ids))

    def export(self, path: str | Path, *, tag: str | None = None, experiment: str | SyncExperiment | None = None,
               runs: Sequence[str | Run] = (), format: RunsFormat | None = None, table: RunsTable = "runs",
               calls: bool = True) -> Path:
        """Write the runs of a tag or of an experiment, or some, into one file or folder. As ``AsyncLab.export``."""
        return self._loop.run(self._core.export(
            path, tag=tag, experiment=experiment.id if isinstance(experiment, SyncExperiment) else experiment,
            runs=[run.id if isinstance(run, Run) else run for run in runs], format=format, table=table, calls=calls))

    # -- experiments --------------------------------------------------------------------------------------------------

    def experiment(self, experiment: Experiment) -> SyncExperiment:
        """An experiment: a file, plain data or a model, which is stored; or the name or id of one that is stored."""
        return SyncExperiment(self._loop, self._loop.run(self._core.experiment(experiment)), self._run)

    def experiments(self) -> list[SyncExperiment]:
        """The stored experiments, the newest first, without pilots."""
        return [SyncExperiment(self._loop, found, self._run) for found in self._loop.run(self._core.experiments())]

    def _run(self, run: AsyncRun) -> Run:
        return Run(self._loop, run)


def open(database: str | Path | None = None, **settings: Any) -> Lab:
    """A lab over a SQLite file or a database URL; the operator's own where none is named.

    Args:
        settings: what overrides ``pyscrai.toml`` and the environment: ``model="scripted"``, ``models={...}``.

    Raises:
        ConfigError: a setting cannot be used.
    """
    return Lab(lambda: AsyncLab.of(database, **settings))
