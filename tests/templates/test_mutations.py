"""Hundreds of damaged templates: each gives a named error with a line, none a traceback, and no damage goes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from pyscrai.errors import Problem
from pyscrai.templates.checks.checker import errors, validate
from pyscrai.templates.reading.loader import read_text
from tests.depth import examples
from tests.templates.examples import agents, meeting_data

Path = tuple[str | int, ...]

FREE = {("roles",), ("groups",), ("variables",), ("parameters",), ("actions",), ("documents",), ("flow", "phases")}
"""Where names are the author's own: another name there is no mistake of form."""


def paths(data: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for step, item in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(item, (*path, step))


def own_names(path: Path) -> bool:
    """Whether the last step of a path is a name that the author chose."""
    return path[:-1] in FREE or path[-2:-1] in (("fields",), ("set",), ("prompts",))


def damages() -> Iterator[tuple[str, Path]]:
    """Kind and place of all that can be damaged."""
    for path in paths(meeting_data()):
        for kind in ("misspelt", "group", "list", "dropped", "number"):
            if kind != "misspelt" or isinstance(path[-1], str):
                yield kind, path


def damaged(kind: str, path: Path) -> tuple[dict[str, Any], bool]:
    """The data with one damage, and whether that is surely a mistake."""
    data = meeting_data()
    owner: Any = data
    for step in path[:-1]:
        owner = owner[step]
    step, value = path[-1], owner[path[-1]]
    if kind == "misspelt":
        owner[f"{step}x"] = owner.pop(step)
        return data, not own_names(path)
    if kind == "dropped":
        del owner[step]
        return data, False
    if kind == "number":
        owner[step] = -1
        return data, isinstance(value, dict | list) or step in ("to", "by", "order", "agent", "start")
    owner[step] = {"nonsense": 1} if kind == "group" else [[["nonsense"]]]
    return data, True


def problems_of(data: Any) -> list[Problem]:
    return validate([read_text(json.dumps(data, indent=1), file="damaged.yaml")], agents())


def test_the_undamaged_one_is_fine() -> None:
    assert problems_of(meeting_data()) == []


@pytest.mark.parametrize("part", range(examples(2, 8)))
def test_damage_is_named_with_a_line(part: int) -> None:
    unseen, count = [], 0
    for kind, path in islice(damages(), part, None, 8):  # a quarter tries each kind in many places
        count += 1
        data, sure = damaged(kind, path)
        found = problems_of(data)
        for problem in found:
            assert problem.line, (kind, path, str(problem))
            assert problem.message
            assert problem.code.startswith("template.")
        if sure and not errors(found):
            unseen.append((kind, path))
    assert unseen == []
    assert count > 140
