"""Two workers on PostgreSQL play the cells of an experiment that a server without runs of its own leads."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.runs import Runs
from pyscrai.experiments.reader import experiment_of_data
from pyscrai.factories.services import open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.experiments.experiment_plan import plan_of
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.experiments.status import ask_experiment
from pyscrai.templates.reading.loader import load_data
from tests.api.chaos import Answers, scenario
from tests.api.fleet import WorkerProcess
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
    async with FakeOpenAI(default=answers, latency=0.05) as models:
        workers = [WorkerProcess(tmp_path, postgres, models.url_for(name), name=name, capacity=3)
                   for name in ("first", "second")]
        await asyncio.gather(*(worker.start() for worker in workers))
        settings = load_settings(database_url=postgres, model="fake",
                                 models={"fake": {"base_url": models.base_url, "model": "fake"}})
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(scenario(6))])
            plan = await freeze_experiment(services, await store_experiment(services, experiment_of_data(EXPERIMENT)))
            async with asyncio.timeout(90), own_manager(services, 0) as manager:   # as `serve --no-play` has it
                leading = asyncio.create_task(ExperimentRunner(services, manager, plan.id).run())
                while models.answered < 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
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
