"""What the tools of an assistant work with: a database to look at, and what plays runs where that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pyscrai.config.settings import Settings
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.did_you_mean import instead
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.errors import NotFound, Problem, RunError
from pyscrai.exports.run_reader import member, run_facts
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import seed_library, store_templates
from pyscrai.services.draft_versions import as_drafts
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.forks import Edits, fork_run
from pyscrai.templates.checks.checker import catalogue, refuse, validate
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import Reading, read_text

ACTOR = "assistant"
"""Who asks, as the record names it."""

CAPACITY = 4
"""Runs that an assistant has played at once at most."""


@dataclass(frozen=True, slots=True)
class Playing:
    """What plays runs."""

    services: Services
    manager: EngineManager


@dataclass(frozen=True, slots=True)
class AssistantAccess:
    """One for a server: ``playing`` is None where an assistant may only look."""

    database: Database
    playing: Playing | None = None

    async def read(self, text: str) -> tuple[Reading, list[Problem], Mapping[str, AgentTemplate]]:
        """Templates in a text, every problem of theirs, and the stored agents that they may name."""
        async with self.database.read() as session:
            stored = [row.content for row in await agent_templates(session).list(every_version=True)]

        def check() -> tuple[Reading, list[Problem], Mapping[str, AgentTemplate]]:
            agents = catalogue(AgentTemplate.model_validate(content) for content in stored)
            reading = read_text(text)
            return reading, validate([reading], agents), agents

        return await asyncio.to_thread(check)

    async def scenario(self, text: str) -> tuple[ScenarioTemplate, Mapping[str, AgentTemplate]]:
        """The one scenario of a text, and the agents that it may name.

        Raises:
            TemplateError: with every mistake.
            RunError: the text holds no scenario, or several.
        """
        reading, problems, stored = await self.read(text)
        refuse(problems)
        templates = [loaded.template for loaded in reading.templates]
        scenarios = [template for template in templates if isinstance(template, ScenarioTemplate)]
        if len(scenarios) != 1:
            raise RunError(f"the text holds {len(scenarios)} scenarios", code="template.no_scenario",
                           cure="give one document with `kind: scenario`, and the agents that are its own")
        own = catalogue(template for template in templates if isinstance(template, AgentTemplate))
        return scenarios[0], {**stored, **own}

    async def stored(self, text: str) -> str:
        """The reference of the scenario in a text, which is stored; changed templates get the next free version."""
        await self.scenario(text)
        reading, _, _ = await self.read(text)
        loaded = await as_drafts(self.database, list(reading.templates))
        references = await store_templates(self.database, loaded)
        return next(reference for reference, item in zip(references, loaded, strict=True)
                    if item.template.kind == "scenario")

    async def run_id(self, run: str) -> str:
        """The id of the run that is meant: by its id, the beginning of it, or ``last``.

        Raises:
            NotFound: none fits, or more than one.
        """
        async with self.database.read() as session:
            return (await Runs(session).find(run)).id

    async def facts(self, run_id: str) -> dict[str, Any]:
        """A run as it stands, with its cast."""
        async with self.database.read() as session:
            runs = Runs(session)
            row = await runs.get(run_id)
            template = await scenario_templates(session).by_id(row.scenario_template_id)
            cast = [member(each) for each in await runs.cast(run_id)]
        facts = run_facts(row, template)
        facts["settings"] = {name: value for name, value in facts["settings"].items() if name != "versions"}
        shown = ("role", "name", "engine", "agent", "model", "played_by")
        return {**facts, "cast": [{name: each[name] for name in shown} for each in cast]}

    async def cast(self, run_id: str, role: str | None = None) -> dict[str, str]:
        """The names of a run's roles.

        Raises:
            NotFound: it has no such role.
        """
        names = {each["role"]: str(each["name"]) for each in (await self.facts(run_id))["cast"]}
        if role is not None and role not in names:
            raise NotFound(f"{run_id} has no role {role!r}", cure=instead(role, list(names)))
        return names

    # -- what plays ---------------------------------------------------------------------------------------------------

    def _player(self) -> Playing:
        assert self.playing is not None, "the tools that play are given where playing is allowed"
        return self.playing

    async def create(self, reference: str, options: RunOptions) -> str:
        """Make a run of a stored scenario."""
        return await create_scenario_run_from_template(self._player().services, reference, options, actor=ACTOR)

    async def fork(self, run_id: str, turn: int, edits: Edits, tags: Sequence[str]) -> str:
        """Make a run that shares another's past up to a turn."""
        return await fork_run(self._player().services, run_id, turn, edits, actor=ACTOR, tags=tags)

    async def play(self, run_id: str, seconds: float) -> dict[str, Any]:
        """Let a run be played, and wait for it for some time; it goes on without being waited for."""
        playing = self._player()
        async with self.database.session() as session:
            await DesiredStates(session).set([run_id], "run")
        playing.manager.wake(run_id, "run", share=ACTOR)
        return await self.waited(run_id, seconds)

    async def waited(self, run_id: str, seconds: float) -> dict[str, Any]:
        """A run as it stands once it does not play any more, or after some time."""
        try:
            async with asyncio.timeout(seconds):
                await self._player().manager.until_settled(run_id)
        except TimeoutError:
            pass
        return await self.facts(run_id)


@asynccontextmanager
async def opened_access(settings: Settings, *, allow_play: bool) -> AsyncIterator[AssistantAccess]:
    """Access to the operator's database."""
    async with AsyncExitStack() as stack:
        if allow_play:
            services = await stack.enter_async_context(open_services(settings))
            manager = await stack.enter_async_context(own_manager(services, CAPACITY))
            yield AssistantAccess(services.database, Playing(services, manager))
        else:
            database = await stack.enter_async_context(Database(settings.database_url))
            await database.prepare()
            await seed_library(database)
            yield AssistantAccess(database)
