"""What operators do with values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from pyscrai.templates.cel.computation import (
    CHARACTERS_A_STEP,
    LARGEST,
    LONGEST_LIST,
    LONGEST_TEXT,
    SMALLEST,
    Computation,
    WorkSpent,
    words_of,
)


def whole(value: Any) -> Any:
    """A number that fits into 64 bits.

    Raises:
        OverflowError: an integer does not.
    """
    if type(value) is int and not SMALLEST <= value <= LARGEST:
        raise OverflowError("the number is too large")
    return value


def _fit(operator: str, left: Any, right: Any) -> TypeError:
    return TypeError(f"{operator} cannot be used on {words_of(left)} and {words_of(right)}")


def _add(run: Computation, left: Any, right: Any) -> Any:
    if type(left) is type(right):
        if type(left) in (int, float):
            return whole(left + right)
        if isinstance(left, str):
            if len(left) + len(right) > LONGEST_TEXT:
                raise WorkSpent(f"a text is longer than {LONGEST_TEXT:,} characters")
            run.spend((len(left) + len(right)) // CHARACTERS_A_STEP)
            return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return _bounded(run, [*left, *right])
    raise _fit("+", left, right)


def _bounded(run: Computation, items: list[Any]) -> list[Any]:
    if len(items) > LONGEST_LIST:
        raise WorkSpent(f"a list has more than {LONGEST_LIST:,} items")
    run.spend(len(items) // 8)
    return items


def _arithmetic(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Computation, Any, Any], Any]:
    def apply(run: Computation, left: Any, right: Any) -> Any:
        if type(left) is not type(right) or type(left) not in (int, float) or (sign == "%" and type(left) is float):
            raise _fit(sign, left, right)
        return whole(compute(left, right))

    return apply


def _divide(left: Any, right: Any) -> Any:
    if type(left) is float:
        if right == 0.0:
            return float("nan") if left == 0.0 or left != left else float("inf") if (left > 0) == (
                str(right)[0] != "-") else float("-inf")
        return left / right
    if right == 0:
        raise ZeroDivisionError
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise ZeroDivisionError
    return left - right * int(_divide(left, right))


def _compare(sign: str, compute: Callable[[Any, Any], bool]) -> Callable[[Computation, Any, Any], bool]:
    def apply(run: Computation, left: Any, right: Any) -> bool:
        numbers = type(left) in (int, float) and type(right) in (int, float)
        if not numbers and (type(left) is not type(right) or not isinstance(left, str | bool)):
            raise _fit(sign, left, right)
        return compute(left, right)

    return apply


def equal(run: Computation, left: Any, right: Any) -> bool:
    """Whether two values are equal; values of different kinds never are."""
    run.spend(1)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(equal(run, one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(run, value, right[key]) for key, value in left.items())
    if isinstance(left, int) and isinstance(right, float):
        return float(left) == right
    if isinstance(left, float) and isinstance(right, int):
        return left == float(right)
    return bool(left == right)


def _within(run: Computation, left: Any, right: Any) -> bool:
    if isinstance(right, Mapping):
        return isinstance(left, str | int) and left in right
    if isinstance(right, list | tuple):
        return any(equal(run, left, item) for item in right)
    raise _fit("in", left, right)


OPERATORS: Mapping[str, Callable[[Computation, Any, Any], Any]] = {
    "+": _add, "-": _arithmetic("-", operator.sub), "*": _arithmetic("*", operator.mul),
    "/": _arithmetic("/", _divide), "%": _arithmetic("%", _remainder),
    "<": _compare("<", operator.lt), "<=": _compare("<=", operator.le), ">": _compare(">", operator.gt),
    ">=": _compare(">=", operator.ge), "==": equal, "!=": lambda run, left, right: not equal(run, left, right),
    "in": _within}
"""Two-sided operators but ``&&`` and ``||``, which do not always compute their right side."""
