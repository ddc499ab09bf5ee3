"""A problem of a template as an annotation of GitHub Actions, which shows it beside the line."""

from __future__ import annotations

from pyscrai.errors import Problem
from pyscrai.exports.transcript_entry import clean


def annotation(problem: Problem) -> str:
    """The command for one problem, on one line: ``::error file=talk.yaml,line=3,col=5,title=CODE::message``."""
    places = {"file": problem.file, "line": problem.line, "col": problem.column if problem.line else None,
              "title": problem.code}
    properties = ",".join(f"{name}={_property(value)}" for name, value in places.items() if value is not None)
    field = f"{problem.field}: " if problem.field else ""
    cure = f" ({problem.cure})" if problem.cure else ""
    return f"::{problem.severity} {properties}::{_data(f'{field}{problem.message}{cure}')}"


def _data(value: object) -> str:
    return clean(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
