"""The house's own rules, where no linter knows them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pyscrai"
SCENARIOS = PACKAGE / "templates" / "library" / "scenarios"

MOST_LINES = 300
LONG_FOR_A_REASON = {
    "pyscrai/events.py": "one union: every kind of event, each a few lines",
    "pyscrai/databases/tables.py": "one schema: every table, each a few lines",
}

# Each with a letter in brackets, so that this file does not find itself.
FORBIDDEN_WORDS = {
    "a registry's host": r"p[y]pi\.org|pythonh[o]sted|registry\.n[p]mjs|deb\.d[e]bian",
    "a path of one machine": r"(?<![\w.~])/(r[o]ot|w[o]rk)/|\.\./sh[a]red",
}


def tracked(pattern: str = "*") -> list[Path]:
    """Files of the work tree that git keeps or would keep."""
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
                         cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return sorted({ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()})


def sources(folder: Path = PACKAGE) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def here(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_modules_are_small() -> None:
    lengths = {here(path): len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")
               if path.parent.name != "versions"}     # a migration is one step, however long
    long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    assert not [f"{name}: {long[name]}" for name in long.keys() - LONG_FOR_A_REASON], "one noun a module: split it"
    assert not LONG_FOR_A_REASON.keys() - long.keys(), "an exception that is no longer needed: remove it"


def test_no_module_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "_util"}
    assert not [here(path) for path in tracked("*.py") if {path.stem, path.parent.name} & drawers]


def test_init_files_are_quiet() -> None:
    def is_quiet(node: ast.stmt) -> bool:
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant)
        names = [getattr(target, "id", "") for target in node.targets] if isinstance(node, ast.Assign) else [""]
        return all(name.startswith("__") for name in names)

    # The package's own says where the Python interface is, and imports it when it is used.
    loud = [here(path) for path, module in sources() if path.name == "__init__.py"
            and not all(is_quiet(node) for node in module.body) and path != PACKAGE / "__init__.py"]
    assert not loud


def test_only_the_command_line_starts_an_event_loop() -> None:
    starters = {("asyncio", "run"), ("uvloop", "run"), ("asyncio", "Runner"), ("loop", "run_until_complete")}
    found = [f"{here(path)}:{node.lineno}" for path, module in sources() if PACKAGE / "cli" not in path.parents
             for node in ast.walk(module) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
             and (node.value.id, node.attr) in starters]
    assert not found


def test_nothing_is_connected_at_import() -> None:
    connecting = {"create_engine", "create_async_engine", "sessionmaker", "async_sessionmaker", "AsyncClient", "Client",
                  "ChatOpenAI", "AsyncOpenAI", "FastAPI"}

    def calls(module: ast.Module) -> Iterator[ast.Call]:
        for statement in module.body:
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from (node for node in ast.walk(statement) if isinstance(node, ast.Call))

    def name(call: ast.Call) -> str:
        return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")

    found = [f"{here(path)}:{call.lineno}" for path, module in sources() for call in calls(module)
             if name(call) in connecting]
    assert not found


def test_shipped_scenarios_graphs_and_studio_are_in_step() -> None:
    templates = {path.stem for path in SCENARIOS.glob("*.yaml")}
    graphs = {path.stem for path in (ROOT / "graphs").glob("*.py")}
    studio = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
    assert templates, "no scenario is shipped"
    assert graphs == {name.replace("-", "_") for name in templates}
    assert {name: _graph_path(spec) for name, spec in studio.items()} == {
        name: f"graphs/{name.replace('-', '_')}.py:graph" for name in templates}


def _graph_path(spec: str | dict[str, str]) -> str:
    return (spec if isinstance(spec, str) else spec["path"]).removeprefix("./")


@pytest.mark.parametrize("folder", ["scenarios", "agents"])
def test_shipped_templates_are_named_as_their_files(folder: str) -> None:
    for path in (SCENARIOS.parent / folder).glob("*.yaml"):
        name = re.search(r"^name:\s*([\w-]+)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert name is not None, here(path)
        assert name[1] == path.stem, here(path)


@pytest.mark.parametrize("what", FORBIDDEN_WORDS)
def test_no_file_names(what: str) -> None:
    word = re.compile(FORBIDDEN_WORDS[what])
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{here(path)}:{number}" for number, line in enumerate(text.splitlines(), 1) if word.search(line)]
    assert not found


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "AGENTS.md", "LICENSE"])
def test_a_reader_finds(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").strip()


def test_documents_name_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in tracked("*.md"):
        named = set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8")))
        assert named <= targets, here(path)


def test_documents_link_only_to_files_that_exist() -> None:
    broken = [f"{here(path)}: {link}" for path in tracked("*.md")
              for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))
              if not (path.parent / link).exists()]
    assert not broken


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def distributions(requirements: Iterable[str]) -> set[str]:
    """The normalised names of what requirements ask for."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[\[><=~!; ]", line, maxsplit=1)[0]).lower() for line in requirements}


