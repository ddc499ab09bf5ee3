"""The conversation's flow: from what was done in a step to who acts in the next one, as pure functions."""

from __future__ import annotations

from pyscrai.engines.agents.metrics import tally
from pyscrai.engines.orchestration.activations import activation, analyst_of, due_measures, schedule
from pyscrai.engines.orchestration.ends import check_ends
from pyscrai.engines.orchestration.rounds import (
    count_turns,
    leave_out_absent,
    present_round,
)
from pyscrai.engines.orchestration.standstill import stand_still
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.orchestration.transitions import follow_transition, kinds_of
from pyscrai.engines.orchestration.world import apply_injects, apply_moves, apply_rules
from pyscrai.engines.state import moves_of
from pyscrai.events import SpeakerChosen


def open_play(step: Step) -> Step:
    """The first step: variables at their first values, the first phase, what is due at turn 0, the first speakers."""
    scenario = step.plan.scenario
    step.variables = {name: variable.first(step.plan.members(variable.holders))
                      for name, variable in scenario.variables.items()} | dict(step.plan.variables)
    step.change(scenario.setup, cause="setup")
    step.enter(scenario.flow.start, cause="start")
    apply_injects(step, entered=True)
    apply_injects(step)
    schedule(step)
    return step


def advance(step: Step) -> Step:
    """Everything that follows from the turns of a step.

    In this order: changes by moves, rules, injects, measures that the play waits for, ends, transitions, next speakers;
    the last two only while no end has been reached.
    """
    _count_turns(step)
    apply_moves(step)
    apply_rules(step)
    apply_injects(step)
    awaited = [measure.name for measure in due_measures(step, after=True)]
    if awaited:
        step.clock["awaited"] = {"names": awaited, "kinds": sorted(kinds_of(step))}
        step.next = [{**activation(analyst_of(step), "measure", step.turn), "measures": awaited, "detail": "after"}]
        return step
    return _lead_on(step)


def gather(step: Step) -> Step:
    """Go on where several roles acted at once: after a round of all at once, or after measures that were waited for."""
    return _lead_on(step) if "awaited" in step.clock else advance(step)


def _count_turns(step: Step) -> None:
    clock, phase = step.clock, step.plan.phases[step.phase]
    if step.played and "moves" in step.plan.reads:
        earlier = clock.get("moves", []) if present_round(step, phase).done else []
        clock["moves"] = [*earlier, *({"role": turn["role"], "action": move["action"], "args": move["arguments"]}
                                      for turn in step.played for move in moves_of(turn))]
    clock["seconds"] += max((turn.get("seconds", 0.0) for turn in step.played), default=0.0)
    clock["phase_turns"] += len(step.played)
    count_turns(step, phase)
    clock["last"] = step.played[-1]["role"] if step.played else clock["last"]
    for turn in step.played:
        tally(step.plan, clock["spoken"], turn)
        if "turns" in clock:
            clock["turns"][turn["role"]] = clock["turns"].get(turn["role"], 0) + 1
        for kind in turn.get("kinds") or ():
            clock["events"][kind] = clock["events"].get(kind, 0) + 1


def _lead_on(step: Step) -> Step:
    """Ends, transitions, and who is next."""
    clock = step.clock
    taken = (clock.pop("awaited", None) or {}).get("names", [])
    phase = step.plan.phases[step.phase]
    leave_out_absent(step, phase)
    now = present_round(step, phase)
    resolved = now.over or phase.spec.order != "simultaneous"
    if resolved:
        check_ends(step)
    played, left = clock["phase_turns"], False
    if step.outcome is None and resolved:
        left = follow_transition(step, phase, over=now.over)
    schedule(step, phase=phase, played=played, left=left, taken=taken)
    stand_still(step)
    return step


def choose(step: Step, chosen: str, reason: str) -> Step:
    """A moderator picked who speaks next."""
    step.record(SpeakerChosen, source=step.plan.phases[step.phase].spec.moderator, chosen=chosen, reason=reason)
    step.next = [activation(chosen, "speak", step.turn + 1)]
    return step
