"""What a role may know at a turn: the only source from which prompts and summaries are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyscrai.audience import hears
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.state import Line, let_go


@dataclass(frozen=True, slots=True)
class View:
    """A role's knowledge: nothing in it comes from an event outside the role's audience."""

    role: str
    turn: int
    phase: str
    phase_title: str
    task: str
    summary: str
    lines: tuple[Line, ...]
    """What it heard since its summary, oldest first."""
    variables: Mapping[str, Any]
    recalled: tuple[str, ...] = ()
    """Memories from beyond the window that are brought back for this turn."""
    gone: int = -1
    """Lines up to this turn have left the state; the log has them."""
    spoken: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For the Analyst who measures: how much each role has said in its hearing so far, the whole play long."""
    acted: frozenset[str] | None = None
    """For the Analyst who measures: the roles that have taken a turn; None where that is not known."""


def known_lines(role: str, lines: Iterable[Line], *, after: int = -1) -> tuple[Line, ...]:
    """The lines that a role may know, of turns later than ``after``, in the order of their turns."""
    heard = [line for line in lines
             if line["turn"] > after and hears(role, audience=line["audience"], speaker=line["speaker"])]
    heard.sort(key=lambda line: line["turn"])
    return tuple(heard)


def view(plan: Plan, state: Mapping[str, Any], role: str, *, turn: int | None = None) -> View:
    """What ``role`` may know in ``state``."""
    memory = (state.get("memory") or {}).get(role) or {}
    name = state.get("phase", "")
    phase = plan.phases.get(name)
    analysis, clock = plan.scenario.analysis, state.get("clock") or {}
    measures = analysis is not None and role == analysis.by
    variables, lines = state.get("variables") or {}, state.get("messages") or ()
    return View(
        role=role, turn=turn if turn is not None else state.get("turn", 0), phase=name,
        phase_title=(phase.spec.title or name.replace("_", " ")) if phase else "",
        task=phase.spec.task if phase and role in (*phase.speakers, phase.spec.resolver) else "",
        summary=memory.get("summary", ""),
        lines=known_lines(role, lines, after=memory.get("after", -1)),
        gone=let_go(max((line["turn"] for line in lines), default=0), plan.keep_turns),
        variables={key: variables[key] for key in plan.visible.get(role, ()) if key in variables},
        spoken=clock.get("spoken", {}) if measures else {},
        acted=frozenset(clock["turns"]) if measures and "turns" in clock else None)
