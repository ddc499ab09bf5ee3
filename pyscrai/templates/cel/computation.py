"""One computation of an expression, and the steps that it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyscrai.templates.cel.scope import value_type

WORK = 100_000
"""Steps that computing one expression may take: every item of a macro counts as many as its body has parts."""

LONGEST_TEXT = 100_000
"""Characters that a text in an expression may have."""

LONGEST_LIST = 10_000
"""Items that a list in an expression may have."""

LARGEST_VALUE = 1_000_000
"""Characters and items, all together, that an expression's value may have."""

LARGEST, SMALLEST = 2**63 - 1, -2**63

CHARACTERS_A_STEP = 64


ALL_WORK = 10_000_000
"""Steps that all expressions of one step of a play may take together."""

ALLOWANCE = "(allowance)"
"""The name of the allowance in a context, where there is one: no name that a template or expression can have."""


class Allowance:
    """The steps that the expressions of one step of a play may still take, all together."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = ALL_WORK


class WorkSpent(Exception):
    """The expression takes more steps than it may; never an answer to ``||``."""


FAULTS = (LookupError, ArithmeticError, TypeError, ValueError)
"""What a computation that cannot be done raises."""


class Computation:
    """One computation of an expression: what it reads, its macros' variables, and the steps that are left."""

    __slots__ = ("_allowance", "_told", "context", "left", "local", "patterns")

    def __init__(self, context: Mapping[str, Any]) -> None:
        self.context = context
        self.local: dict[str, Any] = {}
        self.left = WORK
        self.patterns: dict[str, Any] = {}
        """The regular expressions that were made ready, with their weights."""
        self._allowance: Allowance | None = context.get(ALLOWANCE)
        self._told = 0

    @property
    def spent(self) -> int:
        """The steps that were taken."""
        return WORK - self.left

    def begin(self) -> None:
        """See that there is something left of what the whole step of the play may take.

        Raises:
            WorkSpent: nothing is left.
        """
        if self._allowance is not None and self._allowance.left < 0:
            raise WorkSpent(f"all expressions of one step of the play take more than {ALL_WORK:,} steps")

    def end(self) -> None:
        """Take what this computation took from what the whole step of the play may take."""
        if self._allowance is not None:
            self._allowance.left -= self.spent - self._told
            self._told = self.spent

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            WorkSpent: none are left.
        """
        self.left -= steps
        if self.left < 0:
            raise WorkSpent(f"it takes more than {WORK:,} steps")

    def spend_on(self, value: Any) -> None:
        """Spend what a text, list or map is worth."""
        if isinstance(value, str):
            self.spend(len(value) // CHARACTERS_A_STEP)
        elif isinstance(value, list | tuple | Mapping):
            self.spend(len(value))

    def spend_on_texts(self, values: Sequence[Any], *, times: int) -> None:
        """Spend what looking at all texts of a list takes, so many times."""
        self.spend(times * sum(len(value) // CHARACTERS_A_STEP for value in values if isinstance(value, str)))

    def spend_on_all(self, value: Any) -> None:
        """Spend what a value is worth with all that it holds."""
        self.spend_on(value)
        for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
            self.spend_on_all(part)


def bounded(value: Any) -> Any:
    """The value of an expression, which is not too large to be kept.

    A list may hold one text ten thousand times at no cost; written down it is as large as they are together.

    Raises:
        WorkSpent: it is.
    """
    left, pending = LARGEST_VALUE, [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            left -= len(part)
        elif isinstance(part, Mapping):
            left -= len(part)
            pending += [*part, *part.values()] if left > 0 else []
        elif isinstance(part, list | tuple):
            left -= len(part)
            pending += part if left > 0 else []
        if left < 0:
            raise WorkSpent(f"its value is larger than {LARGEST_VALUE:,} characters and items")
    return value


def words_of(value: Any) -> str:
    """The kind of a value in words: *an integer*."""
    return value_type(value).words


def truth_of(value: Any, what: str) -> bool:
    """The value of a part that must be true or false.

    Raises:
        TypeError: it is neither.
    """
    if value is True or value is False:
        return value
    raise TypeError(f"{what} is {words_of(value)}, not true or false")
