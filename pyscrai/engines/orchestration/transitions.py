"""What leads from one phase to the next: the first transition that holds is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.engines.orchestration.context import rounds_over
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.rounds import number_now
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.orchestration.turn_order import waits_for_round
from pyscrai.engines.orchestration.world import apply_injects
from pyscrai.templates.cel.expression import truth
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Transition


def follow_transition(step: Step, phase: PhasePlan, *, over: bool) -> bool:
    """Take the first transition that holds.

    Args:
        over: whether a round of the phase is over.

    Returns:
        Whether the phase was left.
    """
    if waits_for_round(phase) and not over:
        return False
    turns = step.clock["phase_turns"]
    spent = phase.spec.max_turns is not None and turns >= phase.spec.max_turns
    context = step.context() if any(way.when is not None for way in phase.spec.next) else {}
    for transition in phase.spec.next:
        if _exhausted(step, transition.to):
            continue
        if (over if transition.bare else _holds(step, transition, phase, context)):
            _go(step, transition.to, cause=_cause(transition))
            return True
    if spent:
        open_ways = [way for way in phase.spec.next if not _exhausted(step, way.to)]
        way = next((way for way in open_ways if way.bare), open_ways[-1] if open_ways else None)
        _go(step, way.to if way else END, cause=f"max_turns {phase.spec.max_turns}")
    return spent


def _exhausted(step: Step, name: str) -> bool:
    bound = None if name == END else step.plan.phases[name].spec.max_visits
    return bound is not None and step.clock["visits"].get(name, 0) >= bound


def _holds(step: Step, transition: Transition, phase: PhasePlan, context: Mapping[str, Any]) -> bool:
    turns = step.clock["phase_turns"]
    if transition.after_turns is not None and turns < number_now(step, transition.after_turns):
        return False
    if transition.after_rounds is not None and (
            rounds_over(phase, step.clock) < number_now(step, transition.after_rounds)):
        return False
    if transition.on_event is not None and transition.on_event not in kinds_of(step):
        return False
    if transition.majority is not None:
        counts = step.clock["tally"].get(transition.majority.action, {}).get(transition.majority.field, {})
        wanted = transition.majority.value
        best = max(counts.values(), default=0)
        if wanted is not None:
            field = step.plan.scenario.actions[transition.majority.action].fields[transition.majority.field]
            best = counts.get(field.counted(wanted), 0)
        if best * 2 <= sum(counts.values()):
            return False
    return transition.when is None or truth(transition.when, context)


def _cause(transition: Transition) -> str:
    parts = [transition.when, f"after {transition.after_turns} turns" if transition.after_turns else None,
             f"after {transition.after_rounds} rounds" if transition.after_rounds else None,
             f"event {transition.on_event}" if transition.on_event else None,
             f"majority on {transition.majority.action}" if transition.majority else None]
    return " and ".join(part for part in parts if part) or "the round is over"


def _go(step: Step, name: str, *, cause: str) -> None:
    left = step.phase
    step.change(step.plan.phases[left].spec.on_leave, cause=f"phase {left} is over")
    if name == END:
        step.end("flow", f"phase {left} leads to the end: {cause}", label=left)
    else:
        step.enter(name, cause=cause)
        apply_injects(step, entered=True)


def kinds_of(step: Step) -> set[str]:
    """The kinds of event that happened in this turn."""
    return step.kinds.union((event.kind for event in step.events),
                            *(turn.get("kinds") or () for turn in step.played))
