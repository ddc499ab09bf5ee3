"""Jinja in a cage: a text can read what it is given and do nothing that costs more than the text is worth.

The checks of templates refuse such texts when they are stored; this is what holds where a text comes another way.
"""

from __future__ import annotations

from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 200_000
"""Characters, or bits of a number, that one operation may give."""

READING = frozenset({"items", "keys", "values", "get", "lower", "upper", "title", "capitalize", "strip", "lstrip",
                     "rstrip", "startswith", "endswith", "split", "count", "find"})
"""Methods that read what they belong to and give nothing larger."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Without Jinja's own functions, with bounds on what operators give, and with no method but those that read."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, **options)
        self.globals.clear()
        for name in ("center", "format", "indent", "pprint", "wordwrap", "xmlattr", "batch", "slice", "map", "attr"):
            self.filters.pop(name, None)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a text may read this."""
        return super().is_safe_attribute(obj, attr, value) and (not callable(value) or attr in READING)

    def wrap_str_format(self, value: Any) -> None:
        """``str.format`` is a method like others that do more than read: not allowed, so not wrapped."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute what stays small."""
        if operator == "%" and isinstance(left, str | bytes):
            raise SecurityError("a text cannot be formatted with %")
        if operator == "*" and _size(left) * _size(right) > LONGEST:
            raise SecurityError("this multiplication gives too much")
        if operator == "**" and (not isinstance(right, int | float) or abs(right) > 64 or _size(left) > 64):
            raise SecurityError("this power gives too much")
        return super().call_binop(context, operator, left, right)


def _size(value: Any) -> int:
    """What a factor can make of the other one: the length of a text or list, the value of a number beside them."""
    if isinstance(value, str | bytes | list | tuple):
        return len(value)
    return min(abs(int(value)), 2**63) if isinstance(value, int | float) and value == value else 1
