"""Validation errors in plain words: what is wrong, where, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from pyscrai.did_you_mean import closest, listing
from pyscrai.errors import Problem
from pyscrai.templates.models.base import Misfit
from pyscrai.templates.reading.field_owners import fields_written, owners
from pyscrai.templates.reading.mends import Mend
from pyscrai.templates.reading.positions import Path, Positions, spell

_SCALARS = {"str": "a text", "int": "an integer", "float": "a number", "bool": "true or false"}
_TORN = re.compile(r"[^\w-]|^\d")
"""What a name that is a torn-off piece of a text looks like."""
_COMMA = "inside { } a text with a comma in it needs quotes"
_EXPECTED = re.compile(r"'([^']*)'")
_PATTERNS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": ("a name is lower-case words with hyphens: my-scenario", "-"),
    r"^[a-z][a-z0-9_]*$": ("a name is lower-case letters, digits and _, a letter first", "_"),
    r"^\d+\.\d+\.\d+$": ("a version is three numbers in quotes or with two points: 1.0.0", ""),
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field, and a guess at what was meant."""

    code: str
    path: Path
    message: str
    value: Any = None
    cure: str | None = None
    on_key: bool = False
    mend: Mend | None = None
    parts: tuple[Path, ...] = ()
    """The fields that it is about, where they do not go together."""

    def problem(self, positions: Positions) -> Problem:
        """The problem with its place in the text."""
        return positions.problem(self.code, self.path, self.message, value=self.value, cure=self.cure,
                                 on_key=self.on_key)


MOST_ERRORS = 1_000
"""Errors of one validation that are explained; the others may well have gone when these are mended."""


def explain(error: ValidationError, model: type[BaseModel], data: Any) -> list[FieldProblem]:
    """The errors of a validation, once each; the first of them where there are very many."""
    located = [_locate(detail, data) for detail in error.errors(include_url=False)[:MOST_ERRORS]]
    fitting: dict[Path, set[str]] = {}
    for found in located:
        for union, arm in found.arms:
            if _fits(arm, _at(data, union)):
                fitting.setdefault(union, set()).add(arm)
    problems: dict[tuple[str, Path, str], FieldProblem | None] = {}
    unfit: dict[Path, list[_Located]] = {}
    endless = {found.path for found in located if found.kind == "finite_number"}
    for found in located:
        if found.path in endless and found.kind != "finite_number":
            continue
        wrong = next((union for union, arm in found.arms if arm not in fitting.get(union, ())), None)
        if found.kind == "finite_number":
            wrong = None
        elif wrong is None and found.arms and found.path == found.arms[-1][0] and len(fitting[found.path]) > 1:
            wrong = found.path
        elif wrong is not None and wrong in fitting:
            continue  # about an arm of the union that the author did not mean
        if wrong is not None:
            if wrong not in unfit:
                problems["", wrong, ""] = None  # its place among the others
            unfit.setdefault(wrong, []).append(found)
        elif (explained := _explain(found, model, data)) is not None:
            problems.setdefault((explained.code, explained.path, explained.message), explained)
    told = [problem or _neither(path, _at(data, path), unfit[path]) for (_, path, _), problem in problems.items()]
    named = {(*problem.path[:-1], problem.mend.name) for problem in told if problem.mend and problem.mend.name}
    return [problem for problem in told
            if problem.code != "template.missing" or problem.path not in named]


@dataclass(frozen=True, slots=True)
class _Located:
    path: Path
    arms: tuple[tuple[Path, str], ...]
    """The unions on the way, each with the arm that the error belongs to."""
    on_key: bool
    kind: str
    message: str
    input: Any
    context: Mapping[str, Any]


def _locate(detail: Mapping[str, Any], data: Any) -> _Located:
    """Find the document's path in an error's location, which also names the arms of unions."""
    path: list[str | int] = []
    arms: list[tuple[Path, str]] = []
    here, location, on_key = data, detail["loc"], False
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if (isinstance(here, dict) and step in here) or (
                isinstance(here, list) and isinstance(step, int) and step < len(here)):
            here = here[step]
            path.append(step)
        elif step == "[key]" and last:
            on_key = True
        elif last and detail["type"] == "missing":
            path.append(step)
        else:
            arms.append((tuple(path), str(step)))
    return _Located(tuple(path), tuple(arms), on_key, detail["type"], detail["msg"],
                    path[-1] if on_key else detail["input"], detail.get("ctx", {}))


