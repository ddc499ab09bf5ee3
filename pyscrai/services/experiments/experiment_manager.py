"""Runs the experiments of a server: those that are asked for, and those that a process which died left running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self

import structlog

from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.errors import PyscraiError
from pyscrai.factories.services import Services
from pyscrai.services.experiments.course import run_course
from pyscrai.services.experiments.experiment_plan import plan_of
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.judge_panel import JudgePanel
from pyscrai.services.experiments.results import compute_results

LOOK = 5.0
"""Seconds between two looks for experiments that are to run and that nobody runs."""

_log = structlog.get_logger("pyscrai.experiments")


class ExperimentManager:
    """The experiments that this process runs; an asynchronous context manager that leaves them to the next process."""

    def __init__(self, services: Services, manager: EngineManager) -> None:
        self._services, self._manager = services, manager
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runners: dict[str, ExperimentRunner] = {}
        self._watch: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._look(), name="pyscrai-experiments")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        for runner in self._runners.values():
            runner.leave()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def wake(self, experiment_id: str) -> None:
        """Run an experiment that is to run, if this process does not run it yet."""
        if not self._closing and experiment_id not in self._tasks:
            self._begin(experiment_id, self._run(experiment_id))

    def judge(self, experiment_id: str, by: tuple[str, ...], repeats: int | None) -> bool:
        """Let the transcripts be judged again; False while this process does something with the experiment."""
        if self._closing or experiment_id in self._tasks:
            return False
        self._begin(experiment_id, self._judge(experiment_id, by, repeats))
        return True

    def halt(self, experiment_id: str, action: str) -> None:
        """Let an experiment stand at once if this process runs it; what is asked must be durable before."""
        runner = self._runners.get(experiment_id)
        if runner is not None:
            runner.halt(action)

    async def until_settled(self, experiment_id: str) -> None:
        """Wait until this process does nothing with the experiment."""
        while (task := self._tasks.get(experiment_id)) is not None:
            await asyncio.wait([task])

    def _begin(self, experiment_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"pyscrai-{experiment_id}")
        self._tasks[experiment_id] = task
        task.add_done_callback(lambda _: self._done(experiment_id))

    def _done(self, experiment_id: str) -> None:
        self._tasks.pop(experiment_id, None)
        self._runners.pop(experiment_id, None)

    async def _run(self, experiment_id: str) -> None:
        def begun(runner: ExperimentRunner) -> None:
            self._runners[experiment_id] = runner

        try:
            async with self._services.database.read() as session:
                plan = await plan_of(session, await Experiments(session).get(experiment_id))
            await run_course(self._services, self._manager, plan, begun=begun)
        except PyscraiError as error:
            await self._stood(experiment_id, error)

    async def _judge(self, experiment_id: str, by: tuple[str, ...], repeats: int | None) -> None:
        try:
            async with self._services.database.read() as session:
                plan = await plan_of(session, await Experiments(session).get(experiment_id))
            await JudgePanel(self._services, plan, by=by, repeats=repeats).judge()
            await compute_results(self._services, plan)
        except PyscraiError as error:
            _log.warning("experiment.judges", experiment=experiment_id, code=error.code, error=str(error))

    async def _stood(self, experiment_id: str, error: PyscraiError) -> None:
        """Say why an experiment stands; it is not tried again until somebody asks."""
        _log.warning("experiment.stands", experiment=experiment_id, code=error.code, error=str(error))
        if error.code == "experiment.taken":
            return
        with suppress(PyscraiError):
            async with self._services.database.session() as session:
                await Experiments(session).change(experiment_id, desired="pause", status="paused", reason=str(error))

    async def _look(self) -> None:
        while True:
            try:
                async with self._services.database.read() as session:
                    due = [row.id for row in await Experiments(session).due()]
                for experiment_id in due:
                    self.wake(experiment_id)
            except Exception as error:
                _log.warning("experiments.look", error=str(error))
            await asyncio.sleep(LOOK)
