"""Conditions and expressions: syntax, names and types, and a trial on sample worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.computation import Computation
from pyscrai.templates.cel.expression import Expression, compile_expression
from pyscrai.templates.cel.scope import Type, domain_type, scope_of
from pyscrai.templates.cel.tree import Literal
from pyscrai.templates.cel.types import Types
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.checks.sample_worlds import sample_contexts
from pyscrai.templates.models.world import ActionSpec, Variable
from pyscrai.templates.reading.positions import Path

TRIAL = 2_000_000
"""Steps that trying out all expressions of a scenario may take."""


@dataclass(frozen=True, slots=True)
class _Use:
    """An expression and what it is for: a variable's new value, or a condition."""

    path: Path
    text: str
    variable: str | None = None
    action: str | None = None


def check_expressions(subject: Subject) -> None:
    """Every condition and every ``set``."""
    scenario = subject.scenario
    scopes: dict[str | None, Mapping[str, Type]] = {None: scope_of(scenario)}
    samples: dict[str | None, list[dict[str, Any]]] = {}
    trial = 0
    for use in _uses(subject):
        action: ActionSpec | None = scenario.actions[use.action] if use.action else None
        if use.action not in scopes:
            scopes[use.action] = scope_of(scenario, action=action)
        expression = _read(subject, use)
        if expression is None or not _typed(subject, use, expression, scopes[use.action]):
            continue
        if use.action not in samples:
            samples[use.action] = sample_contexts(scenario, action=action)
        trial += _try(subject, use, expression, samples[use.action])
        if trial > TRIAL:
            subject.error("too_costly", use.path, "the conditions of this template are too costly to be tried out",
                          value=use.text, cure="go over shorter lists")
            return


def _uses(subject: Subject) -> Iterator[_Use]:
    scenario = subject.scenario
    for name, phase in scenario.flow.phases.items():
        for index, transition in enumerate(phase.next):
            if transition.when is not None:
                yield _Use(("flow", "phases", name, "next", index, "when"), transition.when)
    for name, spec in scenario.actions.items():
        for variable, text in spec.set.items():
            yield _Use(("actions", name, "set", variable), text, variable, name)
    for index, rule in enumerate(scenario.rules):
        yield _Use(("rules", index, "when"), rule.when)
        for variable, text in rule.set.items():
            yield _Use(("rules", index, "set", variable), text, variable)
    for index, inject in enumerate(scenario.injects):
        if inject.when is not None:
            yield _Use(("injects", index, "when"), inject.when)
        for variable, text in inject.set.items():
            yield _Use(("injects", index, "set", variable), text, variable)
    for path, end, _ in subject.ends:
        if end.when is not None:
            yield _Use((*path, "when"), end.when)


def _read(subject: Subject, use: _Use) -> Expression | None:
    try:
        return compile_expression(use.text)
    except ExpressionError as error:
        _report(subject, use, "expression", error.message, error.cure, error.position)
        return None


def _typed(subject: Subject, use: _Use, expression: Expression, scope: Mapping[str, Type]) -> bool:
    types = Types(scope)
    found = types.of(expression.tree)
    for problem in types.problems:
        _report(subject, use, "expression", problem.message, problem.cure, problem.at)
    if types.problems:
        return False
    if use.variable is None:
        if found.kind not in ("bool", "any"):
            _report(subject, use, "expression", f"a condition is true or false; this is {found.words}",
                    "compare it with something", 0)
            return False
        if isinstance(expression.tree, Literal) and expression.tree.value is False:
            subject.warn("never", use.path, "this never holds", value=use.text)
        return True
    for name, at in types.unguarded.items():
        _report(subject, use, "expression", f"`{name}` may not be there yet", f"write has({name}) ? ... : ...", at)
    variable = subject.scenario.variables.get(use.variable)
    if variable is None or types.unguarded:
        return False
    return _fits(subject, use, found, variable)


def _fits(subject: Subject, use: _Use, found: Type, variable: Variable) -> bool:
    wanted = domain_type(variable)
    if found.kind != "any" and found.kind != wanted.kind and (found.kind, wanted.kind) != ("int", "double"):
        cure = "write round(...) around it" if (found.kind, wanted.kind) == ("double", "int") else None
        _report(subject, use, "expression", f"`{use.variable}` is {wanted.words}; this is {found.words}", cure, 0)
        return False
    if wanted.choices and found.choices and not set(found.choices) & set(wanted.choices):
        _report(subject, use, "expression", f"`{use.variable}` can never be {' or '.join(map(repr, found.choices))}",
                f"one of {', '.join(wanted.choices)}", 0)
        return False
    return True


def _try(subject: Subject, use: _Use, expression: Expression, samples: list[dict[str, Any]]) -> int:
    """Compute the expression in sample worlds: what types do not tell shows here; the steps that it took."""
    variable = subject.scenario.variables.get(use.variable or "")
    results: list[Any] = []
    spent = 0
    for context in samples:
        computation = Computation(context)
        try:
            if variable is None:
                expression.truth(context, computation)
            else:
                results.append(variable.coerce(expression.run(computation)))
        except ExpressionError as error:
            world = ", ".join(f"{'.'.join(path)} = {_get(context, path)!r}" for path in sorted(expression.paths))
            _report(subject, use, "expression", error.message + (f" where {world}" if world else ""), error.cure, 0)
            return spent + computation.spent
        spent += computation.spent
    if variable is not None and results and not expression.paths and (reason := variable.why_not(results[0])):
        _report(subject, use, "expression", f"`{use.variable}` cannot be that: {reason}",
                "choose a value that is inside", 0)
    return spent


def _get(context: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _report(subject: Subject, use: _Use, code: str, message: str, cure: str | None, at: int | None) -> None:
    where = f" at character {at + 1}" if at and len(use.text) > 12 else ""
    subject.error(code, use.path, message + where, value=use.text, cure=cure, offset=at)
