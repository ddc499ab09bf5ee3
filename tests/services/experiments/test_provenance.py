"""What an endpoint reports of itself, model and system fingerprint, stands in calls, judgements, results and report."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.services.experiments.bundle import report_html
from pyscrai.services.experiments.course import run_course
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.templates.reading.loader import load_data
from tests.fakeserver import FakeOpenAI, Reply
from tests.services.experiments.giving import GOODS, Giver, experiment

JUDGES = {"by": ["endpoint"], "repeats": 2, "measures": [{"name": "kind", "scale": [1, 5], "rubric": "How kind?"}]}


@pytest.mark.parametrize("streamed", [False, True])
async def test_models_and_fingerprints_as_the_endpoint_reports_them(sqlite_url: str, *, streamed: bool) -> None:
    asked = count()

    def reply(seen: object) -> Reply:   # the operator of the endpoint changes something in the middle
        return Reply(extra={"model": "fake-2026-11", "system_fingerprint": "fp_a" if next(asked) < 5 else "fp_b"})

    async with FakeOpenAI(default=reply) as server:
        settings = load_settings(database_url=sqlite_url, model="endpoint", server={"grace": 0.2}, models={
            "script": {"kind": "openai", "base_url": server.base_url, "model": "fake"},
            "endpoint": {"kind": "openai", "base_url": server.base_url, "model": "fake"}})
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(GOODS)])
            plan = await store_experiment(services, experiment(pasts={"seeds": 2}, judges=JUDGES, parallel=1))
            async with own_manager(services, 8) as manager:
                if streamed:
                    manager.listeners = _Everybody()
                plan = await run_course(services, manager, plan)
            results = await compute_results(services, plan)
            page = await report_html(services, plan, results)
            async with services.database.read() as session:
                run_id = results["contrasts"][0]["pairs"][0]["arm_runs"][0]
                calls = await Calls(session).read(run_id)
                judged = await Judgements(session, plan.id).read()
    assert any(body.get("stream") for body in (seen.body for seen in server.requests)) == streamed
    models = {(entry["alias"], entry["model"], entry["fingerprint"]) for entry in results["provenance"]["models"]}
    assert models == {("script", "fake-2026-11", "fp_a"), ("script", "fake-2026-11", "fp_b")}
    assert {call.call.reply.raw["system_fingerprint"] for call in calls if call.call.reply} <= {"fp_a", "fp_b"}
    assert {(row.model, row.fingerprint) for row in judged} == {("fake-2026-11", "fp_b")}
    for told in ("fake-2026-11", "fp_a", "fp_b"):
        assert told in page


async def test_tools_are_not_named_among_the_models(services: Services, giver: Giver) -> None:
    def answer(request: ModelRequest) -> Any:
        if request.schema is not None and "use" in request.schema["properties"]:
            return {"use": {"tool": "dice", "arguments": {"count": 1, "sides": 6, "open": True}}}
        return giver.answer(request)

    services.models.register("script", ScriptedModel(answer, alias="script"))
    await store_templates(services.database, [load_data({**GOODS, "version": "1.1.0", "roles": {
        name: {"agent": {**role["agent"], "tools": ["dice"]}} for name, role in GOODS["roles"].items()}})])
    async with own_manager(services, 8) as manager:
        plan = await run_course(services, manager, await store_experiment(services, experiment(pasts={"seeds": 2})))
    results = await compute_results(services, plan)
    assert {entry["alias"] for entry in results["provenance"]["models"]} == {"script"}
    async with services.database.read() as session:
        calls = await Calls(session).read(results["contrasts"][0]["pairs"][0]["arm_runs"][0])
    assert "tool:dice" in {stored.call.alias for stored in calls}


class _Everybody(dict):   # type: ignore[type-arg]
    """Somebody listens to every run."""

    def get(self, run_id: str, default: object = None) -> object:
        return lambda *_: None
