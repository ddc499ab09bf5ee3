"""The functions of expressions: what each takes and gives, and how it is computed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.templates.cel import chance, patterns, values
from pyscrai.templates.cel.scope import ANY, BOOL, DOUBLE, INT, STRING, Type

Takes = tuple[str, ...]
"""For each argument the kind that it must have: a kind of ``Type`` or a name of ``KINDS``."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "number": ("int", "double"), "sized": ("string", "list", "map", "struct"), "whole": ("int",),
    "printed": ("int", "double", "string", "bool"), "map": ("map", "struct"), "numbers": ("list", "map"),
    "ranked": ("int", "double", "list", "map")}
"""Kinds that a function takes beside single ones; ``same`` is the kind of the first argument, ``any`` is all."""

WORDS: Mapping[str, str] = {
    "number": "a number", "sized": "a text or a list", "printed": "a number", "string": "a text", "list": "a list",
    "double": "a number with a point", "whole": "an integer", "map": "a map", "numbers": "a list of numbers",
    "ranked": "numbers or a list of them", "int": "an integer"}


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes (as a method, its target first), gives and does."""

    takes: Takes
    gives: Callable[[Sequence[Type]], Type]
    form: str
    compute: Callable[..., Any]
    more: bool = False
    """Whether it takes any number of arguments beyond."""
    optional: Takes = ()
    """Arguments that may be left out."""
    method: bool | None = None
    """Whether it must, or must not, be written as a method; None for either."""
    reads: bool = False
    """Whether it is given the context first."""
    counted: bool = False
    """Whether it is given the computation first, to spend what its work takes beyond what it is given and gives."""
    draws: bool = False
    """Whether chance decides; only a ``set`` may draw."""


def _always(kind: Type) -> Callable[[Sequence[Type]], Type]:
    return lambda types: kind


def _item(kind: Type) -> Type:
    if kind.kind == "struct":
        kinds = {field.kind: field for field in kind.fields.values()}
        return next(iter(kinds.values())) if len(kinds) == 1 else ANY
    return kind.item or ANY


def _first_number(types: Sequence[Type]) -> Type:
    first = types[0] if types[0].kind in ("int", "double", "any") else _item(types[0])
    return Type(first.kind) if first.kind in ("int", "double") else ANY


def _same_list(types: Sequence[Type]) -> Type:
    return types[0] if types[0].kind == "list" else Type("list", item=STRING)


FUNCTIONS: dict[str, Function] = {
    "size": Function(("sized",), _always(INT), "size(text)", values.size_of),
    "contains": Function(("string", "string"), _always(BOOL), "text.contains('word')",
                         values.of_texts(lambda text, part: part in text), method=True),
    "startsWith": Function(("string", "string"), _always(BOOL), "text.startsWith('word')",
                           values.of_texts(str.startswith), method=True),
    "endsWith": Function(("string", "string"), _always(BOOL), "text.endsWith('word')", values.of_texts(str.endswith),
                         method=True),
    "matches": Function(("string", "string"), _always(BOOL), "text.matches('(?i)word')",
                        patterns.matches, method=True, counted=True),
    "lowerAscii": Function(("string",), _always(STRING), "text.lowerAscii()", values.of_texts(str.lower), method=True),
    "int": Function(("number",), _always(INT), "int(number)", values.int_of, method=False),
    "double": Function(("number",), _always(DOUBLE), "double(number)", values.double_of, method=False),
    "string": Function(("printed",), _always(STRING), "string(number)", values.string_of, method=False),
    "min": Function(("ranked", "same"), _first_number, "min(a, b)", values.extreme(min), more=True, method=False),
    "max": Function(("ranked", "same"), _first_number, "max(a, b)", values.extreme(max), more=True, method=False),
    "abs": Function(("number",), _first_number, "abs(number)", lambda number: abs(values.number_of(number)),
                    method=False),
    "clamp": Function(("number", "same", "same"), _first_number, "clamp(number, lowest, highest)", values.clamped,
                      method=False),
    "round": Function(("double",), lambda types: DOUBLE if len(types) > 1 else INT, "round(number)", values.rounded,
                      optional=("whole",), method=False),
    "sqrt": Function(("number",), _always(DOUBLE), "sqrt(number)", values.root_of, method=False),
    "sum": Function(("numbers",), _first_number, "sum(list)", values.sum_of),
    "mean": Function(("numbers",), _always(DOUBLE), "mean(list)", values.average(statistics.fmean)),
    "median": Function(("numbers",), _always(DOUBLE), "median(list)", values.average(statistics.median)),
    "sort": Function(("list",), _same_list, "sort(list)", values.sorted_list, counted=True),
    "distinct": Function(("list",), _same_list, "distinct(list)", values.distinct,
                         counted=True),
    "join": Function(("list",), _always(STRING), "join(list, ', ')", values.joined, optional=("string",),
                     counted=True),
    "keys": Function(("map",), lambda types: Type("list", item=Type("string", choices=types[0].choices)),
                     "map.keys()", values.keys_of),
    "values": Function(("map",), lambda types: Type("list", item=_item(types[0])), "map.values()", values.values_of),
    "name": Function(("string",), _always(STRING), "name(role)", chance.name_of, method=False, reads=True),
    "random": Function(("number", "same"), _first_number, "random(lowest, highest)", chance.random_between,
                       method=False, reads=True, draws=True),
    "choose": Function(("list",), lambda types: _item(types[0]), "choose(list)", chance.chosen, method=False,
                       reads=True, draws=True),
    "shuffle": Function(("list",), _same_list, "shuffle(list)", chance.shuffled, method=False, reads=True, draws=True),
    "deal": Function(("list", "list"), lambda types: Type("map", choices=_item(types[0]).choices, item=_item(types[1])),
                     "deal(roles, cards)", chance.dealt, method=False, reads=True, draws=True),
}
"""All functions by name; macros (has, all, exists, exists_one, map, filter, ...) are syntax."""

OTHER_NAMES: Mapping[str, str] = {
    "len": "size", "length": "size", "lower": "lowerAscii", "toLowerCase": "lowerAscii", "float": "double",
    "str": "string", "includes": "contains", "has_text": "contains", "any": "exists", "floor": "int",
    "startswith": "startsWith", "endswith": "endsWith", "match": "matches", "bool": "== true", "average": "mean",
    "avg": "mean", "pick": "choose", "sample": "choose", "randint": "random", "rand": "random", "sorted": "sort",
    "unique": "distinct"}
"""What other languages call a function."""
