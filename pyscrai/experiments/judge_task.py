"""What a judge is shown and asked: a transcript without what would tell its arm, in an order drawn for each item."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyscrai.exports.transcript_entry import clean, pairs, titled
from pyscrai.margin import INDENT, inside_margin
from pyscrai.prompts.library import load, render_text, text_hash
from pyscrai.templates.models.analysis import Measure

SHOWN = ("utterance", "action", "inject", "phase_entered")
"""Kinds of event that a judge reads: what was said, done and put into the world, never what was measured."""

SYSTEM, SCORE = "common/judge_system", "common/judge_score"


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """One line that a judge reads: its short id, the event that it is, and the text."""

    id: str
    key: str
    turn: int
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """One question to a judge: a measure of a role or of the whole play."""

    run_id: str
    measure: str
    of: str
    judge: str
    pass_: int
    shown_order: int
    seed: int


def transcript_lines(events: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[JudgedLine]:
    """The lines of a play, in order; an inject's label and who put it in are left out."""
    found: list[JudgedLine] = []
    for event in events:
        kind = event["kind"]
        if kind not in SHOWN or (kind == "phase_entered" and not event.get("text")):
            continue
        who = names.get(str(event.get("source") or ""), "") if kind in ("utterance", "action") else ""
        if kind == "utterance":
            text = str(event["text"])
        elif kind == "action":
            text = f"[{titled(event['action'])}] {pairs(event.get('arguments') or {})}"
        else:
            text = f"[Event] {event['text']}"
        whom = _whom(event, names)
        found.append(JudgedLine(f"L{len(found) + 1}", str(event["key"]), int(event["turn"]), who or "Event",
                                inside_margin(f"{who}{whom}: {clean(text)}" if who else clean(text))))
    return found


def _whom(event: Mapping[str, Any], names: Mapping[str, str]) -> str:
    audience = event.get("audience")
    if audience == "all" or not audience:
        return ""
    others = [names.get(role, role) for role in audience if role != event.get("source")]
    return f" (to {', '.join(others)})" if others and len(others) < len(names) - 1 else ""


def question(task: JudgeTask, measure: Measure, lines: Sequence[JudgedLine], *, of: str | None, conditions: str = ""
             ) -> tuple[str, str, dict[str, Any], dict[str, str]]:
    """The system text, the question, the reply's JSON Schema, and the hash of each prompt.

    Categories stand in an order drawn for this item, judge and pass, and a scale is told from its low or its high end,
    so that where an answer stands does not add up over the items.
    """
    chance = random.Random(task.seed)
    choices = list(measure.categories or ())
    chance.shuffle(choices)
    allowed: dict[str, Any] = ({"type": "integer", "minimum": measure.scale[0], "maximum": measure.scale[1]}
                               if measure.scale else {"enum": choices})
    ids = [line.id for line in lines]
    schema = {"type": "object", "additionalProperties": False, "required": ["rationale", "evidence", "value"],
              "properties": {"rationale": {"type": "string", "x-longest": 300},
                             "evidence": {"type": "array", "maxItems": 4, "items": {"enum": ids or [""]}},
                             "value": allowed}}
    transcript = "\n".join(f"{line.id} {line.text}" for line in lines)
    if any(INDENT in line.text for line in lines):
        transcript = f"(An indented line belongs to the line above it.)\n{transcript}"
    text = render_text(load(SCORE), {
        "transcript": transcript, "measure": measure, "of": of or "",
        "choices": choices, "falling": chance.random() < 0.5, "conditions": conditions})
    return load(SYSTEM).strip(), text, schema, {name: text_hash(load(name)) for name in (SYSTEM, SCORE)}
