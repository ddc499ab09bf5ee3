"""What a transcript is made of: entries, and the plain words for what events hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pyscrai.audience import heard, without_kept_back
from pyscrai.value_text import value_text

Line = Mapping[str, Any]
"""An event as plain data: its envelope and the fields of its payload side by side."""

Tone = Literal["premise", "heading", "speech", "inject", "action", "change", "analysis", "report", "note", "warning",
               "status"]

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One paragraph of a transcript.

    ``to`` names who alone heard it (empty where all did), ``tag`` is a short label such as an action's or a measure's
    name, ``detail`` marks the machinery that a reader of the play can do without.
    """

    tone: Tone
    text: str
    role: str = ""
    who: str = ""
    to: str = ""
    tag: str = ""
    turn: int = 0
    seq: int = 0
    detail: bool = False
    aside: str = ""
    """What was said about it, such as the rationale of a score."""


def clean(text: object) -> str:
    """Any value as text without control characters: what a model says must not steer the terminal that shows it."""
    return "" if text is None else _CONTROLS.sub("", value_text(text).replace("\r\n", "\n"))


def titled(name: str) -> str:
    """An identifier as a title: ``first_reaction`` is *First reaction*."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def pairs(values: Mapping[str, Any]) -> str:
    """Arguments as ``name: value`` pairs."""
    return ", ".join(f"{name}: {clean(value)}" for name, value in values.items() if value not in (None, ""))


def outcome_text(outcome: Mapping[str, Any] | None) -> str:
    """An outcome in words: which end fired and why."""
    if not outcome:
        return ""
    label = titled(str(outcome.get("label") or outcome.get("end") or ""))
    reason = clean(outcome.get("reason") or "")
    return f"{label}: {reason}" if label and reason else label or reason


def heard_by(lines: Iterable[Line], role: str) -> Iterator[Line]:
    """The events that ``role`` may know: what was said to it or by it."""
    return (without_kept_back(line["kind"], line) for line in lines if heard(
        role, kind=line["kind"], audience=line.get("audience") or [], source=line.get("source")))
