"""Runs in a database of their own, played by a model that a test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls, StoredCall
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import RunRow
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.scenario_runner import Result
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.templates.reading.loader import load_data
from tests.conftest import MakeUrl

Script = Callable[[ModelRequest], Any]


@dataclass
class House:
    """The services, and a few words for what tests do with them."""

    services: Services
    script: Script = field(default=lambda request: None)
    asked: list[ModelRequest] = field(default_factory=list)

    async def make(self, template: dict[str, Any], **options: Any) -> str:
        """A run of a template given as plain data; nothing is played."""
        data = {"kind": "scenario", "name": "test", "premise": "A test.", **template}
        await store_templates(self.services.database, [load_data(data)])
        return await create_scenario_run_from_template(self.services, data["name"], RunOptions(
            **{"seed": 1, **options}))

    async def play(self, run_id: str, **how: Any) -> Result:
        async with open_run(self.services, run_id) as runner:
            return await runner.play(**how)

    async def played(self, template: dict[str, Any], **options: Any) -> str:
        """A run that was played to where it stands."""
        run_id = await self.make(template, **options)
        await self.play(run_id)
        return run_id

    async def events(self, run_id: str, *kinds: str, inherited: bool = True) -> list[StoredEvent]:
        async with self.services.database.read() as session:
            return await Events(session).read(run_id, kinds=kinds, inherited=inherited)

    async def calls(self, run_id: str) -> list[StoredCall]:
        async with self.services.database.read() as session:
            return await Calls(session).read(run_id, inherited=False)

    async def row(self, run_id: str) -> RunRow:
        async with self.services.database.read() as session:
            return await Runs(session).get(run_id)


@pytest.fixture
def house_url(request: pytest.FixtureRequest, make_url: MakeUrl) -> str:
    """A fresh database: SQLite, unless a test names the kind."""
    return make_url(getattr(request, "param", "sqlite"))


@pytest.fixture
async def house(house_url: str) -> AsyncIterator[House]:
    async with house_at(house_url) as found:
        yield found


@asynccontextmanager
async def house_at(url: str, **more: Any) -> AsyncIterator[House]:
    """A house with further settings."""
    settings = load_settings(database_url=url, model="fake", models={"fake": {"kind": "scripted"}}, **more)
    async with open_services(settings, library=False) as services:
        house = House(services)

        def answer(request: ModelRequest) -> Any:
            house.asked.append(request)
            return house.script(request)

        services.models.register("fake", ScriptedModel(answer, alias="fake"))
        yield house
