"""Conditions and expressions: CEL compiled once and evaluated on what it reads. The only module that knows the library.

A context maps the names of ``pyscrai.templates.cel.scope`` to plain data. Only the parts that an expression
reads are handed to the library, whose cost grows with what it is given.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import lru_cache
from types import ModuleType
from typing import Any

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.parser import parse
from pyscrai.templates.cel.tree import Call, Has, Index, Literal, Macro, Name, Node, Select, children, parts

# The library's package imports its own command line, which costs a quarter of a second and is never used here.
sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
import cel  # noqa: E402

Path = tuple[str, ...]

COUNTED = {"events": 2, "tally": 4}
"""What is counted, and how deep its numbers stand: a count that has not begun is 0."""


def _round(number: float) -> int:
    return math.floor(number + 0.5)


def _clamp(number: Any, low: Any, high: Any) -> Any:
    return max(low, min(high, number))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "clamp": _clamp, "round": _round, "lowerAscii": str.lower}
"""Functions beside CEL's own."""


class Expression:
    """A compiled expression; ``text`` is what the author wrote."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = parse(text)
        found = frozenset(_read(self.tree, frozenset()))
        self.paths = frozenset(path for path, _ in found)
        self.functions = {part.function: FUNCTIONS[part.function] for part in parts(self.tree)
                          if isinstance(part, Call) and part.function in FUNCTIONS}
        self._whole, self._fields, self._deep = _layout(self.paths, tested=self.paths - {path for path,
                                                                                         read in found if read})
        try:
            self._program = cel.compile(text)
        except ValueError as error:
            raise ExpressionError(f"{text!r} is no expression: {str(error).splitlines()[0]}") from error

    def value(self, context: Mapping[str, Any]) -> Any:
        """What the expression gives.

        Raises:
            ExpressionError: it cannot be computed: a missing name, operands that do not fit, a division by zero.
        """
        given = self._given(context)
        try:
            return self._program.execute(cel.Context(given, self.functions) if self.functions else given)
        except KeyError as error:
            raise ExpressionError(f"`{self.text}` reads {error}, which is not there") from error
        except ZeroDivisionError as error:
            raise ExpressionError(f"`{self.text}` divides by zero") from error
        except (TypeError, RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            reason = " ".join(str(error).split(". CEL does not")[0].split())[:300]
            raise ExpressionError(f"`{self.text}` cannot be computed: {reason}") from error

    def truth(self, context: Mapping[str, Any]) -> bool:
        """Whether the condition holds; one that needs a measure or argument that is not there yet does not.

        Raises:
            ExpressionError: it cannot be computed or is neither true nor false.
        """
        try:
            result = self.value(context)
        except ExpressionError as error:
            if isinstance(error.__cause__, KeyError) and self._waits(context):
                return False
            raise
        if result is True or result is False:
            return result
        raise ExpressionError(f"`{self.text}` gives {result!r}, which is neither true nor false",
                              cure="compare it with something")

    def _given(self, context: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {root: context[root] for root in self._whole if root in context}
        for root, fields in self._fields:
            if (source := context.get(root)) is not None:
                given[root] = {field: source[field] for field in fields if source.get(field) is not None}
        for path, default in self._deep:
            _put(given, path, _look_up(context, path, default))
        return given

    def _waits(self, context: Mapping[str, Any]) -> bool:
        return any(path[0] in ("measures", "args") and _look_up(context, path, None) is None for path in self.paths)


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Compile an expression; the same text is compiled once.

    Raises:
        ExpressionError: it is no expression; the error says where.
    """
    return Expression(text)


def truth(text: str, context: Mapping[str, Any]) -> bool:
    """Whether a condition holds in a context.

    Raises:
        ExpressionError: it cannot be computed or is neither true nor false.
    """
    return compile_expression(text).truth(context)


def value(text: str, context: Mapping[str, Any]) -> Any:
    """What an expression gives in a context.

    Raises:
        ExpressionError: it cannot be computed.
    """
    return compile_expression(text).value(context)


# -- what an expression reads -----------------------------------------------------------------------------------------


def dotted(node: Node) -> tuple[Name, Path] | None:
    """The name and the fields after it, for ``a.b.c`` and ``a['b'].c``; None for anything else."""
    fields: list[str] = []
    while True:
        if isinstance(node, Name):
            return node, (node.name, *reversed(fields))
        if isinstance(node, Select):
            fields.append(node.field)
            node = node.base
        elif isinstance(node, Index) and isinstance(node.key, Literal) and isinstance(node.key.value, str):
            fields.append(node.key.value)
            node = node.base
        else:
            return None


def _read(node: Node, bound: frozenset[str]) -> Iterable[tuple[Path, bool]]:
    """What is read, each path with whether its value is wanted; ``has()`` only asks whether it is there."""
    wanted = not isinstance(node, Has)
    if isinstance(node, Has):
        node = node.select
    if isinstance(node, Macro):
        yield from _read(node.over, bound)
        for body in node.bodies:
            yield from _read(body, bound | {node.variable})
        return
    found = dotted(node)
    if found is not None:
        name, path = found
        if name.name not in bound:
            yield path, wanted
        return
    for child in children(node):
        yield from _read(child, bound)


def _layout(paths: frozenset[Path], tested: frozenset[Path]
            ) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[Path, Any], ...]]:
    """Sort paths by how they are handed over: whole roots, single fields, and deep ones with their defaults.

    Args:
        tested: paths of which it is only asked whether they are there; they have no default.
    """
    whole = {path[0] for path in paths if len(path) == 1 and path[0] not in COUNTED}
    rest = {path for path in paths if path[0] not in whole}
    deep_roots = {path[0] for path in rest if path[0] in COUNTED or len(path) > 2}
    fields: dict[str, list[str]] = {}
    deep: list[tuple[Path, Any]] = []
    for path in sorted(rest):
        if path[0] not in deep_roots:
            fields.setdefault(path[0], []).append(path[1])
        elif path[0] in COUNTED:
            depth = COUNTED[path[0]]
            begun: Any = 0 if len(path) == depth else {}
            deep.append((path, None if len(path) > depth or path in tested else begun))
        elif not any(path[:length] in rest for length in range(2, len(path))):
            deep.append((path, None))
    return (tuple(sorted(whole)), tuple((root, tuple(names)) for root, names in fields.items()), tuple(deep))


def _look_up(context: Mapping[str, Any], path: Path, default: Any) -> Any:
    found: Any = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return default
    return found


def _put(given: dict[str, Any], path: Path, found: Any) -> None:
    place = given
    for name in path[:-1]:
        place = place.setdefault(name, {})
    if isinstance(found, Mapping):
        found = deepcopy(found)  # a deeper path may put a count that has not begun into it
    if found is not None:
        place[path[-1]] = found
