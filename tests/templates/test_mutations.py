"""Hundreds of damaged templates: each gives a named error with a line, none a traceback, and no damage goes unseen."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pyscrai.errors import Problem
from pyscrai.templates.checks.checker import errors, validate
from pyscrai.templates.reading.loader import read_text
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


def mutations() -> Iterator[tuple[str, Path, dict[str, Any], bool]]:
    """Kind, place, damaged data, and whether the damage is surely a mistake."""
    data = meeting_data()
    for path in paths(data):
        for kind in ("misspelt", "group", "list", "dropped", "number"):
            damaged = copy.deepcopy(data)
            owner: Any = damaged
            for step in path[:-1]:
                owner = owner[step]
            step, value = path[-1], owner[path[-1]]
            sure = True
            if kind == "misspelt":
                if isinstance(step, int):
                    continue
                owner[f"{step}x"] = owner.pop(step)
                sure = not own_names(path)
            elif kind == "group":
                owner[step] = {"nonsense": 1}
            elif kind == "list":
                owner[step] = [[["nonsense"]]]
            elif kind == "dropped":
                del owner[step]
                sure = False
            else:
                owner[step] = -1
                sure = isinstance(value, dict | list) or step in ("to", "by", "order", "agent", "start")
            yield kind, path, damaged, sure


def problems_of(data: Any) -> list[Problem]:
    return validate([read_text(json.dumps(data, indent=1), file="damaged.yaml")], agents())


def test_the_undamaged_one_is_fine() -> None:
    assert problems_of(meeting_data()) == []


@pytest.mark.parametrize("part", range(4))
def test_damage_is_named_with_a_line(part: int) -> None:
    unseen, count = [], 0
    for number, (kind, path, damaged, sure) in enumerate(mutations()):
        if number % 8 != part:  # every second one is enough, and more would be slow
            continue
        count += 1
        found = problems_of(damaged)
        for problem in found:
            assert problem.line, (kind, path, str(problem))
            assert problem.message
            assert problem.code.startswith("template.")
        if sure and not errors(found):
            unseen.append((kind, path))
    assert unseen == []
    assert count > 140
