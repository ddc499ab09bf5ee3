"""What operators do with types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyscrai.did_you_mean import instead
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, STRING, Type
from pyscrai.templates.cel.tree import Binary, Choice, Items, Literal, Node, Unary, start

if TYPE_CHECKING:
    from pyscrai.templates.cel.types import Inference


def demand(inference: Inference, node: Node, found: Type, wanted: Type, what: str) -> None:
    """Report a part that is not of the wanted type."""
    if "any" in (found.kind, wanted.kind) or found.kind == wanted.kind:
        return
    inference.report(start(node), f"{what} is {found.words}, not {wanted.words}", _conversion(node, found, wanted))


def unary(inference: Inference, node: Unary) -> Type:
    """The type of ``!x`` and ``-x``."""
    found = inference.type_of(node.operand)
    if node.operator == "!":
        demand(inference, node.operand, found, BOOL, "what ! turns round")
        return BOOL
    if not found.numeric and found.kind != "any":
        return inference.report(node.at, f"{found.words} has no negative")
    return found


def binary(inference: Inference, node: Binary) -> Type:
    """The type of ``left operator right``."""
    left, right, operator = inference.type_of(node.left), inference.type_of(node.right), node.operator
    if operator in ("&&", "||"):
        for side, found in ((node.left, left), (node.right, right)):
            demand(inference, side, found, BOOL, f"a side of {operator}")
        return BOOL
    if operator == "in":
        return _within(inference, node, left, right)
    if operator in ("==", "!="):
        _compare_equal(inference, node, left, right)
        return BOOL
    if "any" in (left.kind, right.kind):
        return BOOL if operator in ("<", "<=", ">", ">=") else ANY
    if operator in ("<", "<=", ">", ">="):
        alike = left.kind == right.kind and left.kind in ("string", "bool")
        if not alike and not (left.numeric and right.numeric):
            inference.report(node.at, f"{operator} cannot compare {left.words} with {right.words}",
                        _either(node, left, right))
        return BOOL
    return _arithmetic(inference, node, left, right)


def _arithmetic(inference: Inference, node: Binary, left: Type, right: Type) -> Type:
    operator = node.operator
    if left.kind == right.kind:
        if left.numeric and (operator != "%" or left.kind == "int"):
            if operator in ("/", "%") and isinstance(node.right, Literal) and node.right.value == 0:
                return inference.report(node.at, "this divides by zero")
            return left
        if operator == "+" and left.kind in ("string", "list"):
            return left if left.kind == "list" else STRING
    if {left.kind, right.kind} == {"int", "double"} and operator != "%":
        whole = node.left if left.kind == "int" else node.right
        return inference.report(node.at, f"{operator} needs two integers or two numbers, not one of each",
                           _conversion(whole, INT, DOUBLE))
    if operator == "+" and "string" in (left.kind, right.kind):
        other, kind = (node.left, left) if right.kind == "string" else (node.right, right)
        return inference.report(node.at, f"+ cannot join a text with {kind.words}", _conversion(other, kind, STRING))
    return inference.report(node.at, f"{operator} cannot be used on {left.words} and {right.words}")


def _compare_equal(inference: Inference, node: Binary, left: Type, right: Type) -> None:
    if "any" in (left.kind, right.kind) or (left.numeric and right.numeric):
        return
    if left.kind != right.kind:
        inference.report(node.at, f"{left.words} never equals {right.words}", _either(node, left, right))
        return
    for choices, other in ((left.choices, node.right), (right.choices, node.left)):
        _choose(inference, choices, other)


def _choose(inference: Inference, choices: tuple[str, ...] | None, node: Node) -> None:
    if choices and isinstance(node, Literal) and isinstance(node.value, str) and node.value not in choices:
        inference.report(node.at, f"it is never {node.value!r}", instead(node.value, [c for c in choices if c]))


def _within(inference: Inference, node: Binary, left: Type, right: Type) -> Type:
    if right.kind == "string":
        inference.report(node.at, "`in` looks into a list, not into a text", "write text.contains('word')")
    elif right.kind == "list" and isinstance(node.right, Items):
        for item in node.right.items:
            _compare_equal(inference, Binary(item.at, "==", node.left, item), left, inference.type_of(item))
    elif right.kind in ("map", "struct"):
        demand(inference, node.left, left, STRING, "the name that `in` looks for")
        _choose(inference, right.choices or tuple(right.fields) or None, node.left)
    elif right.kind not in ("list", "any"):
        inference.report(node.at, f"`in` looks into a list, not {right.words}")
    return BOOL


def choice(inference: Inference, node: Choice) -> Type:
    """The type of ``condition ? then : otherwise``."""
    demand(inference, node.condition, inference.type_of(node.condition), BOOL, "what stands before ?")
    then, otherwise = inference.type_of(node.then), inference.type_of(node.otherwise)
    if {then.kind, otherwise.kind} == {"int", "double"}:
        whole = node.then if then.kind == "int" else node.otherwise
        return inference.report(node.at, "one choice of ? is an integer, the other a number",
                           _conversion(whole, INT, DOUBLE))
    if "any" not in (then.kind, otherwise.kind) and then.kind != otherwise.kind:
        return inference.report(node.at, f"one choice of ? is {then.words}, the other {otherwise.words}")
    if then.kind == "string":
        both = then.choices and otherwise.choices
        return Type("string", choices=(*then.choices, *otherwise.choices)) if both else STRING  # type: ignore[misc]
    return otherwise if then.kind == "any" else then


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
