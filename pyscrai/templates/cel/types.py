"""Types of expressions: every name and operand that does not fit is found before a run begins.

The only module that walks a tree for types; what an operator or function makes of its operands' types is asked of
``operators`` and ``signatures``.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.did_you_mean import closest, instead, listing
from pyscrai.templates.cel.operators import ExpressionProblem, Typed, binary, choice, common, demand, unary
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, NULL, Type
from pyscrai.templates.cel.signatures import call
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
    start,
)

MACRO_DEPTH = 2
"""How deep `map`, `filter`, `all` and `exists` may be nested: their cost multiplies."""

_ROOTS = ("vars", "params", "args", "measures")


class Types:
    """Walks one expression; ``problems`` fill as it goes.

    After a walk, ``unguarded`` names what is read though it may not be there, without a ``has()`` for it.
    """

    def __init__(self, scope: Mapping[str, Type]) -> None:
        self.scope = scope
        self.problems: list[ExpressionProblem] = []
        self._bound: list[tuple[str, Type]] = []
        self._optional: dict[tuple[str, ...], int] = {}
        self._tested: set[tuple[str, ...]] = set()

    @property
    def unguarded(self) -> dict[str, int]:
        """Optional names that are read untested, with the place where each is first read."""
        return {".".join(path): at for path, at in self._optional.items() if path not in self._tested}

    def of(self, node: Node) -> Type:
        """The type of a node."""
        match node:
            case Literal(value=value):
                return _literal(value)
            case Name():
                return self._name(node)
            case Select(base=base, field=field):
                return self._field(self.of(base), node, field)
            case Has(select=select):
                self._test(select)
                return BOOL
            case Subscript():
                return self._index(node)
            case Call(target=target, arguments=arguments):
                given = arguments if target is None else (target, *arguments)
                return self._take(call(node, given, [self.of(part) for part in given]))
            case Macro():
                return self._macro(node)
            case Unary(operand=operand):
                return self._take(unary(node, self.of(operand)))
            case Binary(left=left, right=right):
                first = self.of(left)
                if node.operator == "in" and isinstance(right, Items):
                    items = [self.of(item) for item in right.items]
                    return self._take(binary(node, first, Type("list", item=common(items)), items))
                return self._take(binary(node, first, self.of(right)))
            case Choice(condition=condition, then=then, otherwise=otherwise):
                return self._take(choice(node, self.of(condition), self.of(then), self.of(otherwise)))
            case Items(items=parts):
                return Type("list", item=common([self.of(item) for item in parts]))
            case Entries(entries=entries):
                return self._entries(entries)
        return ANY

    def _take(self, typed: Typed) -> Type:
        self.problems.extend(typed.problems)
        return typed.type

    def _report(self, at: int, message: str, cure: str | None = None) -> Type:
        self.problems.append(ExpressionProblem(at, message, cure))
        return ANY

    def _entries(self, entries: tuple[tuple[Node, Node], ...]) -> Type:
        keys = [self.of(key) for key, _ in entries]
        item = common([self.of(value) for _, value in entries])
        named = all(key.kind == "string" and key.choices for key in keys)
        choices = tuple(dict.fromkeys(text for key in keys for text in key.choices or ())) if named and keys else None
        return Type("map", choices=choices, item=item)

    # -- names --------------------------------------------------------------------------------------------------------

    def _name(self, node: Name) -> Type:
        for name, bound in reversed(self._bound):
            if name == node.name:
                return bound
        if node.name in self.scope:
            return self.scope[node.name]
        for root in _ROOTS:
            if root in self.scope and node.name in self.scope[root].fields:
                return self._report(node.at, f"nothing is called `{node.name}`", f"write {root}.{node.name}")
        if node.name == "args":
            return self._report(node.at, "`args` is there in the `set` of an action alone")
        guess = closest(node.name, self.scope)
        cure = f"did you mean {guess}?" if guess else (
            f"a text needs quotes of its own: '{node.name}'; names are {listing(self.scope)}")
        return self._report(node.at, f"nothing is called `{node.name}`", cure)

    def _field(self, base: Type, node: Select | Subscript, field: str) -> Type:
        at = node.at if isinstance(node, Select) else node.key.at
        if base.kind == "any":
            return ANY
        if base.kind == "map":
            if base.choices is not None and field not in base.choices:
                return self._report(at, f"there is never a `{field}` here", instead(field, base.choices))
            return base.item or ANY
        if base.kind != "struct":
            return self._report(at, f"{base.words} has no field `{field}`")
        found = base.fields.get(field)
        if found is None:
            none = f"no {base.noun} is declared" if base.noun != "field" else "it has none"
            return self._report(at, f"there is no {base.noun} `{field}`", instead(field, base.fields, none=none))
        if found.optional:
            self._optional.setdefault(_path(node), at)
        return found

    def _test(self, select: Select) -> None:
        kept = dict(self._optional)
        self._field(self.of(select.base), select, select.field)
        self._optional = kept
        self._tested.add(_path(select))

    def _index(self, node: Subscript) -> Type:
        base = self.of(node.base)
        if isinstance(node.key, Literal) and isinstance(node.key.value, str) and base.kind in ("struct", "map"):
            return self._field(base, node, node.key.value)
        key = self.of(node.key)
        if base.kind == "struct":
            return self._report(start(node.key), f"a {base.noun} must be named, not computed",
                                f"write one of {listing(base.fields)}" if base.fields else None)
        if base.kind == "list":
            if key.kind not in ("int", "any"):
                return self._report(start(node.key), f"the place in a list is an integer, not {key.words}")
            return base.item or ANY
        if base.kind == "map":
            if key.kind not in ("string", "any"):
                return self._report(start(node.key), f"the key is a text, not {key.words}", "write string(...)")
            return base.item or ANY
        return ANY if base.kind == "any" else self._report(node.at, f"{base.words} has no parts")

    def _macro(self, node: Macro) -> Type:
        over = self.of(node.over)
        if len(self._bound) >= MACRO_DEPTH:
            return self._report(node.at, f"{node.kind}() is nested more than {MACRO_DEPTH} deep")
        if over.kind not in ("list", "map", "any", "struct"):
            return self._report(node.at, f"{node.kind}() goes over a list, not {over.words}")
        if over.kind == "list":
            item = over.item or ANY
        else:
            keys = over.choices or tuple(over.fields) or None
            item = ANY if over.kind == "any" else Type("string", choices=keys)
        self._bound.append((node.variable, item))
        types = [self.of(body) for body in node.bodies]
        self._bound.pop()
        if node.kind in ("max_by", "min_by", "sort_by"):
            return item if node.kind != "sort_by" else Type("list", item=item)
        tests = types[:-1] if node.kind == "map" else types
        for body, kind in zip(node.bodies, tests, strict=False):
            self.problems.extend(demand(body, kind, BOOL, f"what {node.kind}() tests"))
        if node.kind == "map":
            return Type("list", item=types[-1])
        if node.kind == "count":
            return INT
        return Type("list", item=item) if node.kind == "filter" else BOOL


def _path(node: Node) -> tuple[str, ...]:
    if isinstance(node, Select):
        return (*_path(node.base), node.field)
    if isinstance(node, Subscript) and isinstance(node.key, Literal):
        return (*_path(node.base), str(node.key.value))
    return (node.name,) if isinstance(node, Name) else ("",)


def _literal(value: object) -> Type:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return Type("string", choices=(value,))
    return INT if isinstance(value, int) else DOUBLE
