"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyscrai.cli.command_table import COMMANDS
from pyscrai.cli.exit_codes import Exit, of_error
from pyscrai.cli.terminal.folded import folded
from pyscrai.errors import ConfigError, Problem, PyscraiError, TemplateError
from pyscrai.exports.transcript_entry import clean

if TYPE_CHECKING:
    from cyclopts import CycloptsError

DEBUG = "PYSCRAI_DEBUG"
"""Set to 1, this environment variable shows tracebacks."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def report(error: BaseException, *, as_json: bool) -> Exit:
    """Say what went wrong on stderr, with ``--json`` also as the last line of stdout.

    Returns:
        The exit code of the process.
    """
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        error = ConfigError(f"the output cannot be written: {error.strerror}", code="output.file",
                            cure="make room there, or send it elsewhere")
    if not isinstance(error, PyscraiError):
        error = _unexpected(error)
        code = Exit.FAILED
    else:
        code = of_error(error)
    _on_stderr(error)
    if as_json:
        try:
            _on_stdout(error.as_dict(), code)
        except BrokenPipeError:
            raise
        except OSError:     # where it cannot be told it was told on stderr
            return code
    return code


def report_usage(error: CycloptsError, tokens: list[str], *, as_json: bool) -> Exit:
    """Say in one line what is wrong with the command line."""
    message = " ".join(str(error).split())
    command = "pyscrai"
    if tokens and not tokens[0].startswith("-"):
        command = f"pyscrai {tokens[0]}"
    cure = f"see `{command} --help`" if _known(tokens) else "see `pyscrai --help`"
    wrong = PyscraiError(message, cure=cure, code="usage")
    _print(f"{_red('error')}: {clean(message)} ({cure})")
    if as_json:
        _on_stdout(wrong.as_dict(), Exit.USAGE)
    return Exit.USAGE


def _known(tokens: list[str]) -> bool:
    return bool(tokens) and tokens[0] in COMMANDS


def show(error: Mapping[str, Any]) -> None:
    """Print an error, given as plain data, for a person: its code and message, then the cure."""
    first, *rest = clean(error.get("message", "")).split("\n")
    _print("\n".join((f"{_red('error')} [{error.get('code', '')}]: {first}", *(f"  {line}" for line in rest))))
    if error.get("cure"):
        _print(f"  → {clean(error['cure'])}")
    _lead_on(str(error.get("code", "")))


def show_problems(problems: Sequence[Problem]) -> None:
    """Print the problems of templates: one a line, at a terminal with the line of the file and the cure below."""
    at_terminal, explained = sys.stderr.isatty(), set[str]()
    for problem in problems:
        mark = _red("error") if problem.severity == "error" else "warning"
        if not at_terminal:
            print(f"{mark} [{problem.code}]: {clean(problem)}".replace("\n", " "), file=sys.stderr)
            continue
        _show_problem(problem, mark)
        if problem.code not in explained:
            explained.add(problem.code)
            _lead_on(problem.code)


def _show_problem(problem: Problem, mark: str) -> None:
    from pyscrai.cli.terminal.source_excerpt import excerpt

    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part is not None)
    message = clean(f"{problem.field}: {problem.message}" if problem.field else problem.message).replace("\n", " ")
    _print(f"{mark} [{problem.code}]: {clean(place)}{': ' if place else ''}{message}")
    for line in excerpt(problem):
        print(line, file=sys.stderr)
    if problem.cure:
        _print(f"  → {clean(problem.cure)}")


def _print(text: str) -> None:
    print(folded(text, sys.stderr), file=sys.stderr)


def _lead_on(code: str) -> None:
    """Tell a person at a terminal where the code is explained."""
    from pyscrai.documentation.error_codes.table import ERROR_CODES

    if code in ERROR_CODES and sys.stderr.isatty():
        print(f"  more: pyscrai explain {code}", file=sys.stderr)


def _on_stderr(error: PyscraiError) -> None:
    if isinstance(error, TemplateError) and error.problems:
        show_problems(error.problems)
    else:
        show(error.as_dict())


def _on_stdout(error: dict[str, Any], code: Exit) -> None:
    from pyscrai.cli.terminal.output import json_line

    json_line({"error": error, "exit_code": int(code)})


def _unexpected(error: BaseException) -> PyscraiError:
    name = type(error).__name__
    return PyscraiError(f"something unforeseen happened: {name}: {error}" if str(error) else name, code="internal",
                        cure=f"set {DEBUG}=1 to see where, and report it")


def _red(text: str) -> str:
    return f"\x1b[1;31m{text}\x1b[0m" if sys.stderr.isatty() and not os.environ.get("NO_COLOR") else text
