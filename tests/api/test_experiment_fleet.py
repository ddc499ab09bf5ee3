"""Two workers on PostgreSQL play the cells of an experiment that a server without runs of its own leads."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.share_costs import Spending
from pyscrai.databases.tables import RunRow
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.experiments.reader import experiment_of_data
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.experiments.status import ask_experiment
from pyscrai.templates.reading.loader import load_data
from tests.api.chaos import Answers, scenario
from tests.api.fleet import STARTED, WorkerProcess
from tests.fakeserver import FakeOpenAI

EXPERIMENT = {
    "kind": "experiment", "name": "spread", "question": "Does it matter?", "scenario": "chaos", "parallel": 6,
    "pasts": {"seeds": 4, "until": {"turn": 2}}, "arms": {"base": {}, "rain": {"injects": [{"text": "It rains."}]}},
    "measures": {"primary": {"name": "words", "figure": "words"}}}


@pytest.fixture
def postgres(make_url: Callable[[str], str]) -> str:
    return make_url("postgres")


async def test_workers_play_an_experiment_that_another_process_leads(postgres: str, tmp_path: Path) -> None:
    answers = Answers(random.Random(3), hangs=0)
    async with FakeOpenAI(default=answers, latency=0.15) as models:
        workers = [WorkerProcess(tmp_path, postgres, models.url_for(name), name=name, capacity=3)
                   for name in ("first", "second")]
        await asyncio.gather(*(worker.start() for worker in workers))
        settings = load_settings(database_url=postgres, model="fake",
                                 models={"fake": {"base_url": models.base_url, "model": "fake"}})
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(scenario(10))])
            plan = await freeze_experiment(services, await store_experiment(services, experiment_of_data(EXPERIMENT)))
            async with asyncio.timeout(90), own_manager(services, 0) as manager:   # as `serve --no-play` has it
                leading = asyncio.create_task(ExperimentRunner(services, manager, plan.id).run())
                while models.answered < 6:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await ask_experiment(services, plan.id, "pause")
                paused = await leading
                async with services.database.read() as session:
                    run_ids = await ExperimentCells(session, plan.id).run_ids()
                    stands = {run.status for run in await Runs(session).some(run_ids)}
                assert (paused.row.status, "running" in stands) == ("paused", False)
                await ExperimentRunner(services, manager, plan.id).run()
            async with services.database.read() as session:
                plan = await plan_of(session, await Experiments(session).get(plan.id))
                runs = await Runs(session).some(await ExperimentCells(session, plan.id).run_ids())
            results = await compute_results(services, plan)
        assert plan.row.status == "completed", plan.row.reason
        assert {run.share for run in runs} == {plan.id}, "the experiment is one share of the fleet"
        assert Counter(run.status for run in runs) == {"completed": 8, "paused": 4}, "pasts stand where arms begin"
        assert (results["contrasts"][0]["n_pasts"], results["contrasts"][0]["n_runs"]) == (4, 8)
        asked = {name for name in ("first", "second") if any(name in seen.path for seen in models.requests)}
        assert asked == {"first", "second"}, "both workers played"
        assert [await worker.end() for worker in workers] == [0, 0]
        for worker in workers:
            assert "Traceback" not in worker.log.read_text()


# -- what is asked of experiments, fairness and budgets, with two workers that all these tests share -----------------

CENT = 0.01
PRICE = {"input_per_mtok": 0, "output_per_mtok": 1_000_000 * CENT}
"""A cent for each token of a reply."""

PLACES = 6
"""Runs that both workers play at once."""


@dataclass
class Fleet:
    """Two workers that play, a model server, and a server that plays nothing and leads experiments."""

    services: Services
    manager: EngineManager
    models: FakeOpenAI
    database_url: str
    environment: Mapping[str, str]

    async def frozen(self, name: str, turns: int, **more: Any) -> str:
        """The id of a frozen experiment on a talk of so many turns."""
        talk = {
            "kind": "scenario", "name": f"talk-{turns}", "premise": "Two people talk.", "max_turns": turns,
            "roles": {role: {"agent": {"engine": "actor", "personality": {"role": "a talker"}, "failure": {
                "timeout": 60, "retries": 0}}} for role in ("ann", "bob")},
            "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
                {"to": "end", "when": f"turn >= {turns}"}]}}}}
        await store_templates(self.services.database, [load_data(talk)])
        content = {**EXPERIMENT, "name": name, "scenario": f"talk-{turns}", "pasts": {"seeds": 3}, **more}
        return (await freeze_experiment(self.services, await store_experiment(
            self.services, experiment_of_data(content)))).id

    async def run(self, experiment_id: str) -> ExperimentPlan:
        return await ExperimentRunner(self.services, self.manager, experiment_id).run()

    async def runs(self, experiment_id: str) -> Sequence[RunRow]:
        async with self.services.database.read() as session:
            return await Runs(session).some(await ExperimentCells(session, experiment_id).run_ids())

    async def answers(self, more: int) -> None:
        """Wait until the model server has answered so many more requests."""
        wanted = self.models.answered + more
        while self.models.answered < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def until(self, experiment_id: str, holds: Callable[[Sequence[RunRow]], bool]) -> None:
        """Wait until something holds of an experiment's runs."""
        while not holds(await self.runs(experiment_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def quiet(self) -> bool:
        """Whether no request comes any more."""
        before = len(self.models.requests)
        await asyncio.sleep(1.0)
        return len(self.models.requests) == before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(make_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    url, folder = make_url("postgres"), tmp_path_factory.mktemp("fleet")
    async with FakeOpenAI(latency=0.05) as models:
        toml = ", ".join(f"{name} = {value}" for name, value in PRICE.items())
        workers = [WorkerProcess(folder, url, models.url_for(name), name=name, capacity=PLACES // 2,
                                 alias=f"price = {{{toml}}}") for name in ("first", "second")]
        await asyncio.gather(*(worker.start() for worker in workers))
        started = [STARTED.pop(), STARTED.pop()]  # those that are left there end with each test
        settings = load_settings(database_url=url, model="fake", models={"fake": {
            "base_url": models.base_url, "model": "fake", "price": PRICE}})
        async with open_services(settings, library=False) as services, own_manager(services, 0) as manager:
            yield Fleet(services, manager, models, url, workers[0].environment)
        STARTED.extend(started)
        assert [await worker.end() for worker in workers] == [0, 0]
        for worker in workers:
            assert "Traceback" not in worker.log.read_text()


@pytest.mark.asyncio(loop_scope="module")
async def test_paused_and_cancelled_it_stands_wherever_it_is_played(fleet: Fleet) -> None:
    """Its runs are long: none of them plays on, and nothing more is asked of a model."""
    experiment = await fleet.frozen("long", 400)
    async with asyncio.timeout(60):
        leading = asyncio.create_task(fleet.run(experiment))
        await fleet.answers(20)
        await fleet.until(experiment, lambda runs: {run.status for run in runs} == {"running"})
        assert len({run.owner for run in await fleet.runs(experiment)}) == 2, "both workers play"
        await ask_experiment(fleet.services, experiment, "pause")
        plan = await leading
        assert (plan.row.status, {run.status for run in await fleet.runs(experiment)}) == ("paused", {"paused"})
        assert await fleet.quiet()

        turns = {run.id: run.turn for run in await fleet.runs(experiment)}
        leading = asyncio.create_task(fleet.run(experiment))
        await fleet.answers(20)
        await ask_experiment(fleet.services, experiment, "cancel")
        plan = await leading
        assert plan.row.status == "cancelled"
        runs = await fleet.runs(experiment)
        assert {run.status for run in runs} == {"stopped"}
        assert all(run.turn > turns[run.id] for run in runs), "they went on where they stood"
        assert await fleet.quiet()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_can_be_cancelled_when_whoever_led_it_is_dead(fleet: Fleet, tmp_path: Path) -> None:
    """The workers have taken its runs over; they stand all the same."""
    experiment = await fleet.frozen("orphan", 400)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pyscrai", "experiment", "resume", experiment, "--json", env={**fleet.environment},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=tmp_path)
    STARTED.append(process)
    async with asyncio.timeout(90):
        await fleet.answers(20)
        process.kill()
        await process.wait()
        STARTED.remove(process)
        await fleet.until(experiment, lambda runs: all(run.owner and str(process.pid) not in run.owner for run in runs))
        await fleet.answers(10)
        await ask_experiment(fleet.services, experiment, "cancel")
        await fleet.until(experiment, lambda runs: {run.status for run in runs} == {"stopped"})
        assert await fleet.quiet()
    async with fleet.services.database.read() as session:
        assert (await Experiments(session).get(experiment)).status == "cancelled"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_big_experiment_does_not_keep_a_small_one_waiting(fleet: Fleet) -> None:
    big = await fleet.frozen("big", 8, pasts={"seeds": 30}, parallel=40)
    small = await fleet.frozen("small", 8)
    ended: dict[str, int] = {}

    async def ends(experiment: str) -> int:
        return sum(run.status == "completed" for run in await fleet.runs(experiment))

    async with asyncio.timeout(90):
        leading = asyncio.create_task(fleet.run(big))
        await fleet.until(big, lambda runs: len(runs) >= 40)
        before = await ends(big)
        plan = await fleet.run(small)
        ended = {"small": await ends(small), "big": await ends(big) - before}
        await ask_experiment(fleet.services, big, "cancel")
        await leading
    assert (plan.row.status, ended["small"]) == ("completed", 6)
    # Half of the places are the small one's as soon as they are free: as many runs of the big one end beside its six,
    # and those that were playing. In the order in which they were made, forty would come before.
    assert ended["big"] <= 6 + 2 * PLACES, ended


@pytest.mark.asyncio(loop_scope="module")
async def test_a_budget_holds_over_both_workers(fleet: Fleet) -> None:
    """A call for each turn that is being played goes beyond it at most; raised, it goes on."""
    experiment = await fleet.frozen("dear", 400, stop={"first": [{"cost_usd": 3.0}]})
    async with asyncio.timeout(90):
        plan = await fleet.run(experiment)
    assert (plan.row.status, plan.row.reason) == ("completed", "its budget is spent")
    assert await fleet.quiet()
    async with fleet.services.database.read() as session:
        spent = (await Spending(session).read([experiment]))[experiment].cost_usd
        calls = [stored.call for run in await fleet.runs(experiment) for stored in await Calls(session).read(run.id)]
    dearest = max(call.reply.usage.cost_usd or 0.0 for call in calls if call.reply)
    assert 3.0 <= spent <= 3.0 + PLACES * dearest + 1e-9
    assert len({run.owner for run in await fleet.runs(experiment)}) == 1, "nobody holds them"
    asked = {name for name in ("first", "second") if any(f"/{name}/" in seen.path for seen in fleet.models.requests)}
    assert asked == {"first", "second"}
