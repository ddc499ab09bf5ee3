"""The parts of an expression, each with the place where it stands in its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Value = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; ``at`` is the place of its first character, from 0."""

    at: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """``3``, ``0.5``, ``'a'``, ``true``, ``null``."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name that the scope gives, or a macro's variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """``base.field``; ``at`` is the place of the field."""

    base: Node
    field: str


@dataclass(frozen=True, slots=True)
class Has(Node):
    """``has(base.field)``."""

    select: Select


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """``base[key]``."""

    base: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``function(arguments)`` or ``target.function(arguments)``."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """``over.kind(variable, body...)``."""

    kind: str
    over: Node
    variable: str
    bodies: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``!operand`` or ``-operand``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``left operator right``; ``at`` is the place of the operator."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """``condition ? then : otherwise``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Items(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries(Node):
    """``{key: value}``."""

    entries: tuple[tuple[Node, Node], ...]


def parts(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    yield node
    for child in children(node):
        yield from parts(child)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    match node:
        case Select(base=base):
            return (base,)
        case Has(select=select):
            return (select,)
        case Subscript(base=base, key=key):
            return (base, key)
        case Call(target=target, arguments=arguments):
            return arguments if target is None else (target, *arguments)
        case Macro(over=over, bodies=bodies):
            return (over, *bodies)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Items(items=items):
            return items
        case Entries(entries=entries):
            return tuple(part for entry in entries for part in entry)
    return ()


def start(node: Node) -> int:
    """The place where a part of an expression begins."""
    match node:
        case Select(base=base) | Subscript(base=base):
            return start(base)
        case Call(target=target) if target is not None:
            return start(target)
        case Macro(over=over):
            return start(over)
        case Binary(left=left):
            return start(left)
        case Choice(condition=condition):
            return start(condition)
    return node.at


def dotted(node: Node) -> tuple[Name, tuple[str, ...]] | None:
    """The name and the fields after it, for ``a.b.c`` and ``a['b'].c``; None for anything else."""
    fields: list[str] = []
    while True:
        if isinstance(node, Name):
            return node, (node.name, *reversed(fields))
        if isinstance(node, Select):
            fields.append(node.field)
            node = node.base
        elif isinstance(node, Subscript) and isinstance(node.key, Literal) and isinstance(node.key.value, str):
            fields.append(node.key.value)
            node = node.base
        else:
            return None
