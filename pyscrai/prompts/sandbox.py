"""Jinja in a cage: a text reads what it is given, and all its work is counted against one budget.

Only the language of ``pyscrai.prompts.language`` is rendered. Constants are not folded, so that reading or compiling a
text evaluates nothing of it. Before a filter, an operator, a comparison or a loop does its work, the size of what it
takes and gives is spent; so no intermediate text can be larger than what is left.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, ValuesView
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, cast

from jinja2 import StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from pyscrai.prompts.language import ENTRIES, FILTERS, TESTS, text_problems
from pyscrai.value_text import value_text

BUDGET = 2_000_000
"""Characters, entries and steps that rendering one text may cost, every intermediate result counted."""

LARGEST_NUMBER = 2**256
"""No operator gives an integer beyond this."""

FINEST = 15
"""Digits that `round` may keep."""

Filter = Callable[..., Any]


@dataclass
class Meter:
    """What rendering may still cost; ``within`` is a larger one from which it takes, too."""

    left: int = BUDGET
    within: Meter | None = None

    def spend(self, amount: int) -> None:
        """Take from the budget.

        Raises:
            SecurityError: nothing is left.
        """
        self.left -= amount
        if self.left < 0:
            raise SecurityError(f"it costs more than {BUDGET:,} characters and steps")
        if self.within is not None:
            self.within.left -= amount
            if self.within.left < 0:
                raise SecurityError("all texts of one step of the play cost more than they may")

    def spend_size(self, value: Any) -> None:
        """Spend what a value is worth: its characters, and those of all that it holds."""
        if type(value) is str:
            self.spend(len(value) + 1)
            return
        pending = [value]
        while pending:
            part = pending.pop()
            if isinstance(part, str | bytes):
                self.spend(len(part) + 1)
            elif isinstance(part, Mapping):
                self.spend(len(part) + 1)
                pending.extend(part)
                pending.extend(part.values())
            elif isinstance(part, list | tuple | set | frozenset):
                self.spend(len(part) + 1)
                pending.extend(part)
            elif isinstance(part, LoopContext | TemplateReference) or (
                    callable(part) and not isinstance(part, Undefined)):
                raise SecurityError("a method or a part of the template is no value; a method that reads entries is "
                                    "called, as in .items()")
            else:
                self.spend(part.bit_length() // 3 + 1 if isinstance(part, int) else 8)


class MeteredContext(Context):
    """What a text reads while it is rendered, with its budget."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.meter = Meter()


@pass_context
def _measured(context: MeteredContext, value: Any) -> Any:
    context.meter.spend_size(value)
    return value


@pass_context
def _shown(context: MeteredContext, value: Any) -> Any:
    """The text of an expression's value, its size spent beforehand."""
    if type(value) is str:
        context.meter.spend(len(value) + 1)
        return value
    value = _plain(value)
    context.meter.spend_size(value)
    return value_text(value) if isinstance(value, bool | float | list | tuple | dict) else value


def _plain(value: Any) -> Any:
    """The entries of a mapping as a list, so that no text shows how a program writes them."""
    return list(value) if isinstance(value, KeysView | ValuesView | ItemsView) else value


@pass_context
def _built(context: MeteredContext, value: Any) -> Any:
    """A list or mapping written in a text holds texts and numbers, so that nothing doubles by standing in itself."""
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    if any(isinstance(part, list | tuple | Mapping | set | GeneratorType) for part in parts):
        raise SecurityError("a list within a list cannot stand in a text")
    context.meter.spend_size(value)
    return value


@pass_context
def _repeated(context: MeteredContext, value: Any, weight: int) -> Any:
    """The items of a loop, its whole work spent beforehand."""
    found = value if isinstance(value, list | tuple | str | Mapping | Undefined) else list(value)
    if not isinstance(found, Undefined):
        context.meter.spend((len(found) + 1) * weight)
    return found


@pass_context
def _concatenated(context: MeteredContext, parts: Iterable[Any]) -> str:
    texts = []
    for part in map(_plain, parts):
        context.meter.spend_size(part)
        texts.append(str(part))
    return "".join(texts)


