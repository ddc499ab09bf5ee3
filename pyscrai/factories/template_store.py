"""Templates into the database: the shipped ones on first use, and an author's files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.databases.tables import AgentTemplateRow
from pyscrai.errors import NotFound, TemplateError, VersionConflict
from pyscrai.templates.checks.checker import catalogue, check_loaded, errors, refuse, validate
from pyscrai.templates.library import files, load_shipped
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import LoadedTemplate, Reading

_log = structlog.get_logger("pyscrai.templates")


async def seed_library(database: Database) -> None:
    """Store the shipped templates that are not stored yet; texts are compared, so that none is parsed for nothing."""
    async with database.read() as session:
        rows = [*await agent_templates(session).list(), *await scenario_templates(session).list()]
    stored = {row.source for row in rows if row.shipped}
    missing = await asyncio.to_thread(_unlike, stored)
    if not missing:
        return
    older = []
    async with database.session() as session:
        for loaded in missing:
            try:
                await _add(session, loaded, shipped=True)
            except VersionConflict:
                older.append(loaded.reference)
    if older:
        _log.warning("library.older", templates=older,
                     cure="the database keeps what it has under these versions; copy one under a new name to change it")


def _unlike(stored: set[str | None]) -> list[LoadedTemplate]:
    """The shipped templates whose text is not among these."""
    return [load_shipped(path) for path in files() if path.read_text(encoding="utf-8") not in stored]


async def store_templates(database: Database, loaded: list[LoadedTemplate]) -> list[str]:
    """Check and store templates that were read together; a scenario may use agents beside it or stored ones.

    Returns:
        ``name@version`` of each, in their order.

    Raises:
        TemplateError: with every problem of all of them; nothing is stored then.
        VersionConflict: another content is stored under a name and version; nothing is stored then.
    """
    async with database.session() as session:
        agents = await known_agents(session, loaded)
        # A large template takes a second to check, in which everything else goes on.
        await asyncio.to_thread(lambda: refuse([problem for item in loaded for problem in check_loaded(item, agents)]))
        for item in sorted(loaded, key=lambda item: item.template.kind):
            await _add(session, item)
    return [item.reference for item in loaded]


async def sound_templates(database: Database, readings: Sequence[Reading]) -> list[LoadedTemplate]:
    """The templates of texts that belong together, good for ``store_templates``.

    Raises:
        TemplateError: there are mistakes of form; with every problem, also of names and conditions.
    """
    if any(reading.problems for reading in readings):
        async with database.read() as session:
            agents = await known_agents(session, [item for reading in readings
                                                  for item in (*reading.templates, *reading.drafts)])
        raise TemplateError(errors(await asyncio.to_thread(validate, readings, agents)))
    return [item for reading in readings for item in reading.templates]


async def _add(session: AsyncSession, loaded: LoadedTemplate, *, shipped: bool = False) -> None:
    template = loaded.template
    repository = scenario_templates(session) if isinstance(template, ScenarioTemplate) else agent_templates(session)
    await repository.add(name=template.name, version=template.version, format=template.format,
                         content=template.content(), content_hash=template.hash, source=loaded.source, shipped=shipped)


async def known_agents(session: AsyncSession, loaded: Iterable[LoadedTemplate]) -> dict[str, AgentTemplate]:
    """The agents that scenarios read together may name: those beside them, and those that are stored."""
    stored = {reference: AgentTemplate.model_validate(row.content)
              for item in loaded for reference, row in (await _stored(session, item)).items()}
    beside = catalogue(item.template for item in loaded if isinstance(item.template, AgentTemplate))
    return stored | beside


async def _stored(session: AsyncSession, loaded: LoadedTemplate) -> dict[str, AgentTemplateRow]:
    if not isinstance(loaded.template, ScenarioTemplate):
        return {}
    found = {}
    for reference in {role.agent for role in loaded.template.roles.values() if isinstance(role.agent, str)}:
        with suppress(NotFound):
            found[reference] = await agent_templates(session).get(reference)
    return found
