"""Conditions and expressions: syntax, names and types, and a trial on sample worlds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.computation import Computation
from pyscrai.templates.cel.expression import Expression, compile_expression
from pyscrai.templates.cel.scope import Type, domain_type, own_scope, scope_of, variable_type
from pyscrai.templates.cel.tree import Literal
from pyscrai.templates.cel.types import Types
from pyscrai.templates.checks.report import Subject
from pyscrai.templates.checks.sample_worlds import own_contexts, sample_contexts
from pyscrai.templates.checks.uses import Use, uses
from pyscrai.templates.models.action import ActionSpec
from pyscrai.templates.models.variable import Variable

TRIAL = 2_000_000
"""Steps that trying out all expressions of a scenario may take."""

_KINDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "number": (("int", "double"), "a number"), "choices": (("list",), "a list of values"),
    "roles": (("list",), "a list of roles"), "measure": (("int", "double", "string", "bool"), "one value")}
"""What an expression must be for a purpose."""


_NUMBER = "write a number, or an expression such as `params.rounds`"


def check_expressions(subject: Subject) -> None:
    """Every condition, every ``set``, every computed bound, choice, speaker and measure."""
    scenario = subject.scenario
    base = scope_of(scenario)
    worlds = sample_contexts(subject, base)
    own: dict[tuple[str | None, tuple[str, ...]], Mapping[str, Type]] = {(None, ()): {}}
    samples: dict[tuple[str | None, tuple[str, ...], tuple[str, ...]], list[dict[str, Any]]] = {(None, (), ()): worlds}
    trial = 0
    for use in uses(subject):
        where = use.action, use.of
        action = scenario.actions[use.action] if use.action else None
        if where not in own:
            own[where] = _own_scope(subject, base, action, use.of)
        expression = _read(subject, use)
        if expression is None or not _typed(subject, use, expression, {**base, **own[where]}):
            continue
        tried = *where, use.movers
        if tried not in samples:
            samples[tried] = own_contexts(worlds, own[where], action=action, movers=use.movers)
        trial += _try(subject, use, expression, _guarded(subject, use, expression, samples[tried]))
        if trial > TRIAL:
            subject.error("too_costly", use.path, "the conditions of this template are too costly to be tried out",
                          value=use.text, cure="go over shorter lists")
            return


def _own_scope(subject: Subject, base: Mapping[str, Type], action: ActionSpec | None, of: tuple[str, ...]
               ) -> dict[str, Type]:
    """The names that an expression reads beyond others: a ``role`` of those it is of, arguments with their choices."""
    scope = own_scope(subject.scenario, action=action, of_role=bool(of))
    if of and (roles := subject.members(of)):
        scope["role"] = replace(scope["role"], choices=roles)
    for name, argument in (action.fields if action else {}).items():
        if "enum" in argument.computed:
            with suppress(ExpressionError):
                given = Types({**base, **scope}).of(compile_expression(argument.computed["enum"]).tree)
                if given.item is not None and given.item.choices:
                    arguments = scope["args"]
                    scope["args"] = replace(arguments, fields={**arguments.fields, name: replace(
                        arguments.fields[name], choices=given.item.choices)})
    return scope


def _read(subject: Subject, use: Use) -> Expression | None:
    try:
        return compile_expression(use.text)
    except ExpressionError as error:
        _report(subject, use, error.message, error.cure, error.position)
        return None


def _typed(subject: Subject, use: Use, expression: Expression, scope: Mapping[str, Type]) -> bool:
    types = Types(scope)
    found = types.of(expression.tree)
    for problem in types.problems:
        number = use.purpose == "number" and use.text.isidentifier()
        _report(subject, use, problem.message, _NUMBER if number else problem.cure, problem.at)
    if types.problems:
        return False
    if expression.draws and use.purpose not in ("value", "key"):
        _report(subject, use, "chance decides in `set`, `setup`, `on_enter` and `on_leave` alone",
                "draw it into a variable there, and read the variable here", 0)
        return False
    if use.purpose == "condition":
        if found.kind not in ("bool", "any"):
            _report(subject, use, f"a condition is true or false; this is {found.words}", "compare it with something",
                    0)
            return False
        if isinstance(expression.tree, Literal) and expression.tree.value is False:
            subject.warn("never", use.path, "this never holds", value=use.text)
        return True
    for name, at in types.unguarded.items():
        _report(subject, use, f"`{name}` may not be there yet", f"write has({name}) ? ... : ...", at)
    if types.unguarded:
        return False
    if use.purpose in _KINDS:
        return _fits_purpose(subject, use, found)
    variable = subject.scenario.variables.get(use.variable or "")
    if variable is None:
        return False
    return _fits_key(subject, use, found, variable) if use.purpose == "key" else _fits(subject, use, found, variable)


def _fits_purpose(subject: Subject, use: Use, found: Type) -> bool:
    kinds, words = _KINDS[use.purpose]
    if found.kind not in (*kinds, "any"):
        _report(subject, use, f"this gives {found.words}; {words} is wanted", None, 0)
        return False
    item = found.item
    if use.purpose == "roles" and item is not None and item.kind not in ("string", "any"):
        _report(subject, use, f"this gives a list of {item.plural}; a list of roles is wanted", None, 0)
        return False
    return True


def _fits_key(subject: Subject, use: Use, found: Type, variable: Variable) -> bool:
    whole = variable_type(variable, subject.scenario)
    if whole.kind not in ("list", "map"):
        _report(subject, use, f"`{use.variable}` is {whole.words} and has no entries",
                "write its name alone, or make it `per_role: true`, a list or a map", 0)
        return False
    wanted, words = ("int", "its place, an integer") if whole.kind == "list" else ("string", "its name, a text")
    if found.kind not in (wanted, "any"):
        _report(subject, use, f"an entry of `{use.variable}` is set by {words}, not by {found.words}", None, 0)
        return False
    if whole.choices and found.choices and not set(found.choices) & set(whole.choices):
        _report(subject, use, f"`{use.variable}` has no entry {' or '.join(map(repr, found.choices))}",
                f"one of {', '.join(whole.choices)}", 0)
        return False
    return True


def _fits(subject: Subject, use: Use, found: Type, variable: Variable) -> bool:
    whole = variable_type(variable, subject.scenario)
    wanted = (whole.item or whole) if use.entry else whole
    name = f"an entry of `{use.variable}`" if use.entry else f"`{use.variable}`"
    if not _assignable(found, wanted):
        cure = "write round(...) around it" if (found.kind, wanted.kind) == ("double", "int") else None
        if variable.per_role and not use.entry and (_assignable(found, domain_type(variable)) or found.kind == "list"):
            cure = f"set one role's: `{use.variable}[mover]`, or each role's: `{use.variable}[*]`, which reads `role`"
        _report(subject, use, f"{name} is {_words(wanted)}; this is {_words(found)}", cure, 0)
        return False
    if wanted.choices and found.choices and not set(found.choices) & set(wanted.choices):
        _report(subject, use, f"{name} can never be {' or '.join(map(repr, found.choices))}",
                f"one of {', '.join(wanted.choices)}", 0)
        return False
    return True


def _assignable(found: Type, wanted: Type) -> bool:
    if "any" in (found.kind, wanted.kind) or (found.kind, wanted.kind) == ("int", "double"):
        return True
    if found.kind == "struct" and wanted.kind == "map":
        return all(_assignable(field, wanted.item) for field in found.fields.values()) if wanted.item else True
    if found.kind != wanted.kind:
        return False
    return found.item is None or wanted.item is None or _assignable(found.item, wanted.item)


def _words(kind: Type) -> str:
    if kind.item is None or kind.item.kind == "any":
        return kind.words
    return f"{kind.words} of {kind.item.plural}"


def _guarded(subject: Subject, use: Use, expression: Expression, samples: list[dict[str, Any]]
             ) -> list[dict[str, Any]]:
    """The sample worlds in which the ``set`` of a rule or an inject is applied: those in which its ``when`` holds.

    A ``when`` that looks at nothing that the expression reads does not see to it, and rules out no world.
    """
    part, *rest = use.path
    if part not in ("rules", "injects") or "set" not in rest or not isinstance(rest[0], int):
        return samples
    guard = (subject.scenario.rules if part == "rules" else subject.scenario.injects)[rest[0]].when
    if guard is None:
        return samples
    with suppress(ExpressionError):
        condition = compile_expression(guard)
        if condition.paths & expression.paths:
            return [context for context in samples if _holds(condition, context)]
    return samples


def _holds(condition: Expression, context: Mapping[str, Any]) -> bool:
    try:
        return condition.truth(context, Computation(context))
    except ExpressionError:
        return False


_CURE = "it is tried on values that a run can have; choose for this one: `condition ? ... : ...`"


def _try(subject: Subject, use: Use, expression: Expression, samples: list[dict[str, Any]]) -> int:
    """Compute the expression in sample worlds: what types do not tell shows here; the steps that it took."""
    variable = subject.scenario.variables.get(use.variable or "") if use.purpose == "value" else None
    results: list[Any] = []
    spent = 0
    for context in samples:
        computation = Computation(context)
        try:
            if use.purpose == "condition":
                expression.truth(context, computation)
            else:
                results.append(expression.run(computation))
        except ExpressionError as error:
            world = ", ".join(f"{'.'.join(path)} = {_get(context, path)!r}" for path in sorted(expression.paths))
            _report(subject, use, error.message + (f" where {world}" if world else ""),
                    error.cure or (_CURE if world else None), 0)
            return spent + computation.spent
        spent += computation.spent
    if variable is not None and results and not expression.paths and not use.entry and not expression.draws and (
            reason := variable.why_not(variable.coerce(results[0]))):
        _report(subject, use, f"`{use.variable}` cannot be that: {reason}", "choose a value that is inside", 0)
    return spent


def _get(context: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _report(subject: Subject, use: Use, message: str, cure: str | None, at: int | None) -> None:
    where = f" at character {at + 1}" if at and len(use.text) > 12 else ""
    subject.error("expression", use.path, message + where, value=use.text, cure=cure,
                  offset=at if use.purpose != "key" else None)
