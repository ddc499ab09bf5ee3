"""The lab: one database, its models, and what can be done with them from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar, cast, get_args

import pyarrow as pa
from sqlalchemy import select

from pyscrai.config.settings import Settings, load_settings
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.tables import RunRow, RunTagRow
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.ports.model import ChatModel
from pyscrai.errors import NotFound, RunError
from pyscrai.experiments.library import load_shipped_experiment
from pyscrai.exports.formats import RunsFormat, by_suffix
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import sound_templates, store_templates
from pyscrai.lab.async_experiment import AsyncExperiment, Experiment, loaded_experiment
from pyscrai.lab.async_run import ACTOR, AsyncRun, Inject, inject_of
from pyscrai.lab.open_lab import OpenLab
from pyscrai.lab.progress import Progress, teller
from pyscrai.services.draft_versions import as_drafts
from pyscrai.services.experiments.experiment_plan import load_plan
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.run_export import RunsTable, chosen_runs
from pyscrai.services.run_grid import grid_options, play_grid
from pyscrai.services.run_tables import runs_of_query
from pyscrai.services.runs_file import write_runs_file
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.base import Template
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import LoadedTemplate, read_data, read_file

T = TypeVar("T")
Scenario = str | Path | Mapping[str, Any] | ScenarioTemplate
"""A stored or shipped scenario by name, a file, plain data, or a model."""
SUFFIXES = (".yaml", ".yml", ".json")
CAPACITY = 200
"""Runs that are played at once at most."""


class AsyncLab:
    """Plays scenarios and experiments over one database; an asynchronous context manager.

    Args:
        settings: as ``pyscrai.toml`` and the environment give them, with what the caller overrides.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.services: Services
        self.manager: EngineManager
        self._open: OpenLab
        self._stack = AsyncExitStack()

    @classmethod
    def of(cls, database: str | Path | None = None, **settings: Any) -> AsyncLab:
        """A lab over a SQLite file or a database URL; the operator's own where none is named."""
        if database is not None:
            settings["database_url"] = _url(str(database))
        return cls(load_settings(**settings))

    def __repr__(self) -> str:
        return f"<async lab, {'open' if hasattr(self, '_open') else 'not open'}>"

    async def __aenter__(self) -> Self:
        self.services = await self._stack.enter_async_context(open_services(self.settings))
        self.manager = await self._stack.enter_async_context(own_manager(self.services, CAPACITY))
        self._open = OpenLab(self.services, self.manager)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let what plays stand, and close everything."""
        await self._stack.aclose()

    def register(self, name: str, model: ChatModel) -> None:
        """Let an alias stand for a model object of the caller's own."""
        self.services.models.register(name, model)

    # -- templates ----------------------------------------------------------------------------------------------------

    async def add(self, *templates: str | Path | Mapping[str, Any] | Template) -> list[str]:
        """Store templates: files, plain data or models; their references. Changed data gets the next free version.

        Raises:
            TemplateError: with every problem.
        """
        return await store_templates(self.services.database, await self._loaded(*templates))

    async def scenarios(self) -> list[str]:
        """The newest version of every stored scenario, as ``name@version``."""
        async with self.services.database.read() as session:
            return [f"{row.name}@{row.version}" for row in await scenario_templates(session).list()]

    async def scenario(self, reference: str) -> ScenarioTemplate:
        """A stored scenario as a model, to look at or to change.

        Raises:
            NotFound: there is none.
        """
        return (await self.services.joint.template(reference)).scenario

    async def _reference(self, scenario: Scenario, agents: Sequence[AgentTemplate | Mapping[str, Any]] = ()) -> str:
        if agents:
            await self.add(*agents)
        if isinstance(scenario, str) and not scenario.endswith(SUFFIXES):
            return scenario
        loaded = await self._loaded(scenario)
        references = await store_templates(self.services.database, loaded)
        for reference, item in zip(references, loaded, strict=True):
            if item.template.kind == "scenario":
                return reference
        raise NotFound(f"{scenario} holds no scenario", cure="give a file with `kind: scenario`")

    async def _loaded(self, *templates: str | Path | Mapping[str, Any] | Template) -> list[LoadedTemplate]:
        readings = [await self._open.in_thread(read_file, template) if isinstance(template, str | Path)
                    else read_data(_plain(template)) for template in templates]
        loaded = await sound_templates(self.services.database, readings)
        return [(await as_drafts(self.services.database, [item]))[0] if item.file is None else item for item in loaded]

    # -- runs ---------------------------------------------------------------------------------------------------------

    async def create(self, scenario: Scenario, *, seed: int | None = None, parameters: Mapping[str, Any] | None = None,
                     model: str | None = None, role_models: Mapping[str, str] | None = None,
                     max_turns: int | None = None, budget_usd: float | None = None, without: Sequence[str] = (),
                     variables: Mapping[str, Any] | None = None, injects: Sequence[Inject] = (),
                     prompts: Mapping[str, Mapping[str, str]] | None = None,
                     memory: Mapping[str, Mapping[str, Any]] | None = None, tags: Sequence[str] = (), name: str = "",
                     agents: Sequence[AgentTemplate | Mapping[str, Any]] = ()) -> AsyncRun:
        """Make a run; ``play`` of it plays it.

        Args:
            scenario: a name, a file, plain data or a model; data and models are stored first.
            variables: initial values in place of the template's.
            agents: agent templates that a scenario of plain data names.
        """
        options = RunOptions(
            parameters=parameters or {}, model=model, role_models=role_models or {}, seed=seed, max_turns=max_turns,
            budget_usd=budget_usd, without=tuple(without), variables=variables or {}, prompts=prompts or {},
            injects=tuple(inject_of(inject).model_dump(mode="json") for inject in injects), memory=memory or {},
            tags=tuple(tags), name=name)
        reference = await self._reference(scenario, agents)
        return await self.run(await create_scenario_run_from_template(self.services, reference, options, actor=ACTOR))

    async def play(self, scenario: Scenario, *, progress: Progress = None, **options: Any) -> AsyncRun:
        """Make a run and play it to its end; the options are those of ``create``."""
        return await (await self.create(scenario, **options)).play(progress=progress)

    async def run(self, run_id: str = "last") -> AsyncRun:
        """A stored run: by its id, by how it begins or ends, or ``last``.

        Raises:
            NotFound: none fits, or more than one.
        """
        return await AsyncRun.find(self._open, run_id)

    async def runs(self, *, status: str | None = None, template: str | None = None, tag: str | None = None,
                   limit: int = 50) -> list[AsyncRun]:
        """Stored runs, the newest first."""
        async with self.services.database.read() as session:
            page = await Runs(session).list(statuses=[status] if status else (), template=template,
                                            tags=[tag] if tag else (), limit=limit)
        return [AsyncRun(self._open, row) for row in page.runs]

    async def grid(self, scenario: Scenario, *, seeds: int | Sequence[int] = 1,
                   parameters: Mapping[str, Sequence[Any]] | None = None, parallel: int = 10, model: str | None = None,
                   max_turns: int | None = None, tags: Sequence[str] = (), progress: Progress = None
                   ) -> list[AsyncRun]:
        """Play every combination of parameter values with every seed; the runs, in that order.

        Args:
            seeds: how many, counted from 1, or the seeds themselves.
            parameters: names to the values that each takes.
        """
        reference = await self._reference(scenario)
        base = RunOptions(model=model, max_turns=max_turns, tags=tuple(tags))
        tell = teller(progress)
        ids = await play_grid(self.services, self.manager, reference, grid_options(base, parameters or {}, seeds),
                              parallel=parallel, told=None if tell is None else lambda done, all_: tell(
                                  f"{done} of {all_} runs"))
        return [await self.run(run_id) for run_id in ids]

    async def table(self, name: RunsTable = "runs", *, tag: str | None = None, run_ids: Sequence[str] = ()) -> pa.Table:
        """Many runs as one tidy table: ``runs``, ``measurements`` or ``turns``; all runs, those of a tag, or some."""
        query: Any = select(RunRow)
        if tag is not None:
            query = query.where(RunRow.id.in_(select(RunTagRow.run_id).where(RunTagRow.tag == tag)))
        if run_ids:
            query = query.where(RunRow.id.in_(run_ids))
        async with self.services.database.read() as session:
            found = await runs_of_query(session, query)
            return pa.Table.from_batches([batch async for batch in found.batches(session, name)],
                                         schema=found.schema(name))

    async def export(self, path: str | Path, *, tag: str | None = None,
                     experiment: str | AsyncExperiment | None = None, runs: Sequence[str | AsyncRun] = (),
                     format: RunsFormat | None = None, table: RunsTable = "runs", calls: bool = True) -> Path:
        """Write many runs into one file or folder: those of a tag or of an experiment, or some.

        Args:
            experiment: it, or its name or id; a ``folder`` holds its board, contrasts and report, too.
            runs: runs, or their ids.
            format: left out, the file's suffix tells it; ``folder`` opens in a browser with no server,
                ``huggingface`` is a data set.
            table: what a row is in csv, parquet and jsonl.
            calls: with the model calls, in an Inspect log and a folder.

        Raises:
            NotFound: there is no such run or experiment, or it has no runs.
            RunError: it is not said which runs, or in which format.
        """
        if sum((tag is not None, experiment is not None, bool(runs))) != 1:
            raise RunError("it is not said which runs are to be exported, or in two ways", code="request.invalid",
                           cure="name one of `tag`, `experiment` and `runs`")
        target = Path(path)
        async with self.services.database.read() as session:
            chosen = await chosen_runs(
                session, tag=tag, experiment=experiment.id if isinstance(experiment, AsyncExperiment) else experiment,
                runs=[run.id if isinstance(run, AsyncRun) else run for run in runs])
        await write_runs_file(self.services, chosen, target, format or _format_of(target), table=table, calls=calls)
        return target

    # -- experiments --------------------------------------------------------------------------------------------------

    async def experiment(self, experiment: Experiment) -> AsyncExperiment:
        """An experiment: a file, plain data or a model, which is stored; or the name or id of one that is stored.

        Raises:
            TemplateError: with every error of it.
            VersionConflict: the stored one is frozen and says something else.
        """
        if isinstance(experiment, str) and not experiment.endswith(SUFFIXES):
            try:
                async with self.services.database.read() as session:
                    return AsyncExperiment(self._open, await load_plan(session, experiment))
            except NotFound:
                shipped = load_shipped_experiment(experiment)
                return AsyncExperiment(self._open, await store_experiment(self.services, shipped, actor=ACTOR))
        loaded = loaded_experiment(experiment)
        return AsyncExperiment(self._open, await store_experiment(self.services, loaded, actor=ACTOR))

    async def experiments(self) -> list[AsyncExperiment]:
        """The stored experiments, the newest first, without pilots."""
        async with self.services.database.read() as session:
            rows = [row for row in await Experiments(session).list(limit=1_000) if not row.pilot]
            return [AsyncExperiment(self._open, await load_plan(session, row.id)) for row in rows]


def _plain(template: Mapping[str, Any] | Template) -> dict[str, Any]:
    return template.content() if isinstance(template, Template) else dict(template)


def _format_of(target: Path) -> RunsFormat:
    found = by_suffix(target.name)
    if found in get_args(RunsFormat):
        return cast("RunsFormat", found)
    raise RunError(f"{target} does not say in which format that holds many runs", code="request.invalid",
                   cure="name a file that ends in .csv, .parquet, .jsonl, .chat.jsonl or .eval, or give `format`")


def _url(database: str) -> str:
    return database if "://" in database else f"sqlite:///{Path(database).expanduser().absolute()}"
