"""The texts of a template that take parameters and nothing else, and a template with its parameters put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from pyscrai.prompts.parameters import with_parameters
from pyscrai.templates.models.agent import Personality
from pyscrai.templates.models.analysis import End, Judge
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.positions import Path

M = TypeVar("M", bound=BaseModel)


def plain_texts(scenario: ScenarioTemplate) -> Iterator[tuple[Path, str]]:
    """The texts that take parameters and nothing else, with their paths."""
    for name, phase in scenario.flow.phases.items():
        for field in ("title", "text", "task"):
            yield ("flow", "phases", name, field), getattr(phase, field)
    for name, role in scenario.roles.items():
        path: Path = ("roles", name)
        yield (*path, "secret"), role.secret
        yield (*path, "brief"), role.brief
        for field in ("goals", "knows"):
            for index, text in enumerate(getattr(role, field)):
                yield (*path, field, index), text
        if not isinstance(role.agent, str):
            yield (*path, "agent", "secret"), role.agent.secret
            for place, text in persona_texts(role.agent.personality):
                yield (*path, "agent", "personality", *place), text
    for name, action in scenario.actions.items():
        yield ("actions", name, "description"), action.description
    for index, rule in enumerate(scenario.rules):
        yield ("rules", index, "label"), rule.label
    for index, inject in enumerate(scenario.injects):
        yield ("injects", index, "label"), inject.label
    for index, measure in enumerate(scenario.analysis.measures if scenario.analysis else ()):
        yield ("analysis", "measures", index, "rubric"), measure.rubric
    for place, end in judged(scenario.ends):
        yield (*place, "goal"), end.goal


def persona_texts(personality: Personality) -> Iterator[tuple[Path, str]]:
    """The texts of a persona, each with its path in it."""
    for field in ("role", "backstory", "style"):
        yield (field,), getattr(personality, field)
    for field in ("goals", "traits", "constraints", "examples"):
        for index, text in enumerate(getattr(personality, field)):
            yield (field, index), text


def judged(ends: End | tuple[End, ...], path: Path = ("ends",)) -> Iterator[tuple[Path, Judge]]:
    """Every judged end of a tree of ends, with its path."""
    for index, end in enumerate((ends,) if isinstance(ends, End) else ends):
        here = path if isinstance(ends, End) else (*path, index)
        if end.judge is not None:
            yield (*here, "judge"), end.judge
        for field in ("any", "all"):
            yield from judged(getattr(end, field) or (), (*here, field))


def filled(scenario: ScenarioTemplate, parameters: Mapping[str, Any]) -> ScenarioTemplate:
    """The scenario as it reads with these parameters; the same one where no text names any."""
    changes = {path: text for path, found in plain_texts(scenario)
               if (text := with_parameters(found, parameters)) != found}
    if not changes:
        return scenario
    content = scenario.content()
    for path, text in changes.items():
        _put(content, path, text)
    return ScenarioTemplate.model_validate(content)


def filled_persona(personality: Personality, parameters: Mapping[str, Any]) -> Personality:
    """The persona as it reads with these parameters; the same one where no text names any."""
    changes = {path: text for path, found in persona_texts(personality)
               if (text := with_parameters(found, parameters)) != found}
    if not changes:
        return personality
    content = personality.model_dump(mode="json")
    for path, text in changes.items():
        _put(content, path, text)
    return Personality.model_validate(content)


def _put(content: Any, path: Path, text: str) -> None:
    for step in path[:-1]:
        content = content[step]
    content[path[-1]] = text
