"""Types of expressions: every name and operand that does not fit is found before a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyscrai.did_you_mean import closest, instead, listing
from pyscrai.templates.cel.functions import call_type
from pyscrai.templates.cel.operators import binary, choice, demand, unary
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, NULL, STRING, Type
from pyscrai.templates.cel.tree import (
    Binary,
    Call,
    Choice,
    Entries,
    Has,
    Index,
    Items,
    Literal,
    Macro,
    Name,
    Node,
    Select,
    Unary,
    start,
)

MACRO_DEPTH = 2
"""How deep `map`, `filter`, `all` and `exists` may be nested: their cost multiplies."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in an expression, at a character counted from 0."""

    at: int
    message: str
    cure: str | None = None


class Inference:
    """Walks one expression; ``findings`` fill as it goes.

    After a walk, ``unguarded`` names what is read though it may not be there, without a ``has()`` for it.
    """

    def __init__(self, scope: Mapping[str, Type]) -> None:
        self.scope = scope
        self.findings: list[Finding] = []
        self._bound: list[tuple[str, Type]] = []
        self._optional: dict[tuple[str, ...], int] = {}
        self._tested: set[tuple[str, ...]] = set()

    @property
    def unguarded(self) -> dict[str, int]:
        """Optional names that are read untested, with the place where each is first read."""
        return {".".join(path): at for path, at in self._optional.items() if path not in self._tested}

    def report(self, at: int, message: str, cure: str | None = None) -> Type:
        """Note a finding; what cannot be typed is taken for anything, so that one mistake is told once."""
        self.findings.append(Finding(at, message, cure))
        return ANY

    def type_of(self, node: Node) -> Type:
        """The type of a node."""
        match node:
            case Literal(value=value):
                return _literal(value)
            case Name():
                return self._name(node)
            case Select(base=base, field=field):
                return self._field(self.type_of(base), node, field)
            case Has(select=select):
                self._test(select)
                return BOOL
            case Index():
                return self._index(node)
            case Call():
                return call_type(self, node)
            case Macro():
                return self._macro(node)
            case Unary():
                return unary(self, node)
            case Binary():
                return binary(self, node)
            case Choice():
                return choice(self, node)
            case Items(items=items):
                types = [self.type_of(item) for item in items]
                return Type("list", item=_common(types))
            case Entries(entries=entries):
                for key, _ in entries:
                    self.type_of(key)
                return Type("map", item=_common([self.type_of(value) for _, value in entries]))
        return ANY

    # -- names --------------------------------------------------------------------------------------------------------

    def _name(self, node: Name) -> Type:
        for name, bound in reversed(self._bound):
            if name == node.name:
                return bound
        if node.name in self.scope:
            return self.scope[node.name]
        for root in ("vars", "params", "args", "measures"):
            if root in self.scope and node.name in self.scope[root].fields:
                return self.report(node.at, f"nothing is called `{node.name}`", f"write {root}.{node.name}")
        if node.name == "args":
            return self.report(node.at, "`args` is there in the `set` of an action alone")
        guess = closest(node.name, self.scope)
        cure = f"did you mean {guess}?" if guess else (
            f"a text needs quotes of its own: '{node.name}'; names are {listing(self.scope)}")
        return self.report(node.at, f"nothing is called `{node.name}`", cure)

    def _field(self, base: Type, node: Select | Index, field: str) -> Type:
        at = node.at if isinstance(node, Select) else node.key.at
        if base.kind == "any":
            return ANY
        if base.kind == "map":
            if base.choices is not None and field not in base.choices:
                return self.report(at, f"`{field}` is never counted here", instead(field, base.choices))
            return base.item or ANY
        if base.kind != "struct":
            return self.report(at, f"{base.words} has no field `{field}`")
        found = base.fields.get(field)
        if found is None:
            none = f"no {base.noun} is declared" if base.noun != "field" else "it has none"
            return self.report(at, f"there is no {base.noun} `{field}`", instead(field, base.fields, none=none))
        if found.optional:
            self._optional.setdefault(_path(node), at)
        return found

    def _test(self, select: Select) -> None:
        kept = dict(self._optional)
        self._field(self.type_of(select.base), select, select.field)
        self._optional = kept
        self._tested.add(_path(select))

    def _index(self, node: Index) -> Type:
        base = self.type_of(node.base)
        if isinstance(node.key, Literal) and isinstance(node.key.value, str) and base.kind in ("struct", "map"):
            return self._field(base, node, node.key.value)
        key = self.type_of(node.key)
        if base.kind == "struct":
            return self.report(start(node.key), f"a {base.noun} must be named, not computed",
                               f"write one of {listing(base.fields)}" if base.fields else None)
        if base.kind == "list":
            if key.kind not in ("int", "any"):
                return self.report(start(node.key), f"the place in a list is an integer, not {key.words}")
            return base.item or ANY
        if base.kind == "map":
            if key.kind not in ("string", "any"):
                return self.report(start(node.key), f"the key is a text, not {key.words}", "write string(...)")
            return base.item or ANY
        return ANY if base.kind == "any" else self.report(node.at, f"{base.words} has no parts")

    def _macro(self, node: Macro) -> Type:
        over = self.type_of(node.over)
        if len(self._bound) >= MACRO_DEPTH:
            return self.report(node.at, f"{node.kind}() is nested more than {MACRO_DEPTH} deep")
        if over.kind not in ("list", "map", "any", "struct"):
            return self.report(node.at, f"{node.kind}() goes over a list, not {over.words}")
        self._bound.append((node.variable, (over.item or ANY) if over.kind == "list" else STRING
                            if over.kind in ("map", "struct") else ANY))
        types = [self.type_of(body) for body in node.bodies]
        self._bound.pop()
        tests = types[:-1] if node.kind == "map" else types
        for body, kind in zip(node.bodies, tests, strict=False):
            demand(self, body, kind, BOOL, f"what {node.kind}() tests")
        if node.kind == "map":
            return Type("list", item=types[-1])
        return over if node.kind == "filter" else BOOL


def _path(node: Node) -> tuple[str, ...]:
    if isinstance(node, Select):
        return (*_path(node.base), node.field)
    if isinstance(node, Index) and isinstance(node.key, Literal):
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


def _common(types: list[Type]) -> Type:
    kinds = {kind.kind for kind in types}
    return types[0] if len(kinds) == 1 and not types[0].choices else Type(kinds.pop()) if len(kinds) == 1 else ANY
