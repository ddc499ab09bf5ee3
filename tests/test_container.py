"""The Containerfile, as far as it can be checked without building it: paths, commands, settings, ports, versions."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pyscrai.cli.app import make_app
from pyscrai.config.server import ServerSettings
from pyscrai.config.settings import Settings

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "how-to" / "container.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def lines(word: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in LINES if line.startswith(f"{word} ")]


def test_every_line_is_an_instruction() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert {line.split()[0] for line in LINES} <= known
    stages = [line.partition(" AS ")[2] for line in lines("FROM")]
    assert [each for line in lines("COPY") for each in re.findall(r"--from=(\w+)", line)] == [stages[0]] == ["build"]


def test_what_is_copied_is_there_and_not_left_out() -> None:
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    needed = [path.lstrip("/") for path in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]]
    needed += ["pyproject.toml", "README.md", "LICENSE", "constraints.txt"]
    for name in needed:
        assert (ROOT / name).exists(), name
        assert not [pattern for pattern in left_out if fnmatch.fnmatch(name, pattern)], name
    copied = [line.split()[:-1] for line in lines("COPY") if "--from" not in line]
    assert all((ROOT / name).exists() for names in copied for name in names)


def test_every_file_that_the_source_distribution_names_is_there() -> None:
    """Hatchling is silent about a path that is missing."""
    include = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in include if not (ROOT / name.lstrip("/")).exists()] == []


@pytest.mark.parametrize("text", [TEXT, PAGE], ids=["Containerfile", "page"])
def test_its_commands_are_commands(text: str) -> None:
    commands = re.findall(r"(?:podman|docker) run ([^\n`]+)", text)
    assert len(commands) >= 3
    for command in commands:
        words = shlex.split(command)
        inside = words[words.index("pyscrai") + 1:]
        make_app().parse_args(inside, exit_on_error=False, print_error=False)
        if inside[0] == "serve":
            published = words[words.index("-p") + 1].split(":")[-1]
            assert published == str(ServerSettings().port)


def test_a_linter_finds_nothing_in_it() -> None:
    checker = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([checker, "--no-color", ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_its_user_is_no_root() -> None:
    [user] = lines("USER")
    assert re.search(rf"useradd --uid {user} ", TEXT)


def test_its_settings_port_and_versions_are_those_of_the_project() -> None:
    names = re.findall(r"PYSCRAI_(\w+)=", " ".join(lines("ENV")))
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert lines("EXPOSE") == [str(ServerSettings().port)]
    assert lines("ENTRYPOINT") == ['["pyscrai"]']
    assert "pyscrai" in PROJECT["project"]["scripts"]
    extras = [extra for found in re.findall(r"\.whl\)\[([\w,]+)\]", TEXT) for extra in found.split(",")]
    assert extras
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])
    for version in re.findall(r"python:(3\.\d+)", TEXT):
        assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]
