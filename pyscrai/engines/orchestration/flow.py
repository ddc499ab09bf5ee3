"""The conversation's flow: from what was done in a step to who acts in the next one, as pure functions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pyscrai.engines.agents.metrics import tally
from pyscrai.engines.orchestration.ends import check_ends, goals
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.step import Stage
from pyscrai.engines.orchestration.world import apply_injects, apply_moves, apply_rules
from pyscrai.engines.state import Activation, Move
from pyscrai.events import SpeakerChosen
from pyscrai.templates.cel.expression import truth
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Transition


def open_play(stage: Stage) -> Stage:
    """The first step: variables at their initial values, the first phase, what is due at turn 0, the first speakers."""
    scenario = stage.plan.play.scenario
    stage.variables = {name: variable.initial for name, variable in scenario.variables.items()}
    stage.enter(scenario.flow.start, cause="start")
    apply_injects(stage, entered=True)
    apply_injects(stage)
    _schedule(stage)
    return stage


def advance(stage: Stage) -> Stage:
    """Everything that follows from the moves of a step.

    In this order: changes by moves, rules, injects, ends, transitions, next speakers; the last two only while no end
    has been reached.
    """
    clock = stage.clock
    clock["seconds"] += max((move.get("seconds", 0.0) for move in stage.moves), default=0.0)
    clock["phase_turns"] += len(stage.moves)
    clock["last"] = stage.moves[-1]["role"] if stage.moves else clock["last"]
    for move in stage.moves:
        tally(stage.plan, clock["spoken"], move)
        for kind in move.get("kinds") or ():
            clock["events"][kind] = clock["events"].get(kind, 0) + 1
    apply_moves(stage)
    apply_rules(stage)
    apply_injects(stage)
    phase = stage.plan.phases[stage.phase]
    resolved = phase.spec.order != "simultaneous" or clock["phase_turns"] % phase.round == 0
    if resolved:
        check_ends(stage)
    played, left = clock["phase_turns"], None
    if stage.outcome is None and resolved:
        _follow_transition(stage, phase)
        left = phase if clock["phase_turns"] == 0 or stage.outcome is not None else None
    _schedule(stage, phase=phase, played=played, left=left is not None)
    return stage


def choose(stage: Stage, chosen: str, reason: str) -> Stage:
    """A moderator picked who speaks next."""
    stage.record(SpeakerChosen, source=stage.plan.phases[stage.phase].spec.moderator, chosen=chosen, reason=reason)
    stage.next = [_activation(chosen, "speak", stage.turn + 1)]
    return stage


def eligible(phase: PhasePlan, last: str | None) -> tuple[str, ...]:
    """Whom a moderator may pick: every speaker of the phase but the one who spoke last."""
    return tuple(role for role in phase.speakers if role != last) or phase.speakers


def in_turn(phase: PhasePlan, last: str | None) -> str:
    """Who follows ``last`` in the phase's own order."""
    if last not in phase.speakers:
        return phase.speakers[0]
    return phase.speakers[(phase.speakers.index(last) + 1) % len(phase.speakers)]


# -- transitions ------------------------------------------------------------------------------------------------------


def _follow_transition(stage: Stage, phase: PhasePlan) -> None:
    turns = stage.clock["phase_turns"]
    round_over = turns > 0 and turns % phase.round == 0
    if phase.spec.order in ("sequence", "simultaneous") and not round_over:
        return
    spent = phase.spec.max_turns is not None and turns >= phase.spec.max_turns
    context = stage.context()
    for transition in phase.spec.next:
        if _exhausted(stage, transition.to):
            continue
        if (round_over if transition.bare else _holds(stage, transition, phase, context)):
            _go(stage, transition.to, cause=_cause(transition))
            return
    if spent:
        open_ways = [way for way in phase.spec.next if not _exhausted(stage, way.to)]
        way = next((way for way in open_ways if way.bare), open_ways[-1] if open_ways else None)
        _go(stage, way.to if way else END, cause=f"max_turns {phase.spec.max_turns}")


def _exhausted(stage: Stage, name: str) -> bool:
    bound = None if name == END else stage.plan.phases[name].spec.max_visits
    return bound is not None and stage.clock["visits"].get(name, 0) >= bound


def _holds(stage: Stage, transition: Transition, phase: PhasePlan, context: Mapping[str, Any]) -> bool:
    turns = stage.clock["phase_turns"]
    if transition.after_turns is not None and turns < transition.after_turns:
        return False
    if transition.after_rounds is not None and turns < transition.after_rounds * phase.round:
        return False
    if transition.on_event is not None:
        happened = {event.kind for event in stage.events}.union(*(move.get("kinds") or () for move in stage.moves))
        if transition.on_event not in happened:
            return False
    if transition.majority is not None:
        counts = stage.clock["tally"].get(transition.majority.action, {}).get(transition.majority.field, {})
        wanted = transition.majority.value
        best = max(counts.values(), default=0) if wanted is None else counts.get(
            str(wanted).lower() if isinstance(wanted, bool) else str(wanted), 0)
        if best * 2 <= sum(counts.values()):
            return False
    return transition.when is None or truth(transition.when, context)


