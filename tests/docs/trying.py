"""How an example is tried: validated and played without a model, run, compiled."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import re
import shlex
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pyscrai.cli.app import make_app
from pyscrai.config.providers import PROVIDERS
from pyscrai.config.settings import load_settings
from tests.cli.conftest import Pyscrai
from tests.docs.examples import ROOT, Example

UNTRIED = {"serve", "view", "docs", "worker", "models", "mcp", "demo"}
"""Commands that serve, fetch or look for what is not here: they are read and not run."""

FINE = {0, 3, 4}
"""Exit codes of examples that say nothing of it: an end of its own, a limit, a person who is waited for."""


class Page:
    """Tries the examples of one page, one after the other, in one folder: later ones see the files of earlier ones."""

    def __init__(self, home: Path, pyscrai: Pyscrai) -> None:
        self._home, self._pyscrai = home, pyscrai
        self._names: dict[str, Any] = {"__name__": "__main__"}
        for each in home.iterdir():
            each.unlink()

    def attempt(self, example: Example) -> None:
        """Try an example.

        Raises:
            AssertionError: it is wrong.
        """
        getattr(self, f"_{example.language}", lambda _: None)(example)

    # -- templates ----------------------------------------------------------------------------------------------------

    def _yaml(self, example: Example) -> None:
        text = example.text
        if example.how == "parse":
            YAML(typ="safe").load(text)
            return
        if example.how == "into":
            text = _merged((self._home / example.what).read_text(encoding="utf-8"), text)
        kind = re.search(r"^kind: (\w+)", text, re.MULTILINE)
        if kind is None and not re.search(r"^(question|arms|scenario):", text, re.MULTILINE):
            raise AssertionError("this is no whole template: say `<!-- example: into FILE -->` before it")
        name = example.title or f"line{example.line}.yaml"
        file = self._home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if kind is None or kind[1] == "experiment":
            done = self._pyscrai("experiment", "check", file)
            assert done.code == 0, done.err
            return
        agents = [each for each in self._home.glob("*.yaml") if each != file
                  and "kind: agent" in each.read_text(encoding="utf-8")]
        done = self._pyscrai("validate", "--json", file, *agents)
        found = {problem["code"] for problem in done.lines if "code" in problem and problem.get("file") != "agents"}
        if example.how == "wrong":
            assert found == {example.what}, done.out
            return
        assert not found, done.out
        if example.title or agents:
            self._pyscrai("templates", "add", *agents, file)
        if re.search(r"^kind: scenario", text, re.MULTILINE):
            played = self._pyscrai("run", file, "--dry-run")
            assert played.code in FINE, played.err

    def _json(self, example: Example) -> None:
        json.loads(example.text)

    def _toml(self, example: Example) -> None:
        file = self._home / "pyscrai.toml"
        file.write_text(example.text, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYSCRAI_CONFIG", str(file))
            load_settings()
        file.unlink()

    # -- programs -----------------------------------------------------------------------------------------------------

    def _python(self, example: Example) -> None:
        code = compile(example.text, str(example), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if example.how != "compile":
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(eval(code, self._names))
            else:
                exec(code, self._names)
            return
        for node in ast.walk(ast.parse(f"async def page():\n{_indented(example.text)}")):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    importlib.import_module(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)

    def _sql(self, example: Example) -> None:
        with sqlite3.connect(self._home.parent / "pyscrai.db") as connection:
            for statement in example.text.split(";"):
                if statement.strip():
                    connection.execute(statement)

    # -- commands -----------------------------------------------------------------------------------------------------

    def _shell(self, example: Example) -> None:
        for line in example.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                self._command(words, example)

    def _command(self, words: list[str], example: Example) -> None:
        while re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        program, *rest = words
        program = program.removeprefix(".venv/bin/")
        if program == "pyscrai":
            self._run(rest, example)
        elif program == "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert rest[0] in targets, rest
        elif program == "curl":
            _asks_for_a_route(rest)
        elif program in ("python", "marimo"):
            scripts = [word for word in rest if word.endswith(".py")]
            assert all((ROOT / script).is_file() for script in scripts), scripts
        else:
            assert program in {"source", "pip", "export", "cd", "langgraph", "apt", "sqlite3", "cp", "pytest", "ruff",
                               "git", "mypy", "flock", "podman", "docker", "jq", "mkdir"}, program

    def _run(self, words: list[str], example: Example) -> None:
        words = words[:words.index("|")] if "|" in words else words
        target = None
        if ">" in words:
            target, words = self._home / words[words.index(">") + 1], words[:words.index(">")]
        if example.how == "parse" or words[0] in UNTRIED or any(_is_open(word) for word in words):
            make_app().parse_args(words, exit_on_error=False, print_error=False)
            return
        done = self._pyscrai(*words)
        wanted = {int(example.what)} if example.how == "exit" else FINE
        assert done.code in wanted, f"pyscrai {' '.join(words)} ended with {done.code}: {done.err}"
        if target is not None:
            target.write_text(done.out, encoding="utf-8")


def _is_open(word: str) -> bool:
    """Whether a word stands for something that is not here: another's model, or a name in capitals."""
    return any(f"{prefix}:" in word for prefix in PROVIDERS) or re.search(r"(^|=)[A-Z]{3,}$", word) is not None


def _asks_for_a_route(words: list[str]) -> None:
    from pyscrai.config.settings import Settings
    from pyscrai.databases.api.app import create_app

    address = next(word for word in words if word.startswith("http"))
    path = re.sub(r"https?://[^/]+", "", address).partition("?")[0]
    method = words[words.index("-X") + 1].lower() if "-X" in words else "post" if {"-d", "--data", "--json"} & set(
        words) else "get"
    routes: Mapping[str, Any] = create_app(Settings()).openapi()["paths"]
    patterns = {re.sub(r"\{[^}]+\}", "[^/]+", route): methods for route, methods in routes.items()}
    assert any(re.fullmatch(pattern, path) and method in methods for pattern, methods in patterns.items()), path


def _merged(base: str, part: str) -> str:
    yaml = YAML()
    whole, added = yaml.load(base), yaml.load(part)

    def merge(into: Any, more: Any) -> None:
        for key, value in more.items():
            if isinstance(value, Mapping) and isinstance(into.get(key), Mapping):
                merge(into[key], value)
            else:
                into[key] = value

    merge(whole, added)
    from io import StringIO

    out = StringIO()
    yaml.dump(whole, out)
    return out.getvalue()


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()) or "    pass"
