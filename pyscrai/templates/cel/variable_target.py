"""What a ``set`` sets: a variable, or one entry of it: ``payoff[mover]``."""

from __future__ import annotations

from typing import NamedTuple

EVERY = "*"
"""The key that stands for every role of a variable with a value for each, which the expression reads as ``role``."""


class VariableTarget(NamedTuple):
    """A variable and, where one entry of it is set, the expression of the entry's key."""

    variable: str
    key: str | None = None


def variable_target(target: str) -> VariableTarget:
    """The parts of a ``set`` key."""
    variable, bracket, rest = target.partition("[")
    return VariableTarget(variable, rest.removesuffix("]").strip() if bracket else None)
