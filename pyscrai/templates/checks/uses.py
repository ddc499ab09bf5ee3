"""Every expression of a scenario, with what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pyscrai.templates.cel.variable_target import EVERY, variable_target
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.flow import SpeakerSpec
from pyscrai.templates.models.scenario import GroupSpec
from pyscrai.templates.reading.positions import Path

Purpose = Literal["condition", "value", "key", "number", "choices", "roles", "measure"]
"""A condition; a variable's new value, or the key of the entry that is set; how many, or a bound; what may be chosen;
who speaks; a measure."""


@dataclass(frozen=True, slots=True)
class Use:
    """An expression, where it stands, and what it is for."""

    path: Path
    text: str
    purpose: Purpose = "condition"
    variable: str | None = None
    """The variable that is set."""
    entry: bool = False
    """Whether one entry of the variable is set."""
    action: str | None = None
    """The action whose arguments it reads."""
    of: tuple[str, ...] = ()
    """The roles and groups of which it is computed, each read as ``role``; none where it is of none."""
    movers: tuple[str, ...] = ()
    """The roles that ``mover`` can stand for; none where it may be any of them, or nobody."""


def uses(subject: Subject) -> Iterator[Use]:
    """All expressions, in the order of the template's fields."""
    scenario, players = subject.scenario, subject.players
    for name, group in scenario.groups.items():
        if isinstance(group, GroupSpec):
            yield Use(("groups", name, "when"), group.when, of=group.of)
    yield from _set(subject, ("setup",), scenario.setup)
    for name, phase in scenario.flow.phases.items():
        path: Path = ("flow", "phases", name)
        if isinstance(phase.speakers, str) and not subject.listed(phase.speakers):
            yield Use((*path, "speakers"), phase.speakers, "roles")
        elif not isinstance(phase.speakers, str):
            for index, speaker in enumerate(phase.speakers):
                if isinstance(speaker, SpeakerSpec):
                    yield Use((*path, "speakers", index, "when"), speaker.when,
                              of=(speaker.name,))
        if isinstance(phase.scene_rounds, str):
            yield Use((*path, "scene_rounds"), phase.scene_rounds, "number")
        yield from _set(subject, (*path, "on_enter"), phase.on_enter)
        yield from _set(subject, (*path, "on_leave"), phase.on_leave)
        for index, transition in enumerate(phase.next):
            if transition.when is not None:
                yield Use((*path, "next", index, "when"), transition.when)
            for field in ("after_turns", "after_rounds"):
                if isinstance(count := getattr(transition, field), str):
                    yield Use((*path, "next", index, field), count, "number")
    for name, spec in scenario.actions.items():
        makers = subject.makers(name)
        for key, argument in spec.fields.items():
            for field, text in argument.computed.items():
                yield Use(("actions", name, "fields", key, field), text, "choices" if field == "enum" else "number",
                          movers=makers)
        yield from _set(subject, ("actions", name, "set"), spec.set, action=name, movers=makers)
    for index, rule in enumerate(scenario.rules):
        yield Use(("rules", index, "when"), rule.when, movers=players)
        yield from _set(subject, ("rules", index, "set"), rule.set, movers=players)
    for index, inject in enumerate(scenario.injects):
        if inject.when is not None:
            yield Use(("injects", index, "when"), inject.when)
        yield from _set(subject, ("injects", index, "set"), inject.set)
    for path, end, _ in subject.ends:
        if end.when is not None:
            yield Use((*path, "when"), end.when)
    for index, measure in enumerate(scenario.analysis.measures if scenario.analysis else ()):
        if measure.value is not None:
            yield Use(("analysis", "measures", index, "value"), measure.value, "measure",
                      of=() if measure.of == "scenario" else players if measure.of == "each" else (measure.of,))


def _set(subject: Subject, path: Path, changes: Mapping[str, str], action: str | None = None,
         movers: tuple[str, ...] = ()) -> Iterator[Use]:
    for target, text in changes.items():
        variable, key = variable_target(target)
        if key is not None and not target.endswith("]"):
            continue
        if key is not None and key != EVERY:
            yield Use((*path, target), key, "key", variable, action=action, movers=movers)
        yield Use((*path, target), text, "value", variable, entry=key is not None, action=action, movers=movers,
                  of=_holders(subject, variable) if key == EVERY else ())


def _holders(subject: Subject, variable: str) -> tuple[str, ...]:
    found = subject.scenario.variables.get(variable)
    return found.holders if found is not None else ()
