"""Templates into the database: the shipped ones on first use, and an author's files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import structlog

from pyscrai.databases.repositories.templates import Templates
from pyscrai.databases.session import Database
from pyscrai.errors import NotFound, VersionConflict
from pyscrai.templates.agents import AgentTemplate
from pyscrai.templates.checks import check
from pyscrai.templates.library import files, load_shipped
from pyscrai.templates.loading import LoadedTemplate
from pyscrai.templates.scenarios import ScenarioTemplate

_log = structlog.get_logger("pyscrai.templates")


async def seed_library(database: Database) -> None:
    """Store the shipped templates that are not stored yet; texts are compared, so that nothing is parsed for nothing."""
    async with database.read() as session:
        stored = await Templates(session).shipped_sources()
    missing = [path for path in files() if path.read_text(encoding="utf-8") not in stored]
    if not missing:
        return
    async with database.session() as session:
        templates = Templates(session)
        for path in missing:
            loaded = load_shipped(path)
            try:
                await templates.add(loaded.template, source=loaded.source, shipped=True)
            except VersionConflict as conflict:
                _log.warning("library.conflict", template=loaded.reference, problem=conflict.message)


async def store_templates(database: Database, loaded: list[LoadedTemplate]) -> list[str]:
    """Check and store templates that were read together; a scenario may use agents beside it or stored ones.

    Returns:
        ``name@version`` of each, in their order.

    Raises:
        TemplateError: with every problem of all of them; nothing is stored then.
        VersionConflict: another content is stored under a name and version; nothing is stored then.
    """
    async with database.session() as session:
        templates = Templates(session)
        ours = {template.name: template for item in loaded if isinstance(template := item.template, AgentTemplate)}
        for item in loaded:
            if isinstance(item.template, ScenarioTemplate):
                agents = await _agents(templates, item.template, ours)
                check(item, agents)
        for item in sorted(loaded, key=lambda item: item.template.kind):
            await templates.add(item.template, source=item.source)
    return [item.reference for item in loaded]


async def _agents(templates: Templates, scenario: ScenarioTemplate, ours: dict[str, AgentTemplate]
                  ) -> dict[str, AgentTemplate]:
    """The agent templates that a scenario names, as far as they are there."""
    found = {}
    for reference in {role.agent for role in scenario.roles.values() if isinstance(role.agent, str)}:
        name, _, version = reference.partition("@")
        own = ours.get(name)
        if own is not None and version in ("", own.version):
            found[reference] = own
            continue
        try:
            row = await templates.agent(reference)
        except NotFound:
            continue
        found[reference] = AgentTemplate.model_validate(row.content)
    return found
