"""Sample worlds of a scenario: what expressions are tried on before a run begins."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.templates.cel.scope import ExpressionContext, Type, argument_type, members
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.models.action import ActionSpec, Argument
from pyscrai.templates.models.scenario import ScenarioTemplate, display_name
from pyscrai.templates.models.variable import Domain, Variable

WORLDS = 6
"""How many sample worlds there are."""

LONG = 3
"""The world in which lists and maps are as long as they may be."""

_FIRST = {"integer": 1, "number": 1.0, "boolean": True, "string": "words"}


def sample_contexts(subject: Subject, scope: Mapping[str, Type]) -> list[dict[str, Any]]:
    """Contexts that a run can be in: values at their first, lowest and highest, each choice, and empty ones.

    Args:
        scope: the names that all expressions read, with their types.
    """
    scenario, players = subject.scenario, subject.players
    makers = {action: subject.makers(action) for action in scenario.actions}
    fixed = {"vars": {name: _variable(variable, scenario) for name, variable in scenario.variables.items()},
             "params": {name: _domain(parameter, parameter.default) for name, parameter in scenario.parameters.items()}}
    names = {role: display_name(role, spec.name) for role, spec in scenario.roles.items()}
    groups = {name: list(members((name,), scenario)) for name in scenario.groups}
    worlds = []
    for number in range(WORLDS):
        world = {name: _value(kind, number) for name, kind in scope.items()}
        for root, domains in fixed.items():
            world[root] = {name: values[number % len(values)] for name, values in domains.items()}
        world |= {name: roles for name, roles in groups.items() if name not in ExpressionContext.__annotations__}
        mover = ("", *players)[number % (len(players) + 1)]
        world |= {"mover": mover, "last": {**world["last"], "role": mover}, "names": names, "roles": list(players),
                  "groups": groups, "chance": lambda: random.Random(0),
                  "moves": [{**move, "role": _one(makers.get(move["action"]), number + place) or move["role"],
                             "args": _sample_arguments(scenario, move["action"], number)}
                            for place, move in enumerate(world["moves"])]}
        worlds.append(world)
    return worlds


def own_contexts(samples: Sequence[Mapping[str, Any]], scope: Mapping[str, Type], *, action: ActionSpec | None,
                 movers: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Sample contexts with what one expression reads beyond others.

    Args:
        scope: the names that it reads beyond others, with their types.
        action: the action whose ``set`` reads ``args``.
        movers: the roles that ``mover`` can stand for, where they are known.
    """
    given = {name: _argument(argument, scope["args"].fields[name])
             for name, argument in (action.fields if action else {}).items()}
    found = []
    for number, sample in enumerate(samples):
        own = {name: _value(kind, number) for name, kind in scope.items()}
        if action is not None:
            own["args"] = {name: values[number % len(values)] for name, values in given.items()}
        if movers:
            own["mover"] = _one(movers, number)
        found.append({**sample, **own})
    return found


def _one(roles: Sequence[str] | None, number: int) -> str | None:
    return roles[number % len(roles)] if roles else None


def _domain(domain: Domain, first: Any) -> list[Any]:
    values = [first, *(bound for bound in (domain.minimum, domain.maximum) if bound is not None)]
    if domain.minimum is None and domain.maximum is None and domain.type in ("integer", "number"):
        values += [0, 1_000]
    if domain.type == "boolean":
        values += [False, True]
    values += list(domain.choices or ())
    fitting = [value for value in (domain.coerce(value) for value in values) if domain.why_not(value) is None]
    return fitting or [first]


def _variable(variable: Variable, scenario: ScenarioTemplate) -> list[Any]:
    roles = members(variable.holders, scenario)
    if variable.type in ("list", "map"):
        item = Domain(type=variable.item, minimum=variable.minimum, maximum=variable.maximum, choices=variable.choices)
        ones = _containers(variable, _domain(item, (variable.choices or (_FIRST[variable.item],))[0]))
    else:
        first = next(iter(variable.first(roles).values()), variable.initial) if variable.per_role else variable.initial
        single = Domain(type=variable.type, minimum=variable.minimum, maximum=variable.maximum,
                        choices=variable.choices)
        ones = _domain(single, first)
    if not variable.per_role:
        return ones
    first = variable.first(roles)
    return [first if not number else {role: ones[(number + place) % len(ones)] for place, role in enumerate(roles)}
            for number in range(WORLDS)]


def _containers(variable: Variable, items: Sequence[Any]) -> list[Any]:
    """A list or map in each world: its first value, a short one, and the longest."""
    found: list[Any] = []
    for number in range(WORLDS):
        length = 0 if not number else variable.max_items if number == LONG else number
        values = [items[place % len(items)] for place in range(length)]
        found.append(values if variable.type == "list" else {f"key{place}": item for place, item in enumerate(values)})
    given = variable.initial
    found[0] = found[0] if variable.per_role or not isinstance(given, tuple | dict) else variable.coerce(given)
    return found


def _sample_arguments(scenario: ScenarioTemplate, action: str, number: int) -> dict[str, Any]:
    """The arguments that a move of an action may have in a world."""
    found = {}
    for name, argument in scenario.actions[action].fields.items() if action in scenario.actions else ():
        values = _argument(argument, argument_type(argument))
        found[name] = values[number % len(values)]
    return found


def _argument(argument: Argument, kind: Type) -> list[Any]:
    if "enum" in argument.computed and kind.choices:
        return list(kind.choices)
    if argument.choices:
        return [argument.coerce(value) for value in argument.choices]
    low, high = argument.bounds
    return _domain(Domain(type=argument.type, minimum=low, maximum=high), _FIRST[argument.type])


def _value(kind: Type, number: int) -> Any:
    if kind.kind == "struct":
        # The first world is one in which nothing that comes with time is there yet.
        return {name: _value(inner, number) for name, inner in kind.fields.items() if number or not inner.optional}
    if kind.kind == "map":
        if kind.item is not None and kind.item.kind != "int":
            return {name: _value(kind.item, number + index) for index, name in enumerate(kind.choices or ())} if (
                number) else {}
        return {name: number + index for index, name in enumerate(kind.choices or ())} if number else {}
    if kind.kind == "list":
        return [_value(kind.item, number + place) for place in range(number)] if kind.item is not None else []
    if kind.kind == "string":
        return kind.choices[number % len(kind.choices)] if kind.choices else ("", "Some words.", "42")[number % 3]
    return {"int": number, "double": number * 0.5, "bool": bool(number % 2)}.get(kind.kind)
