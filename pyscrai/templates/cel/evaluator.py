"""Expressions computed: a syntax tree becomes closures, and what they do is counted while they run.

CEL's semantics are those of the library that computed expressions before (``common-expression-language``), which a
test compares; docs/adr/0015 says why it is no longer used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.templates.cel.arithmetic import OPERATORS, whole
from pyscrai.templates.cel.computation import FAULTS, Computation, truth_of, words_of
from pyscrai.templates.cel.functions import FUNCTIONS
from pyscrai.templates.cel.macros import MACROS, Step, each
from pyscrai.templates.cel.tree import (
    Binary,
    Call,
    Choice,
    Entries,
    Has,
    Items,
    Literal,
    Macro,
    Name,
    Node,
    Select,
    Subscript,
    Unary,
    dotted,
    parts,
)

COUNTED = {"events": 2, "tally": 4}
"""What is counted, and how deep its numbers stand: a count that has not begun is 0."""

def program(node: Node, bound: frozenset[str] = frozenset()) -> Step:
    """The closure that computes a node.

    Args:
        bound: the variables of the macros around it.
    """
    match node:
        case Literal(value=value):
            return lambda run: value
        case Name() | Select() | Subscript():
            return _reading(node, bound)
        case Has(select=select):
            return _has(select, bound)
        case Call():
            return _call(node, bound)
        case Macro():
            return _macro(node, bound)
        case Unary():
            return _unary(node, bound)
        case Binary():
            return _binary(node, bound)
        case Choice():
            return _choice(node, bound)
        case Items(items=items):
            steps = [program(item, bound) for item in items]
            return lambda run: [step(run) for step in steps]
        case Entries(entries=entries):
            pairs = [(program(key, bound), program(value, bound)) for key, value in entries]
            return lambda run: {_key(key(run)): value(run) for key, value in pairs}
    raise AssertionError(node)


# -- what is read -----------------------------------------------------------------------------------------------------


def _reading(node: Name | Select | Subscript, bound: frozenset[str]) -> Step:
    found = dotted(node)
    if found is not None and found[0].name not in bound:
        return _path(found[1])
    if isinstance(node, Name):
        name = node.name
        return lambda run: run.local[name]
    base = program(node.base, bound)
    if isinstance(node, Select):
        field = node.field
        return lambda run: _field(base(run), field)
    key, default = program(node.key, bound), None
    inner = dotted(node.base)
    if inner is not None and inner[0].name not in bound and len(inner[1]) + 1 == COUNTED.get(inner[1][0]):
        default = 0

    def read(run: Computation) -> Any:
        return _item(base(run), key(run), default)

    return read


def _path(path: tuple[str, ...]) -> Step:
    root, fields = path[0], path[1:]
    depth = COUNTED.get(root)
    if depth is not None:
        missing: Any = 0 if len(path) == depth else {} if len(path) < depth else None
        return lambda run: _counted(run.context.get(root), fields, missing)
    if len(fields) == 1:
        field = fields[0]

        def read(run: Computation) -> Any:
            try:
                found = run.context[root][field]
            except TypeError:
                raise KeyError(field) from None
            if found is None:
                raise KeyError(field)
            return found

        return read

    def read_deep(run: Computation) -> Any:
        found = run.context[root]
        for field in fields:
            found = _field(found, field)
        return found

    return read_deep


def _counted(found: Any, fields: tuple[str, ...], missing: Any) -> Any:
    for field in fields:
        found = found.get(field) if isinstance(found, Mapping) else None
        if found is None:
            if missing is None:
                raise KeyError(field)
            return missing
    return {} if found is None else found


def _field(base: Any, field: str) -> Any:
    if not isinstance(base, Mapping) or (found := base.get(field)) is None:
        raise KeyError(field)
    return found


def _item(base: Any, key: Any, default: Any) -> Any:
    if isinstance(base, list | tuple):
        if type(key) is not int:
            raise TypeError(f"the place in a list is an integer, not {words_of(key)}")
        if not 0 <= key < len(base):
            raise IndexError(f"the list has no item {key}, it has {len(base)}")
        return base[key]
    if isinstance(base, Mapping):
        found = base.get(_key(key), default)
        if found is None:
            raise KeyError(key)
        return found
    raise TypeError(f"{words_of(base)} has no parts")


def _key(key: Any) -> Any:
    if not isinstance(key, str | int):
        raise TypeError(f"{words_of(key)} cannot be a key")
    return key


def _has(select: Select, bound: frozenset[str]) -> Step:
    found = dotted(select)
    if found is not None and found[0].name not in bound:
        path = found[1]

        def there(run: Computation) -> bool:
            value: Any = run.context
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
                if value is None:
                    return False
            return True

        return there
    base, field = program(select.base, bound), select.field

    def has(run: Computation) -> bool:
        value = base(run)
        return isinstance(value, Mapping) and value.get(field) is not None

    return has


# -- operators --------------------------------------------------------------------------------------------------------


def _unary(node: Unary, bound: frozenset[str]) -> Step:
    operand = program(node.operand, bound)
    if node.operator == "!":
        return lambda run: not truth_of(operand(run), "what ! turns round")

    def negative(run: Computation) -> Any:
        value = operand(run)
        if type(value) not in (int, float):
            raise TypeError(f"{words_of(value)} has no negative")
        return whole(-value)

    return negative


def _choice(node: Choice, bound: frozenset[str]) -> Step:
    condition, then, otherwise = (program(part, bound) for part in (node.condition, node.then, node.otherwise))

    def choose(run: Computation) -> Any:
        return then(run) if truth_of(condition(run), "what stands before ?") else otherwise(run)

    return choose


def _binary(node: Binary, bound: frozenset[str]) -> Step:
    left, right = program(node.left, bound), program(node.right, bound)
    if node.operator in ("&&", "||"):
        return _logic(left, right, decisive=node.operator == "||")
    compute = OPERATORS[node.operator]
    return lambda run: compute(run, left(run), right(run))


def _logic(left: Step, right: Step, *, decisive: bool) -> Step:
    """``||`` and ``&&``: a side that decides by itself makes up for one that cannot be computed."""
    mark = "||" if decisive else "&&"

    def decide(run: Computation) -> bool:
        try:
            first = truth_of(left(run), f"a side of {mark}")
        except FAULTS:
            if bool(right(run) is decisive):
                return decisive
            raise
        return decisive if first is decisive else truth_of(right(run), f"a side of {mark}")

    return decide


# -- functions and macros ---------------------------------------------------------------------------------------------


def _call(node: Call, bound: frozenset[str]) -> Step:
    function = FUNCTIONS.get(node.function)
    if function is None:
        def unknown(run: Computation) -> Any:
            raise TypeError(f"there is no function `{node.function}`")

        return unknown
    given = ([] if node.target is None else [node.target]) + list(node.arguments)
    steps = [program(part, bound) for part in given]
    compute, from_context, counted = function.compute, function.reads, function.counted

    def call(run: Computation) -> Any:
        values = [step(run) for step in steps]
        for value in values:
            run.spend_on(value)
        run.spend(1)
        result = (compute(run.context, *values) if from_context else compute(run, *values) if counted
                  else compute(*values))
        run.spend_on(result)
        return whole(result)

    return call


def _macro(node: Macro, bound: frozenset[str]) -> Step:
    over, variable = program(node.over, bound), node.variable
    bodies = [program(body, bound | {variable}) for body in node.bodies]
    weight = 1 + sum(1 for body in node.bodies for _ in parts(body))
    kind = MACROS[node.kind]

    def go(run: Computation) -> Any:
        items = over(run)
        if isinstance(items, Mapping):
            items = list(items)
        if not isinstance(items, list | tuple):
            raise TypeError(f"{node.kind}() goes over a list, not {words_of(items)}")
        outer = run.local.get(variable)
        try:
            return kind(run, each(run, variable, items, weight), bodies)
        finally:
            run.local[variable] = outer

    return go