def test_version_and_pins_are_in_step() -> None:
    quiet = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{project()["version"]}"' in quiet
    pins = set(re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    extras = [line for extra in project()["optional-dependencies"].values() for line in extra]
    assert not distributions(project()["dependencies"] + extras) - pins, "run `make constraints`"


def test_the_command_line_starts_light() -> None:
    """`pyscrai --help` must not wait for a database, a graph or a model's SDK."""
    heavy = ["openai", "langchain_openai", "langchain_core", "langgraph", "sqlalchemy", "fastapi", "xllamacpp"]
    code = f"import sys, pyscrai.cli.main, pyscrai.cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() == "[]"


STAGE_WORDS = {"desk", "joint", "together", "exits", "opening", "closing", "stage", "curtain", "noting", "looking"}
"""Words that say nothing of what a module holds."""
NOUNS_IN_ING = {"binding", "housekeeping", "meaning", "setting"}
"""Words in -ing that name a thing of the field."""

def test_modules_are_named_by_nouns() -> None:
    """Nobody guesses the class inside from a gerund or a word of the stage."""
    named = {here(path): path.stem.split("_") for path in PACKAGE.rglob("*.py")}
    assert not {name for name, words in named.items()
                if (words[-1].endswith("ing") and words[-1] not in NOUNS_IN_ING) or STAGE_WORDS & set(words)}


def test_no_class_name_stands_in_two_packages() -> None:
    packages: dict[str, set[Path]] = {}
    for path, module in sources():
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                packages.setdefault(node.name, set()).add(path.parent)
    doubles = [name for name, found in sorted(packages.items()) if len(found) > 1]
    assert not doubles, "one name for one thing: give one of them another"


OWN_TRANSACTIONS = {
    "dependencies": "gives them to the others",
    "access": "looks up who asks, before the request begins", "event_hub": "reads for all streams",
    "events": "a stream reads on as long as it is followed",
    "idempotency": "looks up an answer before and beside the work",
    "exports": "the runs are chosen, or one is read, before an export that may take minutes is written and sent",
    "experiments": "the plan is read before work that may take minutes",
    "templates": "the stored agents are read before a check that may take seconds",
    "runs": "a run as it stands after the request has changed it"}
"""Modules of the API that open transactions, each with its reason."""


def test_a_request_has_one_session() -> None:
    opening = {path.stem for path, module in sources(PACKAGE / "databases" / "api") for node in ast.walk(module)
               if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
               and node.func.attr in ("read", "session") and "database" in ast.unparse(node.func.value)}
    assert opening == set(OWN_TRANSACTIONS), "take `Session` or `Writing`, or call a service"


def test_docstrings_of_functions_begin_with_a_verb_or_a_noun() -> None:
    asking = re.compile(r"(What|Where|Who|Whom|Whose|Which|When|How)\b")
    found = [f"{here(path)}:{node.lineno}" for path, module in sources() for node in ast.walk(module)
             if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
             and asking.match(ast.get_docstring(node) or "")]
    assert not found
