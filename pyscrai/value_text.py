"""Values as people and prompts read them: ``true``, ``6.8``, ``["a", "b"]``, never a program's notation."""

from __future__ import annotations

import json
import re
from typing import Any

DIGITS = 12
"""Significant digits of a number that is shown: beyond them stand the errors of binary fractions."""

LONG = 80
"""Characters of a change that is shown whole."""

_UNSEEN = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON leaves as it is, and what begins a line or turns one around where it is shown."""

_PLAIN = re.compile(r"[^\s\[\]{}\"=;][^\[\]{}\"=;]*(?<!\s)")


def value_text(value: Any) -> str:
    """A value of a variable, parameter or argument; a text as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bool | list | tuple | dict) or value is None:
        text = json.dumps(_rounded(value), ensure_ascii=False, default=str)
        return text if text.isprintable() else _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return str(value)


def quoted_text(value: Any) -> str:
    """A value among others: a text that could be taken for more than one value stands in quotation marks, as JSON.

    A whole number stands without a point, as it is mostly said.
    """
    if isinstance(value, float):
        return number_text(value, whole=True)
    if isinstance(value, str) and not (value.isprintable() and _PLAIN.fullmatch(value)):
        return json.dumps(value, ensure_ascii=not value.isprintable())
    return value_text(value)


def change_text(old: Any, new: Any) -> str:
    """A change of a value: ``4 → 5``; of a long list or map what was taken out and put in, ``− "rust"``."""
    whole = f"{value_text(old)} → {value_text(new)}"
    if len(whole) <= LONG:
        return whole
    match old, new:
        case list(), list():
            parts = [f"{sign} {value_text([item])[1:-1]}" for sign, items in (
                ("−", _apart(old, new)), ("+", _apart(new, old))) for item in items]
        case dict(), dict():
            parts = [f"{key}: {change_text(old.get(key), new.get(key))}" for key in {**old, **new}
                     if old.get(key) != new.get(key)]
        case _:
            return whole
    told = ", ".join(parts)
    return told if parts and len(told) < len(whole) else whole


def _apart(items: list[Any], others: list[Any]) -> list[Any]:
    """The items that the others lack, each as often as it is missing there."""
    left = list(others)
    apart = []
    for item in items:
        if item in left:
            left.remove(item)
        else:
            apart.append(item)
    return apart


def number_text(value: float, *, whole: bool = False) -> str:
    """A number without the noise of its last digits: 6.8 for 6.800000000000001; 2.0 stays 2.0.

    Args:
        whole: show a whole number without a point.
    """
    text = repr(float(f"{value:.{DIGITS}g}"))
    return text.removesuffix(".0") if whole else text


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: _rounded(part) for key, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
    return value
