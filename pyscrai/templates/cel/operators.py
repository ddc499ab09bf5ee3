"""The types of operators: pure functions from a node and its operands' types to a type, or to what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyscrai.did_you_mean import instead
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, STRING, Type
from pyscrai.templates.cel.tree import Binary, Choice, Items, Literal, Node, Unary, start


@dataclass(frozen=True, slots=True)
class ExpressionProblem:
    """Something wrong in an expression, at a character counted from 0."""

    at: int
    message: str
    cure: str | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """The type of a node and what is wrong in it; where something is, the type is what it would be."""

    type: Type
    problems: tuple[ExpressionProblem, ...] = ()


def wrong(at: int, message: str, cure: str | None = None, *, type: Type = ANY) -> Typed:
    """A node with one problem; what cannot be typed is taken for anything, so that one mistake is told once."""
    return Typed(type, (ExpressionProblem(at, message, cure),))


def demand(node: Node, found: Type, wanted: Type, what: str) -> tuple[ExpressionProblem, ...]:
    """The problem of a part that is not of the wanted type."""
    if "any" in (found.kind, wanted.kind) or found.kind == wanted.kind:
        return ()
    message = f"{what} is {found.words}, not {wanted.words}"
    return (ExpressionProblem(start(node), message, _conversion(node, found, wanted)),)


def unary(node: Unary, operand: Type) -> Typed:
    """The type of ``!x`` and ``-x``."""
    if node.operator == "!":
        return Typed(BOOL, demand(node.operand, operand, BOOL, "what ! turns round"))
    if not operand.numeric and operand.kind != "any":
        return wrong(node.at, f"{operand.words} has no negative")
    return Typed(operand)


def binary(node: Binary, left: Type, right: Type, items: Sequence[Type] = ()) -> Typed:
    """The type of ``left operator right``.

    Args:
        items: the types of the items, where the right side is a list that is written out.
    """
    operator = node.operator
    if operator in ("&&", "||"):
        return Typed(BOOL, (*demand(node.left, left, BOOL, f"a side of {operator}"),
                            *demand(node.right, right, BOOL, f"a side of {operator}")))
    if operator == "in":
        return Typed(BOOL, _within(node, left, right, items))
    if operator in ("==", "!="):
        return Typed(BOOL, _equality(node, left, right))
    compares = operator in ("<", "<=", ">", ">=")
    if "any" in (left.kind, right.kind):
        return Typed(BOOL if compares else ANY)
    if compares:
        alike = left.kind == right.kind and left.kind in ("string", "bool")
        if alike or (left.numeric and right.numeric):
            return Typed(BOOL)
        return wrong(node.at, f"`{operator}` cannot compare {left.words} with {right.words}",
                     _either(node, left, right), type=BOOL)
    return _arithmetic(node, left, right)


def choice(node: Choice, condition: Type, then: Type, otherwise: Type) -> Typed:
    """The type of ``condition ? then : otherwise``."""
    problems = demand(node.condition, condition, BOOL, "what stands before ?")
    if {then.kind, otherwise.kind} == {"int", "double"}:
        whole = node.then if then.kind == "int" else node.otherwise
        problems += (ExpressionProblem(node.at, "one choice of ? is an integer, the other a number",
                                       _conversion(whole, INT, DOUBLE)),)
        return Typed(ANY, problems)
    if "any" not in (then.kind, otherwise.kind) and then.kind != otherwise.kind:
        problems += (ExpressionProblem(node.at,
                                       f"one choice of ? is {then.words}, the other {otherwise.words}"),)
        return Typed(ANY, problems)
    return Typed(common((then, otherwise)), problems)


def common(types: Sequence[Type]) -> Type:
    """The type that values of several types have together."""
    known = [kind for kind in types if kind.kind != "any"]
    if not known:
        return ANY
    if len({kind.kind for kind in known}) > 1:
        return ANY
    first = known[0]
    if first.kind == "string":
        if len(known) < len(types) or any(kind.choices is None for kind in known):
            return STRING
        return Type("string", choices=tuple(dict.fromkeys(text for kind in known for text in kind.choices or ())))
    if first.kind in ("list", "map"):
        inner = [kind.item for kind in known if kind.item is not None]
        choices = first.choices if all(kind.choices == first.choices for kind in known) else None
        return Type(first.kind, choices=choices, item=common(inner) if inner else None)
    return first


def _arithmetic(node: Binary, left: Type, right: Type) -> Typed:
    operator = node.operator
    if left.kind == right.kind:
        if left.numeric and (operator != "%" or left.kind == "int"):
            if operator in ("/", "%") and isinstance(node.right, Literal) and node.right.value == 0:
                return wrong(node.at, "this divides by zero")
            return Typed(Type(left.kind))
        if operator == "+" and left.kind == "string":
            return Typed(STRING)
        if operator == "+" and left.kind == "list":
            if left.item and right.item and "any" not in (left.item.kind, right.item.kind) and (
                    left.item.kind != right.item.kind):
                return wrong(node.at, f"this joins a list of {left.item.plural} with one of {right.item.plural}")
            return Typed(common((left, right)))
    if {left.kind, right.kind} == {"int", "double"} and operator != "%":
        whole = node.left if left.kind == "int" else node.right
        return wrong(node.at, f"`{operator}` needs two integers or two numbers, not one of each",
                     _conversion(whole, INT, DOUBLE))
    if operator == "+" and "list" in (left.kind, right.kind):
        return wrong(node.at, "`+` joins a list with a list", "put the item in [ ]")
    if operator == "+" and "string" in (left.kind, right.kind):
        other, kind = (node.left, left) if right.kind == "string" else (node.right, right)
        return wrong(node.at, f"`+` cannot join a text with {kind.words}", _conversion(other, kind, STRING))
    return wrong(node.at, f"`{operator}` cannot be used on {left.words} and {right.words}")


def _equality(node: Binary, left: Type, right: Type) -> tuple[ExpressionProblem, ...]:
    if "any" in (left.kind, right.kind) or (left.numeric and right.numeric):
        return ()
    if left.kind != right.kind:
        return (ExpressionProblem(node.at, f"{left.words} never equals {right.words}", _either(node, left, right)),)
    return (*_chosen(left.choices, node.right), *_chosen(right.choices, node.left)) if left.kind == "string" else ()


def _chosen(choices: Sequence[str] | None, node: Node) -> tuple[ExpressionProblem, ...]:
    if choices and isinstance(node, Literal) and isinstance(node.value, str) and node.value not in choices:
        cure = instead(node.value, [option for option in choices if option])
        return (ExpressionProblem(node.at, f"it is never {node.value!r}", cure),)
    return ()


def _within(node: Binary, left: Type, right: Type, items: Sequence[Type]) -> tuple[ExpressionProblem, ...]:
    if right.kind == "string":
        return (ExpressionProblem(node.at, "`in` looks into a list, not into a text", "write text.contains('word')"),)
    if right.kind == "list" and isinstance(node.right, Items):
        return tuple(problem for item, kind in zip(node.right.items, items, strict=True)
                     for problem in _equality(Binary(item.at, "==", node.left, item), left, kind))
    if right.kind == "list":
        item = right.item
        if item is not None and "any" not in (left.kind, item.kind) and left.kind != item.kind and not (
                left.numeric and item.numeric):
            return (ExpressionProblem(node.at, f"the list holds {item.words}, never {left.words}"),)
        return _chosen(item.choices, node.left) if item is not None and item.kind == "string" else ()
    if right.kind in ("map", "struct"):
        return (*demand(node.left, left, STRING, "the name that `in` looks for"),
                *_chosen(right.choices or tuple(right.fields), node.left))
    return () if right.kind == "any" else (
        ExpressionProblem(node.at, f"`in` looks into a list, not {right.words}"),)


def _conversion(node: Node, found: Type, wanted: Type) -> str | None:
    if found.kind == "int" and wanted.kind == "double":
        return f"write {node.value}.0" if isinstance(node, Literal) else "write double(...) around the integer"
    if found.kind == "double" and wanted.kind == "int":
        return "write round(...) or int(...) around the number"
    if wanted.kind == "string" and found.numeric:
        return "write string(...) around it"
    if wanted.kind == "bool" and (found.numeric or found.kind == "string"):
        return "compare it with something"
    return None


def _either(node: Binary, left: Type, right: Type) -> str | None:
    for side, found, other in ((node.left, left, right), (node.right, right, left)):
        if found.kind == "string" and isinstance(side, Literal) and isinstance(side.value, str):
            try:
                float(side.value)
            except ValueError:
                if other.kind == "bool" and side.value in ("true", "false"):
                    return f"write {side.value} without quotes"
            else:
                if other.numeric:
                    return f"write {side.value} without quotes"
    return None