def _fits(arm: str, value: Any) -> bool:
    if arm.startswith(("tuple", "list")):
        return isinstance(value, list)
    if arm in _SCALARS or arm.startswith(("literal", "constrained")):
        return not isinstance(value, dict | list) and value is not None
    return isinstance(value, dict)


def _neither(path: Path, value: Any, group: Sequence[_Located]) -> FieldProblem:
    choices = [choice for found in group for choice in _choices(found)]
    kinds = []
    for arm in dict.fromkeys(arm for found in group for union, arm in found.arms if union == path):
        if arm.startswith(("tuple", "list")):
            kinds.append("a list")
        elif not arm.startswith("literal"):
            kinds.append(_SCALARS.get(arm, "named fields"))
    if set(_SCALARS.values()) <= set(kinds):
        kinds = ["one value"]
    expected = " or ".join(([f"one of {listing(choices)}"] if choices else []) + list(dict.fromkeys(kinds)))
    guess = closest(value, choices) if isinstance(value, str) else None
    return FieldProblem("template.type", path, f"{_describe(value)} stands where {expected} is wanted", value,
                     f"did you mean {guess}?" if guess else None, mend=_mended(path, guess))


def _explain(found: _Located, model: type[BaseModel], data: Any) -> FieldProblem | None:
    path, value, context = found.path, found.input, found.context
    field = spell(path[-1:]) if path else "the document"
    match found.kind:
        case "extra_forbidden":
            return _unknown(found, model, data)
        case "missing":
            return _missing(found, data)
        case "literal_error":
            choices = _choices(found)
            guess = closest(value, choices) if isinstance(value, str) else None
            return FieldProblem("template.choice", path, f"{_quoted(value)} is none of {listing(choices)}", value,
                             f"did you mean {guess}?" if guess else f"write one of {listing(choices)}", found.on_key,
                             Mend(path, name=guess) if found.on_key and guess else _mended(path, guess))
        case "string_pattern_mismatch":
            rule, joint = _PATTERNS.get(str(context.get("pattern")), (f"it must match {context.get('pattern')}", ""))
            better = re.sub(r"[^a-z0-9]+", joint, str(value).lower()).strip("-_0123456789") if joint else ""
            mend = None
            if better and found.on_key:
                mend = Mend(path, name=better)
            elif better:
                mend = Mend(path, value=better)
            example = f"; for example {better}" if better and better != value else ""
            return FieldProblem("template.name", path, f"{_quoted(value)} cannot be a {'name' if joint else 'version'}",
                             value, rule + example, found.on_key, mend)
        case "value_error" if isinstance(misfit := context.get("error"), Misfit):
            parts = tuple((*path, name) for name in misfit.fields)
            return FieldProblem("template.value", parts[0], str(misfit), parts=parts,
                                mend=Mend(parts[0], value=misfit.instead, drop=True))
        case "value_error":
            return FieldProblem("template.value", path, str(context.get("error", found.message)),
                                mend=Mend(path, drop=True, complete=True) if path else None)
        case "too_short" if isinstance(value, list | tuple | dict) and len(value) >= context.get("min_length", 1):
            return None  # its items are wrong, and are told one by one
        case "too_short" | "string_too_short":
            least = context.get("min_length", 1)
            what = "is empty" if least == 1 else f"needs at least {least} entries"
            return FieldProblem("template.empty", path, f"`{field}` {what}", mend=Mend(path, drop=True),
                             cure="write something, or leave the field out")
        case "string_too_long" | "too_long":
            longest = context.get("max_length")
            return FieldProblem("template.too_long", path, f"`{field}` is longer than {longest}", value,
                             cure="shorten it", on_key=found.on_key)
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than" | "finite_number":
            bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
            bound = next((f"{words} {context[key]:g}" for key, words in bounds.items() if key in context), "finite")
            return FieldProblem("template.bound", path, f"{value!r} is out of bounds", value, f"it must be {bound}",
                             mend=Mend(path, drop=True))
    return _wrong_type(found, model)


