"""Memories and tools of stored runs: the same however often the run changes hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import tool

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.errors import ConfigError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.replays import replay_run
from pyscrai.templates.reading.loader import load_data

USED: list[str] = []
PATH = f"{__name__}:market_price"


@tool
def market_price(thing: str) -> int:
    """Tell what a thing costs on the market."""
    USED.append(thing)
    return 100 + len(USED)


def traders() -> Any:
    memory = {"window": 3, "block": 2, "retrieval": {"top": 2}, "reflection": {"every": 3}}
    agent = {"engine": "actor", "personality": {"role": "a trader"}, "memory": memory, "failure": {"backoff": 0}}
    return load_data({
        "kind": "scenario", "format": 1, "name": "traders", "premise": "A market.", "max_turns": 16,
        "roles": {"ann": {"agent": {**agent, "tools": [PATH, "dice"]}}, "bob": {"agent": agent}},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "audiences": ["whisper"], "next": [
            {"to": "end", "after_turns": 14}]}}}})


@pytest.fixture
async def services(database_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    settings = load_settings(database_url=database_url, data_dir=tmp_path, tools_allowed=(PATH,))
    async with open_services(settings, library=False) as services:
        await store_templates(services.database, [traders()])
        yield services


async def asked(services: Services, run_id: str) -> list[Any]:
    async with services.database.read() as session:
        return [(stored.call.key, stored.call.request.messages) for stored in await Calls(session).read(run_id)]


async def test_a_run_that_is_opened_anew_for_every_step_asks_the_same(services: Services) -> None:
    USED.clear()
    options = RunOptions(model="scripted", seed=3)
    whole = await create_scenario_run_from_template(services, "traders", options)
    async with open_run(services, whole) as runner:
        assert (await runner.play()).status == "completed"
    priced = len(USED)
    assert priced > 0
    USED.clear()
    parts = await create_scenario_run_from_template(services, "traders", options)
    result = None
    while result is None or result.status == "paused":
        async with open_run(services, parts) as runner:
            result = await runner.play(step=True)
    assert result.status == "completed"
    assert len(USED) == priced, "no tool is used twice"
    assert await asked(services, parts) == await asked(services, whole)
    async with services.database.read() as session:
        kinds = {stored.kind for stored in await Events(session).read(parts)}
    assert {"tool_called", "reflection"} <= kinds
    for run in (whole, parts):
        assert (await replay_run(services, run)).difference is None
    assert len(USED) == priced, "a replay uses no tool"


async def test_a_tool_that_is_not_allowed_is_told_before_the_run_is_made(database_url: str, tmp_path: Path) -> None:
    async with open_services(load_settings(database_url=database_url, data_dir=tmp_path), library=False) as services:
        await store_templates(services.database, [traders()])
        with pytest.raises(ConfigError, match="is not allowed here") as caught:
            await create_scenario_run_from_template(services, "traders", RunOptions(model="scripted"))
        assert caught.value.code == "config.tool_not_allowed"
