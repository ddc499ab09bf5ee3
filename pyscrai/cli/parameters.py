"""Parameters that several commands share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from pyscrai.errors import RunError

Number = TypeVar("Number", int, float)

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON, one object a line.")]
RunId = Annotated[str, Parameter(name="RUN", help="A run's id, a unique beginning of it, or `last`.")]
Role = Annotated[str | None, Parameter(name="--role", help="Only this role.")]
Turn = Annotated[int | None, Parameter(name="--turn", help="Only this turn.")]
Target = Annotated[Path | None, Parameter(name=("--output", "-o"), help="The file to write; stdout if left out.")]
Actor = Annotated[str, Parameter(name="--as", help="Who asks, as the record names it; your user name if left out.")]


def read_pairs(given: Sequence[str], option: str, *, bare: bool = False) -> dict[str, Any]:
    """``NAME=VALUE`` arguments as a mapping; ``bare`` names may stand without a value.

    Raises:
        RunError: an argument is not of that form, or names something twice.
    """
    pairs: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not (equals or bare):
            raise RunError(f"{option} {text!r} is not of the form NAME=VALUE", code="usage",
                           cure=f"write {option} NAME=VALUE")
        if name in pairs:
            raise RunError(f"{option} gives {name} twice", code="usage", cure="give it once")
        pairs[name] = value
    return pairs


def read_values(given: Sequence[str], option: str) -> dict[str, Any]:
    """``NAME=VALUE`` arguments as a mapping; a value that is JSON is what it says, anything else is a text.

    Raises:
        RunError: as for ``read_pairs``.
    """
    values: dict[str, Any] = {}
    for name, text in read_pairs(given, option).items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def above_zero(value: Number | None, option: str) -> Number | None:
    """The value, if it is above 0 or not given.

    Raises:
        RunError: it is 0 or less.
    """
    if value is not None and value <= 0:
        raise RunError(f"{option} {value} is not above 0", code="usage", cure="give a number above 0")
    return value
