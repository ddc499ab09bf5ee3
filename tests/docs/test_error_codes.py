"""Every code that is raised anywhere is in the table, and every code of the table is raised somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pyscrai import errors
from pyscrai.documentation.error_code import ErrorCode
from pyscrai.documentation.error_codes.table import ERROR_CODES
from tests.cli.conftest import Pyscrai

PACKAGE = Path(__file__).parents[2] / "pyscrai"

CODE = re.compile(r"[a-z]+\.[a-z0-9_]+")

HELPERS = {"templates/checks": "template", "experiments": "experiment"}
"""Where a method `error`, `warn` or `unknown` takes a code without its family, and which family that is."""

COMPUTED = {"run.unknown_parameter", "run.unknown_role", "run.unknown_variable", "experiment.unknown_parameter",
            "experiment.unknown_variable"}
"""Codes that are put together where they are raised: `_unknown` of run_spec.py, `value` of experiments/checks.py."""


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
            for path in sorted(PACKAGE.rglob("*.py")) if path.parent.parent.name != "documentation"]


def raised() -> Iterator[tuple[str, str]]:
    """Every code with where it is raised."""
    for name, tree in trees():
        family = next((found for folder, found in HELPERS.items() if name.startswith(folder)), None)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from ((code, f"{name}:{node.lineno}") for code in _of_call(node, family))
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if (isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "code"
                            and isinstance(part.value, ast.Constant)):
                        yield part.value.value, f"{name}:{part.lineno}"     # type: ignore[misc]


def _of_call(node: ast.Call, family: str | None) -> Iterator[str]:
    logging = ast.unparse(node.func).startswith("_log.")
    for given in node.keywords:
        if given.arg == "code" and not logging:
            yield from _texts(given.value)
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not node.args or logging:
        return
    first = node.args[0]
    if called in ("error", "warn") and family:
        yield from (text if "." in text else f"{family}.{text}" for text in _texts(first))
    elif called == "unknown" and family:
        yield from (f"{family}.unknown_{re.sub('[ -]', '_', text)}" for text in _texts(first))
    elif called in ("problem", "FieldProblem", "_stop", "_problem"):
        yield from (text for text in _texts(first) if CODE.fullmatch(text))


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may give."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))


def families() -> set[str]:
    return {code.partition(".")[0] for code in ERROR_CODES if "." in code} - {"pyscrai"}


def literals() -> Iterator[tuple[str, str]]:
    """Every text of the source that looks like a code of a known family, but the names of log lines and of files."""
    for name, tree in trees():
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        logged = {id(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args
                  and ast.unparse(node.func).startswith(("_log.", "log."))}
        logged |= {id(node.args[1]) for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 1
                   and ast.unparse(node.func) == "_log.log"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in logged | parts:
                code = node.value
                if CODE.fullmatch(code) and code.partition(".")[0] in families() and code not in NO_CODES:
                    yield code, f"{name}:{node.lineno}"


NO_CODES = {"experiment.yaml", "report.md", "report.html"}
"""Names of files."""


def test_every_code_that_is_raised_has_an_entry() -> None:
    missing = {f"{code} ({where})" for code, where in (*raised(), *literals()) if code not in ERROR_CODES}
    assert not missing, "add it to pyscrai/documentation/error_codes"


def test_every_entry_is_raised_somewhere() -> None:
    known = {code for code, _ in (*raised(), *literals())} | COMPUTED
    assert sorted(set(ERROR_CODES) - known) == [], "an entry that nothing raises"


def test_every_class_of_error_has_an_entry() -> None:
    classes = [found for found in vars(errors).values() if isinstance(found, type)
               and issubclass(found, errors.PyscraiError)]
    assert {found.code for found in classes} <= set(ERROR_CODES)


@pytest.mark.parametrize("found", ERROR_CODES.values(), ids=list(ERROR_CODES))
def test_an_entry_says_what_it_should(found: ErrorCode) -> None:
    for text in (found.meaning, found.cause, found.cure):
        assert text.strip()
        assert text[0].isupper() or text[0] in "`(-", text
    assert found.meaning.endswith((".", ")")), found


def test_explain_prints_an_entry_and_guesses_at_others(pyscrai: Pyscrai) -> None:
    done = pyscrai("explain", "template.expression")
    assert (done.code, "Cause:" in done.out, "Cure:" in done.out, "](" in done.out) == (0, True, True, False)
    assert "template.expression" in pyscrai("explain", "expression").err
    assert "docs.code" in pyscrai("explain", "nonsense").err
