"""The point at which a run stands still because its operator named it, so that others can leave its past there."""

from __future__ import annotations

from pyscrai.engines.orchestration.rounds import present_round
from pyscrai.engines.orchestration.step import Step
from pyscrai.templates.cel.expression import truth

STANDSTILL = "the point at which it is to stand"
"""What the reason of a pause says where a run stands at the point that its operator named."""


def stand_still(step: Step) -> None:
    """Pause at the point that the run's operator named, between two turns.

    That the point is reached stands in the clock, and so in the checkpoint of the turn that reached it: a process that
    dies before the run is paused leaves a run that plays no further.
    """
    step.clock.pop("stands", None)
    point = step.plan.standstill
    if point is None or step.outcome is not None:
        return
    if point.turn is not None:
        reached = step.turn >= point.turn
    elif point.phase is not None:
        reached = step.phase == point.phase and step.clock["phase_turns"] == 0
    else:
        reached = truth(str(point.when), step.context())
    phase = step.plan.phases[step.phase]
    between = phase.spec.order != "simultaneous" or present_round(step, phase).done == 0
    if reached and between:
        step.clock["stands"] = f"{STANDSTILL}: turn {step.turn}"
