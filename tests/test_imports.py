"""The house's rules of imports: declared, late only for a reason, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.test_house import PACKAGE, ROOT, distributions, here, project, sources


def test_every_import_is_a_declared_dependency() -> None:
    """What is installed only because another package needs it can be gone tomorrow."""
    offered_by = packages_distributions()
    declared = distributions(project()["dependencies"])
    undeclared = {f"{name} ({here(path)})" for path, module in sources() for node in ast.walk(module)
                  for name in (full.split(".")[0] for full in _imported(node))
                  if name in offered_by and name != "pyscrai" and not distributions(offered_by[name]) & declared
                  and PACKAGE / IN_AN_EXTRA.get(name, "-") not in path.parents}
    assert not undeclared


IN_AN_EXTRA = {**dict.fromkeys(("matplotlib", "numpy", "scipy", "statsmodels"), "experiments"), "mcp": "mcp_server",
               "langchain_mcp_adapters": "factories",
               "opentelemetry": "telemetry"}
"""What is imported from an extra, and the package that alone does it, inside of functions or as below."""

IMPORTED_LATE = {"pyscrai.mcp_server"}
"""Packages that import from an extra at once, and are themselves imported inside of functions alone."""


def test_what_is_in_an_extra_is_imported_late() -> None:
    early = [f"{here(path)}: {name}" for path, module in sources() for statement in module.body
             if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
             and PACKAGE / "telemetry" not in path.parents   # the next test is about it
             and not any(PACKAGE.parent.joinpath(*late.split(".")) in path.parents for late in IMPORTED_LATE)
             for node in ast.walk(statement) for name in _imported(node)
             if name.split(".")[0] in IN_AN_EXTRA or ".".join(name.split(".")[:2]) in IMPORTED_LATE]
    assert not early


def test_telemetry_is_imported_where_it_is_switched_on() -> None:
    """The package of that name may import the extra `otel` at its top, since nobody imports the package at theirs."""
    plain = {"pyscrai.telemetry.figures"}
    early = [f"{here(path)}: {name}" for path, module in sources() if PACKAGE / "telemetry" not in path.parents
             for statement in module.body if isinstance(statement, ast.Import | ast.ImportFrom)
             for name in _imported(statement) if name.startswith("pyscrai.telemetry") and name not in plain]
    assert not early


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _modules() -> dict[str, tuple[Path, ast.Module]]:
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): (path, module)
            for path, module in sources()}


def _needs(nodes: Iterator[ast.AST], names: Mapping[str, object]) -> Iterator[str]:
    """The modules that imports among these nodes bring in, ours by their whole names."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (full if (full := f"{node.module}.{each.name}") in names else node.module
                        for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count, and those for type checkers too: two modules that name each other are one."""
    names = _modules()
    graph = {name: {needed for needed in _needs(ast.walk(module), names) if needed in names} - {name}
             for name, (_, module) in names.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(reversed(error.args[1]))) from None


# -- late imports ------------------------------------------------------------------------------------------------------

_EXTRA = "in the extras `experiments` and `mixed`: 0.1 to 1 s, for those who analyse experiments"
LATE: Mapping[str, Mapping[str, str]] = {
    "pyscrai.cli": {"": "a command starts in a tenth of a second: it imports what it needs when it is asked for"},
    "pyscrai": {"importlib": "`import pyscrai` imports the lab when it is used, and for that alone"},
    "pyscrai.databases.database": {"pyscrai.databases.migrations": "Alembic: 0.1 s, for those who migrate"},
    "pyscrai.databases.dialects.postgres": {
        "pyscrai.databases.dialects": "psycopg and its saver: 0.2 s, for those who use PostgreSQL"},
    "pyscrai.databases.dialects.sqlite": {
        "pyscrai.databases.dialects": "LangGraph's saver: 0.2 s, for those who play"},
    "pyscrai.databases.stored_names": {"psycopg": "completion in a shell is a tenth of a second, on SQLite without it"},
    "pyscrai.engines.agents.metrics": {"vaderSentiment": "it reads a lexicon of 400 kB, for those who measure with it"},
    "pyscrai.experiments": {
        "numpy": _EXTRA, "scipy": _EXTRA, "statsmodels": _EXTRA, "matplotlib": _EXTRA},
    "pyscrai.exports.formats": {"pyscrai.exports": "pyarrow and the others: 0.1 s, for who exports in that format"},
    "pyscrai.factories.mcp_servers": {
        "langchain_core": "it comes with the next", "langchain_mcp_adapters": "an extra, for those who use such tools"},
    "pyscrai.factories.telemetry": {"pyscrai.telemetry": "in the extra `otel`, for those who switch it on"},
    "pyscrai.lab.progress": {"IPython": "there in a notebook alone"},
    "pyscrai.llm.embedded.chat": {"pyscrai.llm.openai": "1.2 s, in which the server of the model starts"},
    "pyscrai.llm.embedded.child": {"xllamacpp": "the model's code, for the process that runs it"},
    "pyscrai.llm.models": {"pyscrai.llm.openai": "1.2 s, for those who use such a model"},
    "pyscrai.llm.prices": {"genai_prices": "0.16 s, for models that have a price"},
}
"""Package to what is imported inside of its functions, and why; ``""`` stands for anything."""


def _late(module: ast.Module, names: Mapping[str, object]) -> set[str]:
    return {name for function in ast.walk(module) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for name in _needs(ast.walk(function), names)}


def test_imports_inside_functions_have_a_reason() -> None:
    names, used, without = _modules(), set(), []
    for name, (path, module) in names.items():
        for late in sorted(_late(module, names)):
            reasons = [(package, target) for package, targets in LATE.items() if f"{name}.".startswith(f"{package}.")
                       for target in targets if not target or f"{late}.".startswith(f"{target}.")]
            used.update(reasons)
            without += [] if reasons else [f"{here(path)}: {late}"]
    assert not without, "import it at the top, or say in LATE what start-up it saves"
    assert used == {(package, target) for package, targets in LATE.items() for target in targets}


def test_nothing_is_imported_late_that_is_there_anyway() -> None:
    """What a module's own top brings in, itself or through what it imports, saves nothing inside of a function."""
    names = _modules()
    tops = {name: {*_needs(iter(_at_top(module)), names)} for name, (_, module) in names.items()}
    found = []
    for name, (path, module) in names.items():
        there, pending = set[str](), [name]
        while pending:
            fresh = tops.get(pending.pop(), set()) - there
            there |= fresh
            pending += fresh
        found += [f"{here(path)}: {late}" for late in sorted(_late(module, names) & there)]
    assert not found, "import it at the top"


def _at_top(module: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported."""
    for child in ast.iter_child_nodes(module):
        checking = isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"
        if not checking and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _at_top(child)
