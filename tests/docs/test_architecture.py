"""The walk of docs/architecture.md: every file:function exists, the rooms are few, and no hop leads back up."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`(pyscrai/[\w/]+\.py):([\w.]+)`", PAGE)))
HOPS = re.findall(r"^\| \d+ \| `(pyscrai/[\w/]+\.py):[\w.]+`", PAGE, re.MULTILINE)

MOST_ROOMS = 13


@pytest.mark.parametrize(("file", "name"), PLACES, ids=[":".join(place) for place in PLACES])
def test_a_place_exists(file: str, name: str) -> None:
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                 and node.name == part]
        assert found, f"{file} has no {name}"
        body = found[0].body


def test_files_and_folders_that_are_named_exist() -> None:
    named = set(re.findall(r"`((?:pyscrai|tests|docs|prompts|graphs|\.ci)/[\w./-]*?)`", PAGE))
    assert not {path for path in named if not (ROOT / path).exists() and "NAME" not in path}


def layer(file: str) -> int:
    """How far down a file stands, as import-linter has the layers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(found["layers"] for found in project["tool"]["importlinter"]["contracts"] if found["id"] == "layers")
    module = file.removeprefix("pyscrai/").removesuffix(".py").replace("/", ".")
    for place, names in enumerate(layers):
        if any(module == name or module.startswith(f"{name}.") for name in re.split(r" [|:] ", names)):
            return place
    raise AssertionError(f"{file} is in no layer")


def test_the_walk_is_short_and_goes_down_but_through_a_port() -> None:
    assert 10 <= len(HOPS) <= MOST_ROOMS
    assert len(set(HOPS)) == len(HOPS), "a room is entered twice"
    for descent in re.split(r"^\*\*The ", PAGE, flags=re.MULTILINE)[1:]:
        before = 0
        for file, told in re.findall(r"^\| \d+ \| `(pyscrai/[\w/]+\.py):[\w.]+` \| (.*)$", descent, re.MULTILINE):
            assert layer(file) >= before or told.startswith("through the port"), file
            before = layer(file)
