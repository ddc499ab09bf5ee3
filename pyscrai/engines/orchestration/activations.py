"""Who acts in the next superstep: speakers, and the watchers whose time has come."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

from pyscrai.engines.orchestration.ends import goals
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.rounds import Round, begin_round
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.orchestration.transitions import follow_transition
from pyscrai.engines.orchestration.turn_order import candidates, in_turn, moderated
from pyscrai.engines.state import Activation, Played
from pyscrai.templates.models.analysis import Measure


def schedule(step: Step, *, phase: PhasePlan | None = None, played: int = 0, left: bool = False,
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
        if not follow_transition(step, phase, over=True):
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
        return [activation(roles[0], "moderate", turn + 1)]
    if order == "simultaneous":
        size = len(roles) + (1 if phase.spec.resolver else 0)
        if now.done == 0 and not _fits(step, size):
            return []
        task = "speak" if now.done == 0 else "resolve"
        return [activation(role, task, turn + 1 + index) for index, role in enumerate(roles)]
    chosen = roles[0]
    if order == "random":
        chosen = random.Random(f"{step.plan.seed}:{turn}").choice(roles)
    elif order == "free":
        addressed = step.played[-1].get("to") if step.played and step.clock["phase_turns"] else None
        chosen = addressed if addressed in roles and addressed != last else in_turn(now.roles, last)
    return [activation(chosen, "speak", turn + 1)]


def _of_scenes(step: Step, phase: PhasePlan) -> list[Activation]:
    """The next speaker of every scene that is not over, all at once."""
    circle = step.clock.get("circle")
    assert circle is not None
    roles = [scene["roles"][scene["done"] % len(scene["roles"])] for scene in circle["scenes"].values()
             if scene["done"] < scene["turns"]]
    if not _fits(step, len(roles)):
        return []
    return [activation(role, "speak", step.turn + 1 + index) for index, role in enumerate(roles)]


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
        due.append(activation(observe.by, "observe", turn))
    for index, (_, goal) in enumerate(goals(step.plan.ends)):
        if goal.by in step.plan.cast and turn % goal.every < len(step.played):
            due.append({**activation(goal.by, "judge", turn), "goal": index})
    names = [measure.name for measure in due_measures(step, left=left)]
    if names:
        due.append({**activation(analyst_of(step), "measure", turn), "measures": names})
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


def analyst_of(step: Step) -> str:
    """The Analyst who measures; there is one where measures are due."""
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
        due.append({**activation(analysis.by, "measure", step.turn), "measures": names})
    if analysis.report:
        due.append(activation(analysis.by, "report", step.turn))
    return due


def activation(role: str, task: Any, turn: int) -> Activation:
    """An activation of a role in the next superstep."""
    return {"role": role, "task": task, "turn": turn}


def speaking(activations: list[Activation]) -> list[Activation]:
    """The activations that are turns or lead to one, without those of watchers."""
    return [activation for activation in activations if activation["task"] in ("speak", "resolve", "moderate")]


def skipped(role: str, turn: int) -> Played:
    """The move of a role whose turn failed and is skipped."""
    return {"role": role, "turn": turn, "text": "", "kinds": ["turn_skipped"], "skipped": True}
