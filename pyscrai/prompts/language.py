"""The part of Jinja that a text may use: an allow-list of statements, expressions, filters and tests.

Nothing is evaluated here. What is not named is refused, whatever a later Jinja adds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes

from pyscrai.did_you_mean import instead

STATEMENTS: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign, nodes.With)
EXPRESSIONS: tuple[type[nodes.Node], ...] = (
    nodes.Const, nodes.Name, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Slice,
    nodes.Getattr, nodes.Getitem, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add,
    nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat, nodes.Compare, nodes.Operand,
    nodes.Filter, nodes.Test, nodes.Call)
_ALLOWED = frozenset(STATEMENTS + EXPRESSIONS)

FILTERS = frozenset({
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "join", "last", "length", "list", "lower",
    "max", "min", "reject", "replace", "reverse", "round", "select", "sort", "string", "sum", "title", "trim",
    "truncate", "unique", "upper", "wordcount"})
"""Filters whose result is bounded by what they are given."""

TESTS = frozenset({
    "boolean", "defined", "divisibleby", "eq", "even", "false", "float", "ge", "gt", "in", "integer", "iterable", "le",
    "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "string", "true", "undefined",
    "upper", "==", "!=", ">", ">=", "<", "<="})
"""What may follow ``is``."""

ENTRIES = ("items", "keys", "values")
"""Methods of a mapping that a text may call."""

MOST_NODES = 4_000
"""Parts that a text may have."""

DEEPEST = 30
"""How deep its parts may be nested."""

_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Pow: "a power", nodes.Macro: "a macro", nodes.CallBlock: "a call", nodes.FilterBlock: "a filter block",
    nodes.Import: "an import", nodes.FromImport: "an import", nodes.Include: "an include", nodes.Extends: "an extends",
    nodes.Block: "a block", nodes.AssignBlock: "a set block", nodes.Call: "a call"}


@dataclass(frozen=True, slots=True)
class TextProblem:
    """Something wrong in a text: a word to find its place by, the message, the cure, the line in the text."""

    word: str
    message: str
    cure: str | None = None
    line: int | None = None


FUNCTIONS = ("name",)
"""Functions that a text may be given: ``name(role)`` in the texts of rules and injects."""


def text_problems(tree: nodes.Template, *, calls: Collection[str] = FUNCTIONS) -> list[TextProblem]:
    """Problems of a text: everything in it that is not allowed; empty where it can be rendered.

    Args:
        calls: the functions that it is given.
    """
    found: list[TextProblem] = []
    for count, (node, depth, loops) in enumerate(walk(tree), 1):
        if count > MOST_NODES or depth > DEEPEST:
            much = f"more than {MOST_NODES} parts" if count > MOST_NODES else f"parts nested more than {DEEPEST} deep"
            return [*found, TextProblem("", f"the text has {much}", "write it more simply", node.lineno)]
        found += _of(node, loops, calls)
    return found


def within_bounds(tree: nodes.Template) -> bool:
    """Whether a text has so few parts, and so little nested, that its names can be looked for."""
    return all(count <= MOST_NODES and depth <= DEEPEST for count, (_, depth, _) in enumerate(walk(tree), 1))


def _of(node: nodes.Node, loops: int, calls: Collection[str]) -> Iterator[TextProblem]:
    if type(node) not in _ALLOWED or (isinstance(node, nodes.Call) and not (
            _reads_entries(node) or _calls(node, calls))):
        yield TextProblem("", f"{_WORDS.get(type(node), f'{type(node).__name__.lower()}')} cannot stand in a text",
                          "write the text out", node.lineno)
    elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield TextProblem(node.name, f"there is no filter `{node.name}`", instead(node.name, sorted(FILTERS)),
                          node.lineno)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        yield TextProblem(node.name, f"there is no test `{node.name}`", instead(node.name, sorted(TESTS)), node.lineno)
    elif isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        yield TextProblem(node.name, "* and ** cannot stand in a text", "write the values out", node.lineno)
    elif isinstance(node, nodes.Const) and isinstance(node.value, float) and not math.isfinite(node.value):
        yield TextProblem("", "this number is too large", "write a smaller one", node.lineno)
    elif isinstance(node, nodes.For) and loops:
        yield TextProblem("for", "a loop within a loop cannot stand in a text")
    elif isinstance(node, nodes.For) and node.recursive:
        yield TextProblem("recursive", "a loop cannot call itself", "remove `recursive`", node.lineno)


def walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int, int]]:
    """Every node, with how deep it stands and in how many loops."""
    pending = [(tree, 0, 0)]
    while pending:
        node, depth, loops = pending.pop()
        yield node, depth, loops
        inside = loops + isinstance(node, nodes.For)
        pending.extend((child, depth + 1, inside) for child in reversed(list(node.iter_child_nodes())))


def _calls(node: nodes.Call, calls: Collection[str]) -> bool:
    """Whether a call is one of a function that the text is given, with one value."""
    return isinstance(node.node, nodes.Name) and node.node.name in calls and len(node.args) == 1 and not (
        node.kwargs or node.dyn_args or node.dyn_kwargs)


def _reads_entries(node: nodes.Call) -> bool:
    """Whether a call only goes over the entries of a mapping: ``variables.items()``."""
    return isinstance(node.node, nodes.Getattr) and node.node.attr in ENTRIES and not (
        node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
