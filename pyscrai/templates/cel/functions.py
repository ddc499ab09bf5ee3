"""The functions that an expression may call, and what they take and give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyscrai.did_you_mean import closest
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, STRING, Type
from pyscrai.templates.cel.tree import Call, start

if TYPE_CHECKING:
    from pyscrai.templates.cel.types import Inference

Takes = tuple[str, ...]
"""For each argument the kind that it must have: a kind of ``Type``, ``number`` for both, ``sized`` or ``same``."""


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes (as a method, its target first) and gives; None for the type of its first argument."""

    takes: Takes
    gives: Type | None
    form: str
    more: bool = False
    """Whether it takes any number of arguments beyond."""
    method: bool | None = None
    """Whether it must, or must not, be written as a method; None for either."""


FUNCTIONS: dict[str, Function] = {
    "size": Function(("sized",), INT, "size(text)"),
    "contains": Function(("string", "string"), BOOL, "text.contains('word')", method=True),
    "startsWith": Function(("string", "string"), BOOL, "text.startsWith('word')", method=True),
    "endsWith": Function(("string", "string"), BOOL, "text.endsWith('word')", method=True),
    "matches": Function(("string", "string"), BOOL, "text.matches('(?i)word')", method=True),
    "lowerAscii": Function(("string",), STRING, "text.lowerAscii()", method=True),
    "int": Function(("number",), INT, "int(number)", method=False),
    "double": Function(("number",), DOUBLE, "double(number)", method=False),
    "string": Function(("printed",), STRING, "string(number)", method=False),
    "min": Function(("number", "same"), None, "min(a, b)", more=True, method=False),
    "max": Function(("number", "same"), None, "max(a, b)", more=True, method=False),
    "abs": Function(("number",), None, "abs(number)", method=False),
    "clamp": Function(("number", "same", "same"), None, "clamp(number, lowest, highest)", method=False),
    "round": Function(("double",), INT, "round(number)", method=False),
}
"""All functions by name; macros (has, all, exists, exists_one, map, filter) are syntax."""

_OTHER_NAMES = {"len": "size", "length": "size", "lower": "lowerAscii", "toLowerCase": "lowerAscii", "float": "double",
                "str": "string", "includes": "contains", "has_text": "contains", "any": "exists", "floor": "int",
                "startswith": "startsWith", "endswith": "endsWith", "match": "matches", "bool": "== true"}
_KINDS = {"number": ("int", "double"), "sized": ("string", "list", "map", "struct"),
          "printed": ("int", "double", "string")}
_WORDS = {"number": "a number", "sized": "a text or a list", "printed": "a number", "string": "a text",
          "double": "a number with a point"}


def call_type(inference: Inference, node: Call) -> Type:
    """The type that a call gives; findings for an unknown function or arguments that do not fit."""
    given = ([] if node.target is None else [node.target]) + list(node.arguments)
    types = [inference.type_of(part) for part in given]
    function = FUNCTIONS.get(node.function)
    if function is None:
        guess = _OTHER_NAMES.get(node.function) or closest(node.function, FUNCTIONS)
        known = f"did you mean {guess}?" if guess else f"known: has, {', '.join(FUNCTIONS)}"
        return inference.report(node.at, f"there is no function `{node.function}`", known)
    if function.method is not None and function.method != (node.target is not None):
        return inference.report(node.at, f"{node.function} is written otherwise", f"write {function.form}")
    count = len(function.takes)
    if len(given) != count and not (function.more and len(given) > count):
        return inference.report(node.at, f"{node.function} takes {count} values, here are {len(given)}",
                                f"write {function.form}")
    takes = function.takes + (function.takes[-1],) * (len(given) - count)
    fits = True
    for part, found, wanted in zip(given, types, takes, strict=True):
        if wanted == "same":
            if "any" not in (found.kind, types[0].kind) and found.kind != types[0].kind:
                fits = False
                inference.report(start(part),
                                 f"{node.function} needs values of one type, here are {types[0].words} and "
                                          f"{found.words}", "write all with a point (1.0) or none")
        elif found.kind != "any" and found.kind not in _KINDS.get(wanted, (wanted,)):
            fits = False
            rounded = wanted == "double" and found.kind == "int"
            cure = "an integer needs no rounding" if rounded else f"write {function.form}"
            inference.report(start(part), f"{node.function} needs {_WORDS[wanted]}, not {found.words}", cure)
    if not fits:
        return ANY
    return function.gives if function.gives is not None else Type(types[0].kind)
