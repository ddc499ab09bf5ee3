"""The problems of templates, in the form that a person, a program or a code host reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter

from pyscrai.cli import error_report
from pyscrai.cli.exit_codes import Exit
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError, Problem
from pyscrai.exports.json_text import dumps

Form = Literal["text", "json", "github", "sarif"]

ProblemForm = Annotated[Form | None, Parameter(name="--format", help=(
    "text (the default), json as --json, github for annotations of GitHub Actions, sarif for a SARIF 2.1.0 log."))]


def form_of(form: Form | None, *, as_json: bool) -> Form:
    """The form that the options ask for.

    Raises:
        ConfigError: they ask for two.
    """
    if as_json and form not in (None, "json"):
        raise ConfigError(f"--json and --format {form} are two forms", code="usage", cure="give one of them")
    return "json" if as_json else form or "text"


def print_problems(problems: Sequence[Problem], *, counted: int, what: str, form: Form, strict: bool) -> Exit:
    """Print all problems, and say whether the files are valid.

    Args:
        counted: how many valid templates or files there are.
        what: what is counted, in the singular.
        strict: warnings count as errors.

    Returns:
        The exit code: 0 if all is valid.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    wrong = list(problems) if strict else errors
    if form == "json":
        for problem in problems:
            output.json_line(problem.as_dict())
        output.json_line({"valid": not wrong, f"{what}s": counted, "errors": len(errors),
                          "warnings": len(problems) - len(errors)})
    elif form == "github":
        from pyscrai.exports.annotation import annotation

        for problem in problems:
            output.say(annotation(problem))
    elif form == "sarif":
        from pyscrai.exports.sarif import sarif_log

        output.say(dumps(sarif_log(problems), indent=2))
    else:
        _as_text(problems, wrong, counted, what)
    return Exit.USAGE if wrong else Exit.COMPLETED


def _as_text(problems: Sequence[Problem], wrong: Sequence[Problem], counted: int, what: str) -> None:
    error_report.show_problems(problems)
    errors = sum(problem.severity == "error" for problem in problems)
    told = ", ".join(_counted(number, each) for number, each in ((errors, "error"), (len(problems) - errors, "warning"))
                     if number)
    if wrong:
        output.note(told)
    else:
        output.say(", ".join(filter(None, (f"{_counted(counted, what)} valid", told))))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
