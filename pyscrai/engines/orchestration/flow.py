"""The conversation's flow: from what was done in a step to who acts in the next one, as pure functions."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Any

from pyscrai.engines.agents.metrics import tally
from pyscrai.engines.orchestration.context import rounds_over
from pyscrai.engines.orchestration.ends import check_ends, goals
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.rounds import (
    Round,
    begin_round,
    count_turns,
    leave_out_absent,
    number_now,
    present_round,
)
from pyscrai.engines.orchestration.standstill import stand_still
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.orchestration.turn_order import candidates, in_turn, moderated, waits_for_round
from pyscrai.engines.orchestration.world import apply_injects, apply_moves, apply_rules
from pyscrai.engines.state import Activation, Played, moves_of
from pyscrai.events import SpeakerChosen
from pyscrai.templates.cel.expression import truth
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Transition


def open_play(step: Step) -> Step:
    """The first step: variables at their first values, the first phase, what is due at turn 0, the first speakers."""
    scenario = step.plan.scenario
    step.variables = {name: variable.first(step.plan.members(variable.holders))
                      for name, variable in scenario.variables.items()} | dict(step.plan.variables)
    step.change(scenario.setup, cause="setup")
    step.enter(scenario.flow.start, cause="start")
    apply_injects(step, entered=True)
    apply_injects(step)
    _schedule(step)
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
        step.clock["awaited"] = {"names": awaited, "kinds": sorted(_kinds(step))}
        step.next = [{**_activation(_analyst(step), "measure", step.turn), "measures": awaited, "detail": "after"}]
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
        left = _follow_transition(step, phase, over=now.over)
    _schedule(step, phase=phase, played=played, left=left, taken=taken)
    stand_still(step)
    return step


def _kinds(step: Step) -> set[str]:
    """The kinds of event that happened in this turn."""
    return step.kinds.union((event.kind for event in step.events),
                            *(turn.get("kinds") or () for turn in step.played))


def choose(step: Step, chosen: str, reason: str) -> Step:
    """A moderator picked who speaks next."""
    step.record(SpeakerChosen, source=step.plan.phases[step.phase].spec.moderator, chosen=chosen, reason=reason)
    step.next = [_activation(chosen, "speak", step.turn + 1)]
    return step


# -- transitions ------------------------------------------------------------------------------------------------------


def _follow_transition(step: Step, phase: PhasePlan, *, over: bool) -> bool:
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
    context = step.context()
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
    if transition.on_event is not None and transition.on_event not in _kinds(step):
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


# -- who is next ------------------------------------------------------------------------------------------------------


def _schedule(step: Step, *, phase: PhasePlan | None = None, played: int = 0, left: bool = False,
              taken: Collection[str] = ()) -> None:
    """Put the next activations on the step: speakers, and the watchers whose time has come.

    Args:
        phase: the phase in which the step was played, and ``played`` how many turns it has had.
        left: this step has left the phase, so that its measures are due.
        taken: measures that were taken after this turn already.
    """
    speakers: list[Activation] = []
    if step.outcome is None or step.outcome.get("pause"):
        speakers = _speakers(step)
    if step.outcome is not None and not step.outcome.get("pause"):
        step.next = _last_words(step, taken)
    else:
        step.next = speakers + (_watchers(step, phase, played, left=left) if phase else [])


def _speakers(step: Step) -> list[Activation]:
    """The activations of those who act next; phases without anybody are passed over, which may end the run."""
    for _ in range(len(step.plan.phases) + 1):
        phase = step.plan.phases[step.phase]
        now = begin_round(step, phase)
        if now.roles:
            return _activations(step, phase, now)
        if not _follow_transition(step, phase, over=True):
            break
        if step.outcome is not None:
            return []
    step.end("flow", f"nobody takes part in the phase {step.phase}", label=step.phase)
    return []


def _activations(step: Step, phase: PhasePlan, now: Round) -> list[Activation]:
    turn, order, last = step.turn, phase.spec.order, step.clock["last"]
    if phase.parallel:
        return _of_scenes(step, phase)
    roles = candidates(phase, now.roles, now.done, last)
    if moderated(phase, now.roles):
        return [_activation(roles[0], "moderate", turn + 1)]
    if order == "simultaneous":
        size = len(roles) + (1 if phase.spec.resolver else 0)
        if now.done == 0 and not _fits(step, size if len(roles) > 1 else 1):
            return []
        task = "speak" if now.done == 0 else "resolve"
        return [_activation(role, task, turn + 1 + index) for index, role in enumerate(roles)]
    chosen = roles[0]
    if order == "random":
        chosen = random.Random(f"{step.plan.seed}:{turn}").choice(roles)
    elif order == "free":
        addressed = step.played[-1].get("to") if step.played and step.clock["phase_turns"] else None
        chosen = addressed if addressed in roles and addressed != last else in_turn(now.roles, last)
    return [_activation(chosen, "speak", turn + 1)]


def _of_scenes(step: Step, phase: PhasePlan) -> list[Activation]:
    """The next speaker of every scene that is not over, all at once."""
    circle = step.clock.get("circle")
    assert circle is not None
    roles = [scene["roles"][scene["done"] % len(scene["roles"])] for scene in circle["scenes"].values()
             if scene["done"] < scene["turns"]]
    if not _fits(step, len(roles)):
        return []
    return [_activation(role, "speak", step.turn + 1 + index) for index, role in enumerate(roles)]


def _fits(step: Step, turns: int) -> bool:
    """Whether turns that are taken at once stay within the bound; if not, the run ends and none of them is played."""
    bound = step.plan.bound
    if turns < 2 or step.turn + turns <= bound or step.plan.edition == 1:
        return True
    step.end("turns", f"a round of {turns} turns does not fit into the bound of {bound} turns",
             label="max_turns", limit=True)
    return False


def _watchers(step: Step, phase: PhasePlan, played: int, *, left: bool) -> list[Activation]:
    turn = step.turn
    due: list[Activation] = []
    observe = phase.spec.observe
    if observe and played % observe.every < len(step.played):
        due.append(_activation(observe.by, "observe", turn))
    for index, (_, goal) in enumerate(goals(step.plan.ends)):
        if goal.by in step.plan.cast and turn % goal.every < len(step.played):
            due.append({**_activation(goal.by, "judge", turn), "goal": index})
    names = [measure.name for measure in due_measures(step, left=left)]
    if names:
        due.append({**_activation(_analyst(step), "measure", turn), "measures": names})
    return due


def due_measures(step: Step, *, after: bool = False, left: bool = False) -> list[Measure]:
    """The measures to take now that these turns were played.

    Args:
        after: those that the play waits for, else the others.
        left: this step has left a phase.
    """
    analysis = step.plan.scenario.analysis
    if analysis is None or analysis.by not in step.plan.cast:
        return []
    return [measure for measure in analysis.measures if measure.after == after and (
        measure.each == "turn" or (measure.each == "phase" and left)
        or (isinstance(measure.each, int) and step.turn % measure.each < len(step.played)))]


def _analyst(step: Step) -> str:
    analysis = step.plan.scenario.analysis
    assert analysis is not None
    return analysis.by


def _last_words(step: Step, taken: Collection[str]) -> list[Activation]:
    analysis = step.plan.scenario.analysis
    if analysis is None or analysis.by not in step.plan.cast:
        return []
    names = [measure.name for measure in analysis.measures if measure.name not in taken]
    due: list[Activation] = []
    if names:
        due.append({**_activation(analysis.by, "measure", step.turn), "measures": names})
    if analysis.report:
        due.append(_activation(analysis.by, "report", step.turn))
    return due


def _activation(role: str, task: Any, turn: int) -> Activation:
    return {"role": role, "task": task, "turn": turn}


def speaking(activations: list[Activation]) -> list[Activation]:
    """The activations that are turns or lead to one, without those of watchers."""
    return [activation for activation in activations if activation["task"] in ("speak", "resolve", "moderate")]


def skipped(role: str, turn: int) -> Played:
    """The move of a role whose turn failed and is skipped."""
    return {"role": role, "turn": turn, "text": "", "kinds": ["turn_skipped"], "skipped": True}
