"""Variables, parameters, actions, rules and injects can be what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.world import Argument, Domain
from pyscrai.templates.reading.positions import Path


def check_world(subject: Subject) -> None:
    """Bounds, first values, arguments, moves that nobody makes, injects that come too late."""
    scenario = subject.scenario
    for name, variable in scenario.variables.items():
        _domain(subject, ("variables", name), variable, "initial", variable.initial)
        for index, role in enumerate(variable.changed_by or ()):
            actors = [member for member in subject.members((role,)) if subject.engine_of(member) not in ("narrator",
                                                                                                         None)]
            if actors:
                subject.warn("not_a_narrator", ("variables", name, "changed_by", index),
                             f"`{actors[0]}` is no Narrator, and only Narrators propose changes", value=role,
                             cure="let an action `set` the variable instead")
    for name, parameter in scenario.parameters.items():
        _domain(subject, ("parameters", name), parameter, "default", parameter.default)
    made = {action for phase in scenario.flow.phases.values() for action in (phase.action, *phase.optional_actions)}
    for name, action in scenario.actions.items():
        if name not in made:
            subject.warn("unused_action", ("actions", name), f"no phase offers the move `{name}`", value=name,
                         on_key=True,
                         cure=f"add `action: {name}` to a phase, or remove it")
        for key, argument in action.fields.items():
            _argument(subject, ("actions", name, "fields", key), argument)
    for index, inject in enumerate(scenario.injects):
        if inject.at_turn is not None and inject.at_turn > subject.bound:
            subject.warn("never", ("injects", index, "at_turn"), f"the run is over after {subject.bound} turns at most",
                         value=inject.at_turn, cure="let it come earlier, or raise the limit")


def _domain(subject: Subject, path: Path, domain: Domain, first: str, value: Any) -> None:
    """Check the bounds of a variable or parameter and the value that it begins with."""
    _bounds(subject, path, domain.type, domain.minimum, domain.maximum)
    for index, choice in enumerate(domain.choices or ()):
        reason = domain.model_copy(update={"choices": None}).why_not(domain.coerce(choice))
        if reason:
            subject.error("bounds", (*path, "choices", index), reason, value=choice, cure=_quotes(domain.type, choice))
    if domain.minimum is not None and domain.maximum is not None and domain.minimum > domain.maximum:
        return
    reason = domain.why_not(domain.coerce(value))
    if reason:
        subject.error("bounds", (*path, first), f"`{first}` is impossible: {reason}", value=value,
                      cure=_quotes(domain.type, value) or "choose a value that is inside, or widen the bounds")


def _bounds(subject: Subject, path: Path, kind: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        subject.error("bounds", (*path, "minimum"), f"the minimum {minimum:g} is above the maximum {maximum:g}",
                      value=minimum, cure="exchange them")
    for name, bound in (("minimum", minimum), ("maximum", maximum)):
        if bound is not None and kind not in ("integer", "number"):
            subject.error("bounds", (*path, name), f"a {kind} has no {name}", value=bound,
                          cure="remove it, or write `type: number`")


def _argument(subject: Subject, path: Path, argument: Argument) -> None:
    _bounds(subject, path, argument.type, argument.minimum, argument.maximum)
    domain = Domain(type=argument.type)
    for index, choice in enumerate(argument.enum or ()):
        reason = domain.why_not(domain.coerce(choice))
        if reason:
            kinds: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
            subject.error("bounds", (*path, "enum", index), reason, value=choice,
                          cure=_quotes(argument.type, choice) or f"write `type: {kinds[type(choice)]}`")
    if argument.max_length is not None and argument.type != "string":
        subject.error("bounds", (*path, "max_length"), f"a value of type {argument.type} has no length",
                      value=argument.max_length, cure="remove it")


def _quotes(kind: str, value: Any) -> str | None:
    if kind == "string" and not isinstance(value, str):
        return f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
    if kind == "boolean" and isinstance(value, str):
        return "write true or false"
    return "write it without quotes" if kind in ("integer", "number") and isinstance(value, str) else None