_WANTED = {"string": "a text", "int": "an integer", "float": "a number", "bool": "true or false", "tuple": "a list",
           "dict": "named entries", "model": "named fields", "list": "a list"}


_INSTEAD = {"an integer": "write an integer, such as 3", "a number": "write a number, such as 0.5",
            "true or false": "write true or false"}


def _wrong_type(found: _Located, model: type[BaseModel]) -> FieldProblem:
    path, value = found.path, found.input
    wanted = next((words for start, words in _WANTED.items() if found.kind.startswith(start)), None)
    if wanted is None:
        return FieldProblem("template.value", path, found.message, value)
    cure = None
    if path[-1:] == ("version",) and isinstance(value, int | float):
        return FieldProblem("template.type", path, f"{value} is a number, a version has three parts", value,
                         f"write {int(value)}.0.0", mend=Mend(path, value="1.0.0"))
    if value is None and path and _TORN.search(str(path[-1])):
        cure = _COMMA
    elif value is None:
        cure = "write a value, or leave the field out"
    elif wanted == "a text" and isinstance(value, bool | int | float):
        cure = f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
    elif wanted == "a text" and isinstance(value, dict):
        cure = "put a text that begins with { in quotes"
    elif wanted == "a list":
        single = isinstance(value, str | int | float)
        cure = f"write [{value}]" if single else "begin each entry with a - on its own line"
    elif wanted == "a text" and isinstance(value, list):
        one = len(value) == 1 and isinstance(value[0], str)
        cure = f"write it without brackets: {value[0]}" if one else "write one text"
    elif wanted == "named entries" and isinstance(value, list):
        cure = "write each entry below its name, `name: ...`, with no - before it"
    elif wanted in ("named fields", "named entries"):
        cure = fields_written(model, path, wanted)
    else:
        cure = _INSTEAD.get(wanted)
    return FieldProblem("template.type", path, f"{_describe(value)} stands where {wanted} "
                     f"{'are' if wanted.endswith('s') else 'is'} wanted", value, cure, mend=Mend(path, drop=True))


def _unknown(found: _Located, model: type[BaseModel], data: Any) -> FieldProblem:
    path, name = found.path, str(found.path[-1])
    known = sorted({field for owner in owners(model, path[:-1]) for field in owner.model_fields})
    parent = _at(data, path[:-1])
    guess = closest(name, [field for field in known if not isinstance(parent, dict) or field not in parent])
    if name == "<<":
        cure: str | None = "YAML 1.2 has no merge keys; write the fields out"
    elif _TORN.search(name) and found.input is None:
        cure, guess = _COMMA, None
    elif guess:
        cure = f"did you mean {guess}?"
    else:
        cure = f"known here: {listing(known)}" if known else "remove it"
    return FieldProblem("template.unknown_field", path, f"there is no field `{name}` here", cure=cure, on_key=True,
                     mend=Mend(path, name=guess) if guess else Mend(path, drop=True))


def _missing(found: _Located, data: Any) -> FieldProblem:
    path, step = found.path, found.path[-1]
    if isinstance(step, int):
        return FieldProblem("template.missing", path[:-1], "the list is too short", cure=f"it needs {step + 1} entries")
    owner = f"`{spell(path[:-1])}`" if len(path) > 1 else "the template"
    empty = not _at(data, path[:-1])
    return FieldProblem("template.missing", path, f"`{step}` is missing", cure=f"add `{step}:` to {owner}" + (
        ", which is empty" if empty else ""), mend=Mend(path, drop=True))


def _mended(path: Path, guess: str | None) -> Mend:
    return Mend(path, value=guess) if guess else Mend(path, drop=True)


def _choices(found: _Located) -> list[str]:
    return _EXPECTED.findall(str(found.context.get("expected", ""))) if found.kind == "literal_error" else []


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if isinstance(data, dict) or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data.get(step) if isinstance(data, dict) else data[step]  # type: ignore[index]
        else:
            return None
    return data


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _describe(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a group of named fields"
    if isinstance(value, list | tuple):
        return "a list"
    kind = "" if isinstance(value, bool) else "the number " if isinstance(value, int | float) else "the text "
    return f"{kind}{str(value).lower() if isinstance(value, bool) else _quoted(value)}"
