"""What functions do with values; arguments are of any type, and one that does not fit is an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pyscrai.templates.cel.computation import LONGEST_TEXT, Computation, WorkSpent, words_of


def size_of(value: Any) -> int:
    """UTF-8 bytes of a text (as CEL's library counts), items of a list or map."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list | tuple | Mapping):
        return len(value)
    raise TypeError(f"{words_of(value)} has no size")


def of_texts(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose arguments must all be texts."""
    def checked(*values: Any) -> Any:
        for value in values:
            if not isinstance(value, str):
                raise TypeError(f"this needs a text, not {words_of(value)}")
        return compute(*values)

    return checked


def int_of(value: Any) -> int:
    """A number without its fraction, or the number that a text spells."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"int() takes a number, not {words_of(value)}")
    return int(value)


def double_of(value: Any) -> float:
    """A number with a point."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"double() takes a number, not {words_of(value)}")
    return float(value)


def string_of(value: Any) -> str:
    """A value as text; a whole number without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if value != value else "inf" if value > 0 else "-inf"
        return format(Decimal(repr(value)).normalize(), "f")
    raise TypeError(f"string() takes a number, not {words_of(value)}")


def number_of(value: Any) -> Any:
    """A value that must be a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"this needs a number, not {words_of(value)}")
    return value


def numbers_of(values: Any) -> list[Any]:
    """The numbers of a list, or the values of a map."""
    if isinstance(values, Mapping):
        values = list(values.values())
    if not isinstance(values, list | tuple):
        raise TypeError(f"this needs a list of numbers, not {words_of(values)}")
    return [number_of(value) for value in values]


def extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    """`min` or `max`, over arguments or over one list."""
    def compute(*values: Any) -> Any:
        found = numbers_of(values[0]) if len(values) == 1 and not isinstance(values[0], int | float) else [
            number_of(value) for value in values]
        if not found:
            raise ValueError("an empty list has no least and no greatest")
        return choose(found)

    return compute


def rounded(number: Any, digits: int | None = None) -> Any:
    """The nearest integer, or the number with so many digits; halves go up."""
    number = number_of(number)
    if digits is None:
        return math.floor(number + 0.5)
    if not 0 <= digits <= 15:
        raise ValueError("round() keeps 0 to 15 digits")
    return float(Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP"))


def clamped(number: Any, low: Any, high: Any) -> Any:
    """The number, kept between two bounds."""
    return max(number_of(low), min(number_of(high), number_of(number)))


def root_of(number: Any) -> float:
    """The square root."""
    return math.sqrt(number_of(number))


def sum_of(values: Any) -> Any:
    """The sum of a list; 0 of an empty one."""
    return sum(numbers_of(values))


def average(compute: Callable[[list[float]], float]) -> Callable[[Any], float]:
    """`mean` or `median`, of a list that is not empty."""
    def of_list(values: Any) -> float:
        found = [float(value) for value in numbers_of(values)]
        if not found:
            raise ValueError("an empty list has no mean")
        return float(compute(found))

    return of_list


def list_of(values: Any) -> list[Any]:
    """A new list of the items of a list, or of the keys of a map."""
    if isinstance(values, Mapping):
        return list(values)
    if not isinstance(values, list | tuple):
        raise TypeError(f"this needs a list, not {words_of(values)}")
    return list(values)


def sorted_list(run: Computation, values: Any) -> list[Any]:
    """The items in ascending order; all numbers or all texts."""
    found = list_of(values)
    run.spend_on_texts(found, times=len(found).bit_length())
    kinds = {float if type(value) is int else type(value) for value in found}
    if len(kinds) > 1 or not kinds <= {float, str, bool}:
        raise TypeError("only numbers, or only texts, can be put in order")
    return sorted(found)


def distinct(run: Computation, values: Any) -> list[Any]:
    """The items, each once."""
    found: list[Any] = []
    seen: set[tuple[type, str]] = set()
    for value in list_of(values):
        run.spend_on_all(value)
        key = type(value), repr(value)
        if key not in seen:
            seen.add(key)
            found.append(value)
    return found


def joined(run: Computation, values: Any, between: str = "") -> str:
    """The items as one text."""
    if not isinstance(between, str):
        raise TypeError(f"this needs a text, not {words_of(between)}")
    texts = [string_of(value) for value in list_of(values)]
    length = sum(map(len, texts)) + len(between) * len(texts)
    if length > LONGEST_TEXT:
        raise WorkSpent(f"a text is longer than {LONGEST_TEXT:,} characters")
    return between.join(texts)


def keys_of(values: Any) -> list[Any]:
    """The keys of a map."""
    if not isinstance(values, Mapping):
        raise TypeError(f"{words_of(values)} has no keys")
    return list(values)


def values_of(values: Any) -> list[Any]:
    """The values of a map."""
    return [values[key] for key in keys_of(values)]