def _cause(transition: Transition) -> str:
    parts = [transition.when, f"after {transition.after_turns} turns" if transition.after_turns else None,
             f"after {transition.after_rounds} rounds" if transition.after_rounds else None,
             f"event {transition.on_event}" if transition.on_event else None,
             f"majority on {transition.majority.action}" if transition.majority else None]
    return " and ".join(part for part in parts if part) or "the round is over"


def _go(stage: Stage, name: str, *, cause: str) -> None:
    if name == END:
        stage.end("flow", f"phase {stage.phase} leads to the end: {cause}", label=stage.phase)
    else:
        stage.enter(name, cause=cause)
        apply_injects(stage, entered=True)


# -- who is next ------------------------------------------------------------------------------------------------------


def _schedule(stage: Stage, *, phase: PhasePlan | None = None, played: int = 0, left: bool = False) -> None:
    """Put the next activations on the stage: speakers, and the watchers whose time has come.

    Args:
        phase: the phase in which the step was played, and ``played`` how many turns it has had.
        left: this step has left the phase, so that its measures are due.
    """
    if stage.outcome is not None and not stage.outcome.get("pause"):
        stage.next = _last_words(stage)
    else:
        stage.next = _speakers(stage) + (_watchers(stage, phase, played, left=left) if phase else [])


def _speakers(stage: Stage) -> list[Activation]:
    phase, clock, turn = stage.plan.phases[stage.phase], stage.clock, stage.turn
    done, order, last = clock["phase_turns"], phase.spec.order, clock["last"]
    if order in ("sequence", "round_robin"):
        return [_activation(phase.speakers[done % len(phase.speakers)], "speak", turn + 1)]
    if order == "random":
        pool = eligible(phase, last)
        return [_activation(random.Random(f"{stage.plan.play.seed}:{turn}").choice(pool), "speak", turn + 1)]
    if order == "simultaneous":
        if done % phase.round == 0:
            return [_activation(role, "speak", turn + 1 + index) for index, role in enumerate(phase.speakers)]
        return [_activation(str(phase.spec.resolver), "resolve", turn + 1)]
    if order == "moderated":
        if len(phase.speakers) == 1:
            return [_activation(phase.speakers[0], "speak", turn + 1)]
        return [_activation(str(phase.spec.moderator), "moderate", turn + 1)]
    addressed = stage.moves[-1].get("to") if stage.moves and done else None
    return [_activation(addressed if addressed in phase.speakers and addressed != last else in_turn(phase, last),
                        "speak", turn + 1)]


def _watchers(stage: Stage, phase: PhasePlan, played: int, *, left: bool) -> list[Activation]:
    analysis, turn = stage.plan.play.scenario.analysis, stage.turn
    due: list[Activation] = []
    observe = phase.spec.observe
    if observe and played % observe.every < len(stage.moves):
        due.append(_activation(observe.by, "observe", turn))
    for index, (_, goal) in enumerate(goals(stage.plan.ends)):
        if goal.by in stage.plan.play.cast and turn % goal.every < len(stage.moves):
            due.append({**_activation(goal.by, "judge", turn), "goal": index})
    if analysis and analysis.by in stage.plan.play.cast:
        names = [measure.name for measure in analysis.measures
                 if measure.each == "turn" or (measure.each == "phase" and left)
                 or (isinstance(measure.each, int) and turn % measure.each < len(stage.moves))]
        if names:
            due.append({**_activation(analysis.by, "measure", turn), "measures": names})
    return due


def _last_words(stage: Stage) -> list[Activation]:
    analysis = stage.plan.play.scenario.analysis
    if analysis is None or analysis.by not in stage.plan.play.cast:
        return []
    names = [measure.name for measure in analysis.measures]
    due: list[Activation] = []
    if names:
        due.append({**_activation(analysis.by, "measure", stage.turn), "measures": names})
    if analysis.report:
        due.append(_activation(analysis.by, "report", stage.turn))
    return due


def _activation(role: str, task: Any, turn: int) -> Activation:
    return {"role": role, "task": task, "turn": turn}


def speaking(activations: list[Activation]) -> list[Activation]:
    """The activations that are turns or lead to one, without those of watchers."""
    return [activation for activation in activations if activation["task"] in ("speak", "resolve", "moderate")]


def skipped(role: str, turn: int) -> Move:
    """The move of a role whose turn failed and is skipped."""
    return {"role": role, "turn": turn, "text": "", "kinds": ["turn_skipped"], "skipped": True}
