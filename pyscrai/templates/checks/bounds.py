"""Variables, parameters, actions, rules and injects can be what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.action import Argument
from pyscrai.templates.models.variable import Domain, Variable
from pyscrai.templates.reading.positions import Path


def check_world(subject: Subject) -> None:
    """Bounds, first values, arguments, moves that nobody makes, injects that come too late."""
    scenario = subject.scenario
    for name, variable in scenario.variables.items():
        _variable(subject, ("variables", name), variable)
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
        if name not in made | subject.meant:
            subject.warn("unused_action", ("actions", name), f"no phase offers the move `{name}`", value=name,
                         on_key=True,
                         cure=f"add `action: {name}` to a phase, or remove it")
        for key, argument in action.fields.items():
            _argument(subject, ("actions", name, "fields", key), argument)
    for index, inject in enumerate(scenario.injects):
        if inject.at_turn is not None and inject.at_turn > subject.bound:
            subject.warn("never", ("injects", index, "at_turn"), f"the run is over after {subject.bound} turns at most",
                         value=inject.at_turn, cure="let it come earlier, or raise the limit")


def _variable(subject: Subject, path: Path, variable: Variable) -> None:
    """Check a variable that may be a list, a map, or a value for each role."""
    if variable.plain:
        for field in ("item", "max_items"):
            if field in variable.model_fields_set:
                subject.error("bounds", (*path, field), f"a single {variable.type} has no `{field}`",
                              cure="remove it, or write `type: list`", on_key=True)
        _domain(subject, path, variable, "initial", variable.initial)
        return
    kind = variable.item if variable.type in ("list", "map") else variable.type
    _bounds(subject, path, kind, variable.minimum, variable.maximum)
    single = Domain(type=kind, minimum=variable.minimum, maximum=variable.maximum)
    for index, choice in enumerate(variable.choices or ()):
        if reason := single.why_not(single.coerce(choice)):
            subject.error("bounds", (*path, "choices", index), reason, value=choice, cure=_quotes(kind, choice))
    roles = subject.members(variable.holders)
    given = variable.initial
    if variable.per_role and isinstance(given, dict) and variable.type != "map":
        for role in given:
            if role not in roles:
                subject.unknown("role", role, roles, (*path, "initial", role), on_key=True)
        if missing := [role for role in roles if role not in given]:
            subject.error("bounds", (*path, "initial"), f"there is no first value for {', '.join(missing)}",
                          cure="give one, or write one value for all")
    if reason := variable.why_not(variable.first(roles)):
        subject.error("bounds", (*path, "initial"), f"`initial` is impossible: {reason}", value=given,
                      cure=_computed(f"{path[-1]}[*]" if variable.per_role else str(path[-1]), given) or {
                          "list": "write [a, b], or [] for an empty list", "map": "write {name: value}, or {}"}.get(
                          variable.type) or "choose a value that is inside, or widen the bounds")


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
                      cure=(_computed(str(path[-1]), value) if first == "initial" else None)
                      or _quotes(domain.type, value) or "choose a value that is inside, or widen the bounds")


def _bounds(subject: Subject, path: Path, kind: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        subject.error("bounds", (*path, "minimum"), f"the minimum {minimum:g} is above the maximum {maximum:g}",
                      value=minimum, cure="exchange them")
    for name, bound in (("minimum", minimum), ("maximum", maximum)):
        if bound is not None and kind not in ("integer", "number"):
            subject.error("bounds", (*path, name), f"a {kind} has no {name}", value=bound,
                          cure="remove it, or write `type: number`")


def _argument(subject: Subject, path: Path, argument: Argument) -> None:
    _bounds(subject, path, argument.type, *argument.bounds)
    domain = Domain(type=argument.type)
    for index, choice in enumerate(argument.choices):
        reason = domain.why_not(domain.coerce(choice))
        if reason:
            kinds: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
            subject.error("bounds", (*path, "enum", index), reason, value=choice,
                          cure=_quotes(argument.type, choice) or f"write `type: {kinds[type(choice)]}`")
    if argument.max_length is not None and argument.type != "string":
        subject.error("bounds", (*path, "max_length"), f"a value of type {argument.type} has no length",
                      value=argument.max_length, cure="remove it")


def _computed(target: str, value: Any) -> str | None:
    """The cure where an expression stands for a first value."""
    if not isinstance(value, str) or not _EXPRESSION.match(value):
        return None
    return f"a first value is written out; compute it in `setup: {{{target}: \"{value}\"}}`"


_EXPRESSION = re.compile(r"(params|vars|random|choose|shuffle|deal|size)\b\s*[.(]")


def _quotes(kind: str, value: Any) -> str | None:
    if kind == "string" and not isinstance(value, str):
        return f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
    if kind == "boolean" and isinstance(value, str):
        return "write true or false"
    if kind not in ("integer", "number") or not isinstance(value, str):
        return None
    return "write it without quotes" if _NUMBER.fullmatch(value.strip()) else f"write {_EXAMPLES[kind]}"


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)")
_EXAMPLES = {"integer": "an integer, such as 5", "number": "a number, such as 0.5"}