def _metered(name: str, function: Filter) -> Filter:
    """A filter that spends what it is given and what it gives."""
    wants = getattr(getattr(function, "jinja_pass_arg", None), "name", "")

    @pass_context
    def filtered(context: MeteredContext, value: Any, *arguments: Any, **options: Any) -> Any:
        meter = context.meter
        value = _plain(value)
        for given in (value, *arguments, *options.values()):
            meter.spend_size(given)
        value = list(value) if isinstance(value, GeneratorType) else value
        if (before := _BEFORE.get(name)) is not None:
            before(meter, value, *arguments, **options)
        first = {"context": (context,), "eval_context": (context.eval_ctx,), "environment": (context.environment,)}
        result = function(*first.get(wants, ()), value, *arguments, **options)
        if not isinstance(result, str | int | float | list | tuple | Mapping | Undefined | None):
            result = list(result)
        meter.spend_size(result)
        return result

    return filtered


def _before_replace(meter: Meter, value: Any, old: Any, new: Any, count: int | None = None) -> None:
    text = str(value)
    found = text.count(str(old))
    meter.spend(len(text) + (found if count is None or count < 0 else min(found, count)) * len(str(new)))


def _before_join(meter: Meter, value: Any, d: Any = "", attribute: Any = None) -> None:
    meter.spend(len(value) * (len(str(d)) + 1) if hasattr(value, "__len__") else 1)


def _before_round(meter: Meter, value: Any, precision: Any = 0, method: str = "common") -> None:
    if not isinstance(precision, int) or abs(precision) > FINEST or (isinstance(value, int) and abs(value) > 1e300):
        raise SecurityError(f"round keeps at most {FINEST} digits")


def _before_sum(meter: Meter, value: Any, attribute: Any = None, start: Any = 0) -> None:
    if attribute is not None or not all(isinstance(part, int | float) for part in (start, *value)):
        raise SecurityError("sum adds numbers")


_BEFORE: Mapping[str, Callable[..., None]] = {
    "replace": _before_replace, "join": _before_join, "round": _before_round, "sum": _before_sum}
"""What a filter costs beyond what it is given, or cannot be asked."""


class _Meters(NodeTransformer):
    """Puts meters around the parts of a text that do work without a filter or an operator of the sandbox."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _through("concatenated", nodes.Tuple(node.nodes, "load", lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _through("measured", node.expr)
        for operand in node.ops:
            operand.expr = _through("measured", operand.expr)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        self.generic_visit(node)
        if node.args:
            node.node = _through("measured", node.node)
            node.args = [_through("measured", argument) for argument in node.args]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        weight = 1 + sum(len(part.data) if isinstance(part, nodes.TemplateData) else 1
                         for part in node.find_all(nodes.Node))
        self.generic_visit(node)
        node.iter = _through("repeated", cast(nodes.Expr, node.iter), weight)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return _through("measured", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return _through("built", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _through("built", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return node if node.ctx == "store" else _through("built", node)


def _through(name: str, node: nodes.Expr, *arguments: int) -> nodes.Filter:
    return nodes.Filter(node, name, [nodes.Const(value, lineno=node.lineno) for value in arguments], [], None, None,
                        lineno=node.lineno)


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment in which texts are rendered, shipped ones and those of templates alike."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    context_class = MeteredContext

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, optimized=False, finalize=_shown, autoescape=False, **options)
        self.globals.clear()
        own = {"measured": _measured, "built": _built, "repeated": _repeated, "concatenated": _concatenated}
        self.filters = {**{name: _metered(name, self.filters[name]) for name in sorted(FILTERS)}, **own}
        self.tests = {name: self.tests[name] for name in sorted(TESTS)}

    def allowed(self, text: str) -> Template:
        """A text, compiled.

        Raises:
            TemplateSyntaxError: it is broken.
            SecurityError: it holds something that is not allowed.
        """
        tree = self.parse(text)
        if problems := text_problems(tree):
            raise SecurityError("; ".join(problem.message for problem in problems[:3]))
        return self.from_string(_Meters().visit(tree))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a text may read this: data, or a method that reads entries.

        None of these changes anything, so the base class does not look for methods that do.
        """
        return (not callable(value) or attr in ENTRIES) and SandboxedEnvironment.is_safe_attribute(
            self, obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """``str.format`` is a method that does more than read: not allowed, so not wrapped."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute what stays small."""
        meter: Meter = context.meter
        meter.spend_size(left)
        meter.spend_size(right)
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers and operator != "+":
            raise SecurityError(f"{operator} works on numbers")
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int) and abs(result) > LARGEST_NUMBER:
            raise SecurityError("this number is too large")
        meter.spend_size(result)
        return result
