"""The forms that texts in requests have: each pattern once, with the words that tell it to who missed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RUN_ID = r"^run_[0-9a-z]{12}$"
EXPERIMENT_ID = r"^exp_[0-9a-z]{12}$"
CELL = r"^\d{1,9}/[^/]{1,400}/\d{1,9}$"
ROLE = r"^[a-z][a-z0-9_]*$"
ALIAS = r"^[\w.:/-]+$"
VERSION = r"^\d{1,9}\.\d{1,9}\.\d{1,9}$"
TEMPLATE = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
REFERENCE = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(@\d+\.\d+\.\d+)?$"
ACTOR = r"^[\w .@-]+$"
EVENT_KIND = r"^[a-z_]{1,40}$"
IDEMPOTENCY_KEY = r"^[\x21-\x7e]+$"
VISIBLE = r"^[^\x00-\x1f\x7f]*$"
NO_NUL = r"^[^\x00]*$"

TOLD: Mapping[str, str] = {
    RUN_ID: "is no run's id, which is `run_` and twelve letters or digits",
    EXPERIMENT_ID: "is no experiment's id, which is `exp_` and twelve letters or digits",
    CELL: "is no place in a list of cells: send what `next` said",
    ROLE: "is no role's name, which has lower-case letters, digits and `_`",
    ALIAS: "is no alias, which has letters, digits and `_ . : / -`",
    VERSION: "is no version, which is three numbers such as `1.0.0`",
    TEMPLATE: "is no template's name, which has lower-case words joined by `-`",
    REFERENCE: "is no reference, which is a template's name, or one with a version such as `town-hall@1.0.0`",
    ACTOR: "is no name for a person, which has letters, digits, spaces and `. @ _ -`",
    EVENT_KIND: "is no kind of event",
    IDEMPOTENCY_KEY: "is no Idempotency-Key, which has visible ASCII characters alone",
    VISIBLE: "has a line break or another control character",
    NO_NUL: "has a NUL character",
}
"""What is said of a text that misses the pattern."""

LONGEST = 60


def told(item: Mapping[str, Any]) -> str:
    """A mistake as Pydantic found it, in words that name the value.

    Args:
        item: an entry of ``ValidationError.errors()``.
    """
    value, message = item.get("input"), str(item["msg"])
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return message
    shown = repr(value) if len(str(value)) <= LONGEST else f"{str(value)[:LONGEST]!r}…"
    if item["type"] == "string_pattern_mismatch":
        words = TOLD.get(item["ctx"]["pattern"])
        return f"{shown} {words}" if words else message
    return f"{message}, not {shown}" if " should " in message else message
