"""Drafts: an author's changed files, stored as the next free version so that nothing has to be numbered by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.templates.models.base import content_hash
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import AnyTemplate, LoadedTemplate

if TYPE_CHECKING:
    from pyscrai.databases.database import Database


async def as_drafts(database: Database, loaded: list[LoadedTemplate]) -> list[LoadedTemplate]:
    """Templates with versions that can be stored.

    One whose version is stored with another content gets the version under which its content is stored already, else
    the next free one; the others stay as they are.
    """
    async with database.read() as session:
        drafts = []
        for item in loaded:
            template = item.template
            scenario = isinstance(template, ScenarioTemplate)
            repository = scenario_templates(session) if scenario else agent_templates(session)
            rows = await repository.list(name=template.name, every_version=True, archived=True)
            stored = {row.version: row.content_hash for row in rows}
            if stored.get(template.version, template.hash) == template.hash:
                drafts.append(item)
                continue
            own = _without_version(template.content())
            version = next((row.version for row in rows if _without_version(row.content) == own), None)
            renamed: AnyTemplate = template.model_copy(update={"version": version or _next(template.version, stored)})
            drafts.append(LoadedTemplate(renamed, item.positions, item.source))
        return drafts


def _without_version(content: dict[str, object]) -> str:
    return content_hash({name: value for name, value in content.items() if name != "version"})


def _next(version: str, stored: dict[str, str]) -> str:
    major, minor, _ = version.split(".")
    patches = [int(known.rpartition(".")[2]) for known in stored if known.startswith(f"{major}.{minor}.")]
    return f"{major}.{minor}.{max(patches) + 1}"
