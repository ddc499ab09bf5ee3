"""An experiment with a model behind an OpenAI-compatible endpoint that fails now and then."""

from __future__ import annotations

from pyscrai.config.settings import load_settings
from pyscrai.factories.services import open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.experiments.course import run_course
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.experiments.verification import verify_experiment
from pyscrai.templates.reading.loader import load_data
from tests.fakeserver import FakeOpenAI, Status
from tests.services.experiments.giving import GOODS, experiment


async def test_runs_and_judges_over_http(sqlite_url: str) -> None:
    async with FakeOpenAI() as server:
        settings = load_settings(database_url=sqlite_url, model="fake", models={
            "fake": {"base_url": server.base_url, "model": "fake"}}, server={"grace": 0.2})
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(GOODS)])
            loaded = experiment(
                model="fake", pasts={"seeds": 2, "until": {"turn": 2}}, failures={"retry": 5},
                judges={"by": ["fake"], "repeats": 2, "measures": [
                    {"name": "mood", "scale": [1, 5], "rubric": "How is the mood?"}]},
                measures={"primary": {"name": "pot", "variable": "pot"}, "secondary": [{"name": "mood"}]})
            server.plan(Status(500), Status(500))
            async with own_manager(services, 4) as manager:
                plan = await run_course(services, manager, await store_experiment(services, loaded))
            results = await compute_results(services, plan)
            assert (plan.row.status, [line["ended"] for line in results["flow"]]) == ("completed", [2, 2])
            assert results["judgements"] == {"fake": 8}
            [model] = results["provenance"]["models"]
            assert (model["alias"], model["model"]) == ("fake", "fake")
            assert (await verify_experiment(services, plan.id, sample=0))["identical"]
            assert server.answered == 2 * 2 + 4 * 4 + 8, "the pasts once, the arms from there, the judges"
