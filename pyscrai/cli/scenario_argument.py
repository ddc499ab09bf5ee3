"""What SCENARIO means on the command line: a stored name, or a file whose templates are stored first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from pyscrai.errors import NotFound, RunError, StorageError, VersionConflict

if TYPE_CHECKING:
    from pyscrai.factories.services import Services
    from pyscrai.templates.models.agent import AgentBody, AgentTemplate
    from pyscrai.templates.models.scenario import ScenarioTemplate
    from pyscrai.templates.reading.loader import LoadedTemplate, Reading

SUFFIXES = (".yaml", ".yml", ".json")


def is_file(scenario: str) -> bool:
    """Whether a person means a file and not the name of a stored scenario."""
    return scenario.endswith(SUFFIXES) or "/" in scenario


async def stored(services: Services, scenario: str, *, draft: bool = False) -> str:
    """The reference of a stored scenario; the templates of a file are checked and stored first.

    Args:
        draft: store templates of the file that have changed as their next free version.

    Raises:
        NotFound: it is a name, and no such scenario is stored.
        TemplateError: with every problem of the file.
        VersionConflict: the file changed and its version did not.
    """
    if not is_file(scenario):
        from pyscrai.databases.repositories.templates import scenario_templates

        async with services.database.read() as session:
            await scenario_templates(session).find(scenario)
        return scenario
    from pyscrai.factories.template_store import sound_templates, store_templates
    from pyscrai.templates.reading.loader import read_file

    loaded = await sound_templates(services.database, [read_file(scenario)])
    only_scenario(loaded, scenario)
    if draft:
        from pyscrai.services.draft_versions import as_drafts

        loaded = await as_drafts(services.database, loaded)
    try:
        references = await store_templates(services.database, loaded)
    except VersionConflict as conflict:
        raise VersionConflict(conflict.message, cure=f"{conflict.cure}; or `pyscrai run {scenario} --draft` gives it "
                              "the next free version by itself", **conflict.details) from None
    kinds = {item.template.kind: reference for item, reference in zip(loaded, references, strict=True)}
    return kinds["scenario"]


def only_scenario(loaded: list[LoadedTemplate], file: str) -> LoadedTemplate:
    """The one scenario of a file.

    Raises:
        RunError: there is none, or there are several.
    """
    found = [item for item in loaded if item.template.kind == "scenario"]
    if len(found) == 1:
        return found[0]
    names = ", ".join(item.template.name for item in found)
    raise RunError(f"{file} holds {'several scenarios: ' + names if found else 'no scenario'}", code="run.no_scenario",
                   cure="store the file with `pyscrai templates add` and run one by its name" if found
                   else "give a file with `kind: scenario`")


async def rehearsed(scenario: str, cast: Iterable[str] = ()) -> tuple[ScenarioTemplate, Callable[[str], AgentBody]]:
    """A scenario and what finds its agents, for a dry run: from a file and the shipped templates, with no database.

    A name that is not shipped is looked up among the stored templates.

    Args:
        cast: more agents that are to be found.

    Raises:
        NotFound: there is no such scenario, or none of its agents' names.
        TemplateError: with every problem of the file.
    """
    template, find = await _scenario_and_agents(scenario)
    more = {**shipped_agents(), **await _stored_agents(list(cast))}

    def found(reference: str) -> AgentBody:
        try:
            return find(reference)
        except (NotFound, KeyError):
            if reference in more:
                return more[reference]
            raise NotFound(f"there is no agent {reference!r}", cure="`pyscrai templates list` names them") from None

    return template, found


async def _scenario_and_agents(scenario: str) -> tuple[ScenarioTemplate, Callable[[str], AgentBody]]:
    """A scenario and what finds its own agents.

    Raises:
        NotFound: there is no such scenario, or none of its agents' names.
        TemplateError: with every problem of the file.
    """
    from pyscrai.templates.checks.checker import catalogue, refuse, validate
    from pyscrai.templates.library import shipped_agent, shipped_scenario
    from pyscrai.templates.models.agent import AgentTemplate
    from pyscrai.templates.models.scenario import ScenarioTemplate
    from pyscrai.templates.reading.loader import read_file

    if not is_file(scenario):
        name, _, version = scenario.partition("@")
        try:
            found = shipped_scenario(name)
        except NotFound:
            found = None
        if found is not None and version in ("", found.version):
            return found, shipped_agent
        return await _from_database(scenario)
    reading = read_file(scenario)
    refuse(validate([reading], shipped_agents()))
    loaded = list(reading.templates)
    template = only_scenario(loaded, scenario).template
    assert isinstance(template, ScenarioTemplate)
    agents = shipped_agents() | catalogue(item.template for item in loaded if isinstance(item.template, AgentTemplate))
    return template, agents.__getitem__


def shipped_agents() -> dict[str, AgentTemplate]:
    """The shipped agent templates, by ``name`` and ``name@version``."""
    from pyscrai.templates.checks.checker import catalogue
    from pyscrai.templates.library import files, load_shipped
    from pyscrai.templates.models.agent import AgentTemplate

    found = (load_shipped(file).template for file in files() if file.parent.name == "agents")
    return catalogue(agent for agent in found if isinstance(agent, AgentTemplate))


async def known_agents(readings: Sequence[Reading]) -> dict[str, AgentTemplate]:
    """The agents that files may name beside their own: the shipped ones, and stored ones where those do not suffice."""
    from pyscrai.templates.models.scenario import ScenarioTemplate

    found = shipped_agents()
    loaded = [item.template for reading in readings for item in (*reading.templates, *reading.drafts)]
    own = {template.name for template in loaded if template.kind == "agent"}
    named = {role.agent for template in loaded if isinstance(template, ScenarioTemplate)
             for role in template.roles.values() if isinstance(role.agent, str)}
    missing = sorted(name for name in named if name not in found and name.partition("@")[0] not in own)
    return found | (await _stored_agents(missing) if missing else {})


async def _stored_agents(references: Sequence[str]) -> dict[str, AgentTemplate]:
    """Those of the named agents that are stored; none where there is no database yet."""
    from pyscrai.config.settings import load_settings
    from pyscrai.databases.database import Database
    from pyscrai.databases.repositories.templates import agent_templates
    from pyscrai.templates.models.agent import AgentTemplate

    found: dict[str, AgentTemplate] = {}
    async with Database(load_settings().database_url) as database:
        if database.path is not None and not database.path.exists():
            return found
        try:
            async with database.read() as session:
                for reference in references:
                    try:
                        row = await agent_templates(session).get(reference)
                    except NotFound:
                        continue
                    found[reference] = AgentTemplate.model_validate(row.content)
        except StorageError:  # an author's check does not depend on it
            pass
    return found


async def _from_database(scenario: str) -> tuple[ScenarioTemplate, Callable[[str], AgentBody]]:
    from pyscrai.cli.services import opened_library
    from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
    from pyscrai.templates.models.agent import AgentTemplate
    from pyscrai.templates.models.scenario import ScenarioTemplate

    async with opened_library() as database, database.read() as session:
        row = await scenario_templates(session).get(scenario)
        template = ScenarioTemplate.model_validate(row.content)
        agents = agent_templates(session)
        found = {role.agent: AgentTemplate.model_validate((await agents.get(role.agent)).content)
                 for role in template.roles.values() if isinstance(role.agent, str)}
    return template, found.__getitem__
