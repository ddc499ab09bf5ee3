"""A vote against an endpoint that refuses twice and then answers: the run goes on, over HTTP and with the database."""

from __future__ import annotations

import json

from pyscrai.config.settings import load_settings
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.replays import replay_run
from pyscrai.templates.reading.loader import load_data
from tests.fakeserver import FakeOpenAI, Reply

ONE_VOTE = {
    "kind": "scenario", "name": "one-vote", "premise": "A vote.",
    "roles": {"ann": {"agent": {"engine": "actor", "personality": {"role": "a voter"}}}},
    "flow": {"start": "x", "phases": {"x": {"speakers": ["ann"], "action": "vote",
                                            "next": [{"to": "end", "after_turns": 1}]}}},
    "actions": {"vote": {"fields": {"who": {"enum": ["yes", "no"]}}}}}
REFUSAL = Reply("I cannot do that.")
GOOD = Reply(json.dumps({"text": "I vote yes.", "actions": {"vote": {"who": "yes"}}}))


async def test_a_run_that_failed_at_an_unusable_reply_goes_on(database_url: str) -> None:
    async with FakeOpenAI(default=GOOD) as server:
        server.plan(REFUSAL, REFUSAL)
        models = {"fake": {"base_url": server.base_url, "model": "fake"}}
        settings = load_settings(database_url=database_url, model="fake", models=models)
        async with open_services(settings, library=False) as services:
            await store_templates(services.database, [load_data(ONE_VOTE)])
            run_id = await create_scenario_run_from_template(services, "one-vote", RunOptions(seed=1))
            async with open_run(services, run_id) as runner:
                result = await runner.play()
            assert result.status == "failed"
            assert (result.error or {})["message"].startswith("ann, turn 1, speech: ")
            async with open_run(services, run_id) as runner:
                result = await runner.play()
            assert result.status == "completed", result.error
            assert len(server.requests) == 3
            assert (await replay_run(services, run_id)).same
