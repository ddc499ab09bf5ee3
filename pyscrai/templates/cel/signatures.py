"""The types of calls: whether arguments fit a function, as a pure function of their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyscrai.did_you_mean import closest
from pyscrai.templates.cel.functions import FUNCTIONS, KINDS, OTHER_NAMES, WORDS, Function
from pyscrai.templates.cel.operators import ExpressionProblem, Typed, wrong
from pyscrai.templates.cel.parser import MACROS
from pyscrai.templates.cel.scope import ANY, Type
from pyscrai.templates.cel.tree import Call, Node, start


def call(node: Call, given: Sequence[Node], types: Sequence[Type]) -> Typed:
    """The type that a call gives.

    Args:
        given: the target, if there is one, and the arguments.
        types: their types.
    """
    function = FUNCTIONS.get(node.function)
    if function is None:
        guess = OTHER_NAMES.get(node.function) or closest(node.function, (*FUNCTIONS, *MACROS))
        known = f"functions: {', '.join(FUNCTIONS)}; of a list also {', '.join(MACROS)}; of a field has"
        return wrong(node.at, f"there is no function `{node.function}`",
                     f"did you mean {guess}? {known}" if guess else known)
    if function.method is not None and function.method != (node.target is not None):
        return wrong(node.at, f"{node.function} is written otherwise", f"write {function.form}")
    least, most = len(function.takes), len(function.takes) + len(function.optional)
    alone = function.more and len(given) == 1 and types[0].kind in ("list", "map", "struct", "any")
    if not alone and (len(given) < least or (len(given) > most and not function.more)):
        takes = str(least) if least == most else f"{least} to {most}"
        many = "s" if takes != "1" else ""
        return wrong(node.at, f"{node.function} takes {takes} value{many}, here are {len(given)}",
                     f"write {function.form}")
    wanted = (*function.takes, *function.optional)
    wanted += (wanted[-1],) * (len(given) - len(wanted))
    problems = [problem for part, found, kind in zip(given, types, wanted, strict=False)
                if (problem := _misfit(function, node, part, found, kind, types)) is not None]
    return Typed(ANY, tuple(problems)) if problems else Typed(function.gives(types))


def _misfit(function: Function, node: Call, part: Node, found: Type, wanted: str, types: Sequence[Type]
            ) -> ExpressionProblem | None:
    if "any" in (found.kind, wanted):
        return None
    if wanted == "same":
        if "any" in (types[0].kind, found.kind) or found.kind == types[0].kind:
            return None
        return ExpressionProblem(start(part), f"{node.function} needs values of one type, here are "
                                 f"{types[0].words} and {found.words}", "write all with a point (1.0) or none")
    kinds: Mapping[str, tuple[str, ...]] = KINDS
    if found.kind not in kinds.get(wanted, (wanted,)):
        rounded = wanted == "double" and found.kind == "int"
        cure = "an integer needs no rounding" if rounded else f"write {function.form}"
        return ExpressionProblem(start(part), f"{node.function} needs {WORDS[wanted]}, not {found.words}", cure)
    if wanted == "numbers" and found.item is not None and found.item.kind not in ("int", "double", "any"):
        return ExpressionProblem(start(part), f"{node.function} adds numbers; the list holds {found.item.words}")
    return None
