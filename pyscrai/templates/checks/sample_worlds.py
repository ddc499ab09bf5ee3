"""Sample worlds of a scenario: what expressions are tried on before a run begins."""

from __future__ import annotations

from typing import Any

from pyscrai.templates.cel.scope import Type, scope_of
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.world import ActionSpec, Argument, Domain

WORLDS = 6
"""How many sample worlds there are."""


def sample_contexts(scenario: ScenarioTemplate, *, action: ActionSpec | None = None) -> list[dict[str, Any]]:
    """Contexts that a run can be in: values at their first, lowest and highest, each choice, and empty ones.

    Args:
        action: the action whose ``set`` reads ``args``.
    """
    scope = scope_of(scenario, action=action)
    fixed = {"vars": {name: _domain(variable, variable.initial) for name, variable in scenario.variables.items()},
             "params": {name: _domain(parameter, parameter.default) for name, parameter in scenario.parameters.items()},
             "args": {name: _argument(argument) for name, argument in (action.fields if action else {}).items()}}
    worlds = []
    for number in range(WORLDS):
        world = {name: _value(kind, number) for name, kind in scope.items()}
        for root, domains in fixed.items():
            if root in world:
                world[root] = {name: values[number % len(values)] for name, values in domains.items()}
        worlds.append(world)
    return worlds


def _domain(domain: Domain, first: Any) -> list[Any]:
    values = [first, *(bound for bound in (domain.minimum, domain.maximum) if bound is not None)]
    if domain.minimum is None and domain.maximum is None and domain.type in ("integer", "number"):
        values += [0, 1_000]
    if domain.type == "boolean":
        values += [False, True]
    values += list(domain.choices or ())
    fitting = [value for value in (domain.coerce(value) for value in values) if domain.why_not(value) is None]
    return fitting or [first]


def _argument(argument: Argument) -> list[Any]:
    if argument.enum is not None:
        return [argument.coerce(value) for value in argument.enum]
    domain = Domain(type=argument.type, minimum=argument.minimum, maximum=argument.maximum)
    first = {"integer": 1, "number": 1.0, "boolean": True, "string": "words"}[argument.type]
    return _domain(domain, first)


def _value(kind: Type, number: int) -> Any:
    if kind.kind == "struct":
        # The first world is one in which nothing that comes with time is there yet.
        return {name: _value(inner, number) for name, inner in kind.fields.items() if number or not inner.optional}
    if kind.kind == "map":
        return {name: number + index for index, name in enumerate(kind.choices or ())} if number else {}
    if kind.kind == "string":
        return kind.choices[number % len(kind.choices)] if kind.choices else ("", "Some words.", "42")[number % 3]
    return {"int": number, "double": number * 0.5, "bool": bool(number % 2), "list": []}.get(kind.kind)
