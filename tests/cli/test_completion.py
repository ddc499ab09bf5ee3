"""Completion in the shells themselves, and what is completed."""

from __future__ import annotations

import importlib.util
import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from pyscrai.cli.completion import values
from pyscrai.cli.completion.command_line import cursor_of, load_table, split
from pyscrai.cli.completion.reply import reply
from pyscrai.config.settings import load_settings
from tests.cli.conftest import Pyscrai

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "pyscrai" / "cli" / "completion"


def words(*line: str) -> list[str]:
    """What is offered after these words, the last of which is being typed."""
    return [each.split("\t")[0] for each in reply("zsh", line).splitlines()[1:]]


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("completion_table", ROOT / ".ci" / "completion_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_that_of_the_commands_as_they_are() -> None:
    made = maker()
    assert made.TARGET.read_text(encoding="utf-8") == made.text(), "run: python .ci/reference.py"
    assert made.untold() == [], "say in .ci/completion_table.py what kind of value it takes, or that it is free"
    kinds = {told["value"] for told in _every(load_table()["root"]) if isinstance(told.get("value"), str)}
    assert kinds - {""} <= {*made.VALUES.values()}


def _every(node: dict) -> list[dict]:   # type: ignore[type-arg]
    found = [*node.get("options", {}).values(), *node.get("positionals", [])]
    for command in node.get("commands", {}).values():
        found += _every(command)
    return found


def test_commands_options_and_choices() -> None:
    assert {"run", "runs"} <= set(words("ru"))
    assert words("experiment", "fre") == ["freeze"]
    assert "--seed" in words("run", "talk.yaml", "--")
    assert "--seed" not in words("run", "talk.yaml", "--seed", "4", "--")
    assert "--set" in words("run", "--set", "a=1", "--"), "may be given again"
    assert words("graph", "x", "--format", "") == ["mermaid", "svg", "png"]
    assert words("graph", "x", "--format=s") == ["--format=svg"]
    assert words("schema", "sc") == ["scenario"]
    assert words("explain", "template.unknown_role_") == ["template.unknown_role_or_group"]
    assert words("nonsense", "") == []


def test_values_from_the_database(pyscrai: Pyscrai, played: str, home: Path) -> None:
    (home / "pyscrai.toml").write_text('[models.mine]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n')
    assert words("show", "")[:2] == ["last", played]
    assert words("diff", played, "run_") == [played]
    assert "small-talk" in words("run", "")
    assert "reservoir-crisis" in words("run", "res")
    assert words("templates", "show", "look") == ["looker"]
    assert words("run", "x", "--model", "mi") == ["mine", "mistral:"]
    assert words("run", "reservoir-crisis", "--set", "lev") == ["level="]
    assert "mayor=" in words("run", "reservoir-crisis", "--role-model", "")
    assert "mayor=mine" in words("run", "reservoir-crisis", "--role-model", "mayor=m")
    assert "ada" in words("interview", "last", "")
    assert "ada" in words("show", played, "--as", "")
    assert words("runs", "--tag", "") == ["first"]
    assert reply("zsh", ("run", "")).splitlines()[0] == "files"
    assert reply("zsh", ("show", "")).splitlines()[0] == ""


@pytest.mark.parametrize("how", ["url", "data", "toml url", "toml data", "default"])
def test_the_database_is_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    for name in ("PYSCRAI_DATABASE_URL", "PYSCRAI_DATA_DIR", "PYSCRAI_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    if how == "url":
        monkeypatch.setenv("PYSCRAI_DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    elif how == "data":
        monkeypatch.setenv("PYSCRAI_DATA_DIR", "~/somewhere")
    elif how != "default":
        (tmp_path / "pyscrai.toml").write_text(
            f'database_url = "sqlite:///{tmp_path}/y.db"\n' if "url" in how else 'data_dir = "here"\n')
    found = values._database_url(values._config())
    assert found.replace("sqlite://", "sqlite+aiosqlite://") == load_settings().database_url


def test_where_there_is_no_database_there_are_no_names() -> None:
    assert list(values.StoredNames("sqlite:////none/at/all.db").runs()) == []
    assert list(values.StoredNames("postgresql://127.0.0.1:1/none").runs()) == []


@pytest.mark.parametrize(("line", "found"), [
    ("pyscrai run ", ["pyscrai", "run", ""]), ("a 'b c", ["a", "b c"]), ('a "b\\" c" d', ["a", 'b" c', "d"]),
    ("a b\\ c", ["a", "b c"]), ("", [""]), ("a ''", ["a", ""])])
def test_a_line_is_split_as_a_shell_does(line: str, found: list[str]) -> None:
    assert split(line) == found


@pytest.mark.parametrize("line", ["--", "-", "run --model", "run -- --model ", "= :", "experiment experiment",
                                  "run a b c "])
def test_no_line_is_too_odd(line: str) -> None:
    cursor_of(load_table(), split(line))


@pytest.mark.parametrize("arguments", [("zsh", ""), ("zsh", "run", ""), ("bash", "pyscrai run --model=op", "op"),
                                       ("zsh", "show", ""), ("zsh", "pause", "last", "--")])
def test_nothing_heavy_is_imported(home: Path, arguments: tuple[str, ...]) -> None:
    """What keeps a Tab below 0.3 s; a clock would tell of this machine alone."""
    code = ("import sys\nfrom pyscrai.cli.main import main\n"
            f"main(['__complete', *{arguments!r}])\n"
            "print(sorted({'cyclopts', 'pydantic', 'rich', 'sqlalchemy', 'yaml', 'ruamel', 'langgraph', 'psycopg', "
            "'jinja2', 'asyncio'} & set(sys.modules)), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout.strip() or arguments == ("zsh", "show", "")


# -- in the shells ----------------------------------------------------------------------------------------------------

@pytest.fixture
def command(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command ``pyscrai`` on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "pyscrai"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pyscrai "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return script


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(pyscrai: Pyscrai, shell: str) -> None:
    assert pyscrai("completion", shell).out == (SCRIPTS / f"pyscrai.{shell}").read_text()


@needs("bash")
@pytest.mark.parametrize(("line", "found"), [
    ("pyscrai exp", ["experiment", "explain", "export"]),
    ("pyscrai templates s", ["show"]),
    ("pyscrai run ta", ["talk.yaml"]),
    ("pyscrai run x --model=embedded-", ["embedded-tiny"]),
    ("pyscrai run x --model openai:", []),
    ("pyscrai run reservoir-crisis --set le", ["level="]),
    ("pyscrai graph x --format s", ["svg"]),
])
def test_in_bash(command: Path, line: str, found: list[str]) -> None:
    """As readline calls it: the words are split at ``=`` and ``:``."""
    seen = line.rpartition(" ")[2]
    for mark in "=:":
        seen = seen.rpartition(mark)[2]
    script = (f"source {SCRIPTS / 'pyscrai.bash'}\nCOMP_LINE={shlex.quote(line)}\nCOMP_POINT=${{#COMP_LINE}}\n"
              f"COMP_WORDS=(pyscrai x)\nCOMP_CWORD=1\n_pyscrai pyscrai {shlex.quote(seen)} x\n"
              'printf "%s\\n" "${COMPREPLY[@]}"\ncomplete -p pyscrai')
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    *offered, registered = done.stdout.splitlines()
    assert registered == "complete -F _pyscrai pyscrai"
    assert sorted(filter(None, offered)) == sorted(found)


@needs("fish")
@pytest.mark.parametrize(("line", "found"), [
    ("pyscrai exp", {"experiment", "explain", "export"}), ("pyscrai run ta", {"talk.yaml"}),
    ("pyscrai run x --model=embedded-", {"--model=embedded-tiny"}),
    ("pyscrai run reservoir-crisis --set le", {"level="})])
def test_in_fish(command: Path, line: str, found: set[str]) -> None:
    script = f"source {SCRIPTS / 'pyscrai.fish'}; complete -C {shlex.quote(line)}"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
    assert {each.split("\t")[0] for each in done.stdout.splitlines()} == found, done.stderr


def typed(command: list[str], prompt: str, setup: str, keys: str, wanted: str) -> str:
    """What an interactive shell shows after keys were typed, until something stands there."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
                               env={**os.environ, "TERM": "dumb", "PS1": prompt, "PROMPT": prompt})
    os.close(follower)
    seen, limit = "", time.monotonic() + 60

    def until(text: str) -> None:
        nonlocal seen
        while text not in seen and time.monotonic() < limit:
            if select.select([leader], [], [], 0.5)[0]:
                seen += os.read(leader, 4096).decode(errors="replace")

    try:
        os.write(leader, f"{setup}; echo rea''dy\n".encode())
        until("ready")
        seen = ""
        os.write(leader, keys.encode())
        until(wanted)
        return seen
    finally:
        process.kill()
        process.wait()
        os.close(leader)


@needs("zsh")
@pytest.mark.parametrize(("keys", "wanted"), [
    ("pyscrai templa\t", "templates "), ("pyscrai run two-ag\t", "two-agent-conversation "),
    ("pyscrai run x --model=embedded-\t", "--model=embedded-tiny"), ("pyscrai run tal\t", "talk.yaml")])
def test_in_zsh(command: Path, keys: str, wanted: str) -> None:
    shown = typed(["zsh", "-f", "-i"], "> ", f"autoload -Uz compinit; compinit -u -D; source {SCRIPTS / 'pyscrai.zsh'}",
                  keys, wanted)
    assert wanted in shown
