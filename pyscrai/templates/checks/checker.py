"""All checks of a template in one call, and of whole sets of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path as FilePath

from pyscrai.errors import Problem, TemplateError
from pyscrai.templates.checks.audiences import check_audiences
from pyscrai.templates.checks.bounds import check_world
from pyscrai.templates.checks.cast import check_cast, check_tools
from pyscrai.templates.checks.consequences import is_consequence
from pyscrai.templates.checks.display_names import check_display_names
from pyscrai.templates.checks.expressions import check_expressions
from pyscrai.templates.checks.flow import check_flow
from pyscrai.templates.checks.names import check_names
from pyscrai.templates.checks.prompts import agent_text_problems, check_prompts
from pyscrai.templates.checks.report import EnoughProblems, Subject
from pyscrai.templates.checks.secrets import check_secrets
from pyscrai.templates.checks.unused import check_unused
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.base import TOOLS
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.draft import more_problems
from pyscrai.templates.reading.loader import LoadedTemplate, Reading, read_file
from pyscrai.templates.reading.positions import Positions

PASSES = (check_names, check_display_names, check_cast, check_flow, check_world, check_expressions, check_audiences,
          check_secrets, check_prompts, check_unused)
"""What is checked of a scenario, a pass per concern."""


def check(scenario: ScenarioTemplate, agents: Mapping[str, AgentTemplate], positions: Positions | None = None, *,
          tools: Collection[str] = TOOLS) -> list[Problem]:
    """Everything that can be known to be wrong with a scenario before it is played; errors and warnings, by line.

    Args:
        agents: agent templates by ``name`` and by ``name@version``; see ``catalogue``.
        positions: where the parts of the scenario stand in its text.
        tools: the tools that ship.
    """
    subject = Subject(scenario, agents, positions or Positions(), tools)
    try:
        for check_concern in PASSES:
            check_concern(subject)
    except EnoughProblems:
        subject.problems.append(more_problems(subject.positions))
    return _in_order(subject.problems)


def check_agent(agent: AgentTemplate, positions: Positions | None = None, *, tools: Collection[str] = TOOLS
                ) -> list[Problem]:
    """Everything that can be known to be wrong with an agent template by itself."""
    positions = positions or Positions()
    problems = [positions.problem("template.unknown_tool", ("tools", index), message, value=agent.tools[index],
                                  cure=cure)
                for index, message, cure in check_tools(agent.tools, tools)]
    problems += [positions.problem("template.prompt", path, found.message, value=found.word or None, cure=found.cure)
                 for path, found in agent_text_problems(agent)]
    return _in_order(problems)


def check_loaded(loaded: LoadedTemplate, agents: Mapping[str, AgentTemplate]) -> list[Problem]:
    """The checks that go with a template's kind."""
    if isinstance(loaded.template, ScenarioTemplate):
        return check(loaded.template, agents, loaded.positions)
    return check_agent(loaded.template, loaded.positions)


def catalogue(templates: Iterable[AgentTemplate]) -> dict[str, AgentTemplate]:
    """Agent templates by ``name@version``, and by ``name`` for the latest version of each."""
    found: dict[str, AgentTemplate] = {}
    for agent in templates:
        found[f"{agent.name}@{agent.version}"] = agent
        if agent.name not in found or _version(found[agent.name]) < _version(agent):
            found[agent.name] = agent
    return found


def validate(readings: Sequence[Reading], agents: Mapping[str, AgentTemplate] | None = None) -> list[Problem]:
    """All problems of texts that belong together: scenarios may name the agents of one another's files.

    Templates with mistakes of form are mended by guess and checked too, so that one round tells all but what may follow
    from the guesses.
    """
    own = [loaded.template for reading in readings for loaded in (*reading.templates, *reading.drafts)]
    known = dict(agents or {}) | catalogue(template for template in own if isinstance(template, AgentTemplate))
    problems: list[Problem] = []
    for reading in readings:
        found = list(reading.problems)
        for loaded in reading.templates:
            found += check_loaded(loaded, known)
        for draft in reading.drafts:
            guessed = [path for owner, path in reading.guessed if owner is draft]
            found += [problem for problem in check_loaded(draft, known) if not is_consequence(problem, guessed)]
        problems += _in_order(found)
    return problems


def validate_files(paths: Iterable[str | FilePath], agents: Mapping[str, AgentTemplate] | None = None) -> list[Problem]:
    """All problems of files that belong together.

    Raises:
        NotFound: a file cannot be read.
    """
    return validate([read_file(path) for path in paths], agents)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """The problems that keep a template from being played."""
    return [problem for problem in problems if problem.severity == "error"]


def refuse(problems: Iterable[Problem]) -> None:
    """Do nothing if there are only warnings.

    Raises:
        TemplateError: with the errors among the problems.
    """
    found = errors(problems)
    if found:
        raise TemplateError(found)


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    unique = {(problem.code, problem.field, problem.message): problem for problem in problems}
    return sorted(unique.values(), key=lambda problem: (problem.line or 0, problem.column or 0))


def _version(template: AgentTemplate) -> tuple[int, ...]:
    return tuple(int(part) for part in template.version.split("."))

