"""A budget is refused where the cost of a model cannot be known: it would protect nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.errors import RunError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.forks import Edits, fork_run
from pyscrai.templates.reading.loader import load_data
from tests.conftest import MakeUrl

MODELS = {
    "unpriced": {"base_url": "http://127.0.0.1:9/v1", "model": "m"},
    "free": {"base_url": "http://127.0.0.1:9/v1", "model": "m", "price": {"input_per_mtok": 0, "output_per_mtok": 0}},
    "billing": {"base_url": "https://openrouter.ai/api/v1", "model": "some/model", "api_key_env": "SOME_KEY"},
}


def talk(name: str, *, ends: Any = None, fallback: str | None = None) -> Any:
    agent: dict[str, Any] = {"engine": "actor", "personality": {"role": "a person"}}
    if fallback:
        agent["failure"] = {"fallback": fallback}
    return load_data({
        "kind": "scenario", "format": 1, "name": name, "premise": "A room.", **({"ends": ends} if ends else {}),
        "roles": {"ann": {"agent": agent}, "bob": {"agent": agent}},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
            {"to": "end", "after_turns": 2}]}}}})


@pytest.fixture
async def services(make_url: MakeUrl, tmp_path: Path) -> AsyncIterator[Services]:
    settings = load_settings(database_url=make_url("sqlite"), data_dir=tmp_path, models=MODELS)
    async with open_services(settings, library=False) as services:
        bounded = {"any": [{"turns": 9}, {"all": [{"cost_usd": 0.5}, {"turns": 2}]}]}
        await store_templates(services.database, [
            talk("plain"), talk("bounded", ends=bounded), talk("backed", fallback="unpriced")])
        yield services


@pytest.mark.parametrize(("template", "options", "said"), [
    ("plain", RunOptions(model="unpriced", budget_usd=2), "2 USD"),
    ("plain", RunOptions(model="free", role_models={"bob": "unpriced"}, budget_usd=2), "2 USD"),
    ("bounded", RunOptions(model="unpriced"), "0.5 USD"),
    ("backed", RunOptions(model="free", budget_usd=2), "2 USD"),
])
async def test_a_budget_without_prices_is_refused(services: Services, template: str, options: RunOptions, said: str
                                                  ) -> None:
    with pytest.raises(RunError, match=f"a budget of {said} cannot be kept.*unpriced") as caught:
        await create_scenario_run_from_template(services, template, options)
    assert caught.value.code == "run.unknown_price"
    assert "--allow-unknown-price" in (caught.value.cure or "")


@pytest.mark.parametrize(("template", "options"), [
    ("plain", RunOptions(model="unpriced")), ("plain", RunOptions(model="free", budget_usd=2)),
    ("plain", RunOptions(model="scripted", budget_usd=2)), ("plain", RunOptions(model="billing", budget_usd=2)),
    ("plain", RunOptions(model="ollama:llama3.2", budget_usd=2)),
    ("plain", RunOptions(model="openai:gpt-5-mini", budget_usd=2)),
    ("bounded", RunOptions(model="unpriced", allow_unknown_price=True)),
])
async def test_other_runs_are_made(services: Services, template: str, options: RunOptions) -> None:
    assert await create_scenario_run_from_template(services, template, options)


async def test_a_fork_with_a_budget_is_checked_too(services: Services) -> None:
    run_id = await create_scenario_run_from_template(services, "plain", RunOptions(model="scripted"))
    async with open_run(services, run_id) as runner:
        await runner.play()
    with pytest.raises(RunError, match="cannot be kept"):
        await fork_run(services, run_id, 1, Edits(model="unpriced", budget_usd=1), actor="me")
    allowed = Edits(model="unpriced", budget_usd=1, allow_unknown_price=True)
    assert await fork_run(services, run_id, 1, allowed, actor="me")
