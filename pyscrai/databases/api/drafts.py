"""Drafts: a template that is being written, looked at, played without a model, and stored as the next free version."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter

from pyscrai.databases.api.access import Controller, Reader
from pyscrai.databases.api.dependencies import Context, Ctx
from pyscrai.databases.api.schemas.base import problems
from pyscrai.databases.api.schemas.drafts import DraftEvent, DraftPicture, DraftPlay
from pyscrai.databases.api.schemas.templates import Stored, TemplateText
from pyscrai.databases.api.templates import validated
from pyscrai.errors import NotFound, RunError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import FindAgent
from pyscrai.factories.template_store import store_templates
from pyscrai.services.draft_versions import as_drafts
from pyscrai.services.dry_runs import dry_run
from pyscrai.services.scenario_graphs import draw_scenario
from pyscrai.templates.checks.checker import catalogue
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate

MOST_TURNS = 60
"""Turns that a dry run plays at most."""

LONGEST = 20.0
"""Seconds that a dry run may take."""

router = APIRouter(prefix="/templates/draft", tags=["templates"])


@router.post("", operation_id="store_draft", status_code=201, responses=problems(409))
async def store_draft(body: TemplateText, context: Ctx, caller: Controller) -> Stored:
    """Store templates; one whose version is stored with another content becomes the next free version."""
    reading, _, _ = await validated(body, context)
    database = context.services.database
    return Stored(stored=await store_templates(database, await as_drafts(database, list(reading.templates))))


@router.post("/graph", operation_id="draw_draft", responses=problems(404))
async def draw_draft(body: TemplateText, context: Ctx, caller: Reader) -> DraftPicture:
    """The scenario in this text as pictures: its phases, and who can follow whom."""
    scenario, find_agent = await _scenario(body, context)
    drawing = await context.texts.work(lambda: draw_scenario(scenario, find_agent))
    return DraftPicture(**drawing.as_dict() | dict[str, Any](
        template=f"{scenario.name}@{scenario.version}",
        roles={role: spec.name or role.replace("_", " ").capitalize() for role, spec in scenario.roles.items()}))


@router.post("/play", operation_id="play_draft", responses=problems(404))
async def play_draft(body: TemplateText, context: Ctx, caller: Controller) -> DraftPlay:
    """Play the scenario in this text with no model: every order, condition and inject, and words without meaning."""
    scenario, find_agent = await _scenario(body, context)
    try:
        async with asyncio.timeout(LONGEST):
            result, events = await dry_run(scenario, find_agent, RunOptions(seed=1, max_turns=MOST_TURNS))
    except TimeoutError:
        raise RunError(f"the dry run took longer than {LONGEST:g} seconds", code="run.too_long",
                       cure="try `pyscrai run FILE --dry-run`, which may take its time") from None
    return DraftPlay(status=result.status, outcome=dict(result.outcome) if result.outcome else None, events=[
        DraftEvent(seq=number, key=event.key, kind=event.kind, turn=event.turn, phase=event.phase, source=event.source,
                   audience=event.audience if isinstance(event.audience, str) else list(event.audience),
                   payload=event.payload()) for number, event in enumerate(events, 1)])


async def _scenario(body: TemplateText, context: Context) -> tuple[ScenarioTemplate, FindAgent]:
    """The one scenario of a text, and what finds its agents.

    Raises:
        TemplateError: with every mistake.
        RunError: the text holds no scenario, or several.
    """
    reading, _, stored = await validated(body, context)
    found = [loaded.template for loaded in reading.templates]
    scenarios = [template for template in found if isinstance(template, ScenarioTemplate)]
    if len(scenarios) != 1:
        raise RunError(f"the text holds {len(scenarios)} scenarios", code="template.no_scenario",
                       cure="send one document with `kind: scenario`, and the agents that are its own")
    agents: dict[str, Any] = {**stored, **catalogue(each for each in found if isinstance(each, AgentTemplate))}

    def find(name: str) -> AgentTemplate:
        if name not in agents:
            raise NotFound(f"no agent is called {name}", cure="store it first, or write it into the text")
        agent: AgentTemplate = agents[name]
        return agent

    return scenarios[0], find
