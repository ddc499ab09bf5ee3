"""Conditions and expressions: read and compiled once, computed on what they read.

A context maps the names of ``pyscrai.templates.cel.scope`` to plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.computation import FAULTS, Computation, WorkSpent, bounded
from pyscrai.templates.cel.evaluator import program
from pyscrai.templates.cel.functions import FUNCTIONS
from pyscrai.templates.cel.parser import parse
from pyscrai.templates.cel.tree import Call, Has, Macro, Node, children, dotted, parts

Path = tuple[str, ...]


class Expression:
    """A compiled expression; ``text`` is what the author wrote, ``paths`` are the names that it reads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = parse(text)
        self.paths = frozenset(_read(self.tree, frozenset()))
        self.draws = any(isinstance(part, Call) and part.function in FUNCTIONS and FUNCTIONS[part.function].draws
                         for part in parts(self.tree))
        self._program = program(self.tree)

    def value(self, context: Mapping[str, Any]) -> Any:
        """The value of the expression.

        Raises:
            ExpressionError: it cannot be computed: a missing name, operands that do not fit, a division by zero, or
                more work than one expression may do.
        """
        return self.run(Computation(context))

    def run(self, computation: Computation) -> Any:
        """The value of the expression; the computation knows afterwards what it took.

        Raises:
            ExpressionError: it cannot be computed.
        """
        try:
            computation.begin()
            return bounded(self._program(computation))
        except KeyError as error:
            raise ExpressionError(f"`{self.text}` reads {error}, which is not there") from error
        except ZeroDivisionError as error:
            raise ExpressionError(f"`{self.text}` divides by zero") from error
        except WorkSpent as error:
            raise ExpressionError(f"`{self.text}` cannot be computed: {error}",
                                  cure="go over shorter lists, or compute it in several steps") from error
        except (*FAULTS, RecursionError) as error:
            raise ExpressionError(f"`{self.text}` cannot be computed: {error}") from error
        finally:
            computation.end()

    def truth(self, context: Mapping[str, Any], computation: Computation | None = None) -> bool:
        """Whether the condition holds; one that needs a measure or argument that is not there yet does not.

        Raises:
            ExpressionError: it cannot be computed or is neither true nor false.
        """
        try:
            result = self.run(computation or Computation(context))
        except ExpressionError as error:
            if isinstance(error.__cause__, KeyError) and self._waits(context):
                return False
            raise
        if result is True or result is False:
            return result
        raise ExpressionError(f"`{self.text}` gives {str(result)[:100]!r}, which is neither true nor false",
                              cure="compare it with something")

    def _waits(self, context: Mapping[str, Any]) -> bool:
        return any(path[0] in ("measures", "args") and _look_up(context, path) is None for path in self.paths)


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
    """The value of an expression in a context.

    Raises:
        ExpressionError: it cannot be computed.
    """
    return compile_expression(text).value(context)


def _read(node: Node, bound: frozenset[str]) -> Iterable[Path]:
    """The dotted names that are read, but the variables of macros."""
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
            yield path
        return
    for child in children(node):
        yield from _read(child, bound)


def _look_up(context: Mapping[str, Any], path: Path) -> Any:
    found: Any = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
