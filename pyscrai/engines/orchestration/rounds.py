"""The round of a phase: who takes part in it, how far it is, and when it is over.

Where the speakers of a phase never change, a round follows from the number of turns. Where conditions, an expression or
scenes decide, it stands in the state's clock as ``circle``, and is made anew when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyscrai.engines.orchestration.context import with_groups
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.state import Circle
from pyscrai.errors import RunError
from pyscrai.templates.cel.expression import truth, value


@dataclass(frozen=True, slots=True)
class Round:
    """Who takes part in the present round, in order, and how many of its turns were played; none in a new one."""

    roles: tuple[str, ...]
    done: int
    over: bool
    """Whether the last turn ended a round."""


def present_round(step: Step, phase: PhasePlan) -> Round:
    """The state of the phase's round."""
    if not phase.changing:
        turns = step.clock["phase_turns"]
        done = turns % phase.round
        return Round(phase.order, done, turns > 0 and done == 0)
    circle = step.clock.get("circle")
    if circle is None:
        return Round((), 0, over=False)
    over = circle["done"] >= circle["size"]
    return Round(tuple(circle["roles"]), 0 if over else circle["done"], over)


def count_turns(step: Step, phase: PhasePlan) -> None:
    """Add this step's turns to the round."""
    circle = step.clock.get("circle")
    if circle is not None and phase.changing:
        circle["done"] += len(step.played)
        for turn in step.played:
            for scene in circle["scenes"].values():
                if turn["role"] in scene["roles"]:
                    scene["done"] += 1


def leave_out_absent(step: Step, phase: PhasePlan) -> None:
    """Take those out of the rest of the round for whom a condition holds no more."""
    circle = step.clock.get("circle")
    if circle is None or not phase.changing or phase.parallel or circle["done"] >= circle["size"]:
        return
    taking_part = taking_part_now(step, phase)
    if phase.spec.order == "simultaneous":
        return
    if phase.spec.order in ("sequence", "round_robin"):
        done, rest = circle["roles"][:circle["done"]], circle["roles"][circle["done"]:]
        circle["roles"] = [*done, *(role for role in rest if role in taking_part)]
        circle["size"] = len(circle["roles"])
    else:
        circle["roles"] = list(taking_part)
        circle["size"] = len(taking_part)


def begin_round(step: Step, phase: PhasePlan) -> Round:
    """The round that goes on, or the next one where it is over; without roles where nobody takes part."""
    now = present_round(step, phase)
    if not phase.changing or (now.roles and not now.over):
        return now
    before = step.clock.get("circle")
    roles = list(taking_part_now(step, phase))
    resolver = 1 if phase.spec.resolver and roles else 0
    circle: Circle = {"roles": roles, "done": 0, "size": len(roles) + resolver, "scenes": {},
                      "rounds": before["rounds"] + 1 if before else 0}
    if phase.parallel:
        rounds = number_now(step, phase.spec.scene_rounds)
        for slot in phase.slots:
            if slot.role in roles:
                scene = circle["scenes"].setdefault(slot.name, {"roles": [], "done": 0, "turns": 0})
                scene["roles"].append(slot.role)
                scene["turns"] += rounds
        circle["size"] = sum(scene["turns"] for scene in circle["scenes"].values())
    step.clock["circle"] = circle
    return Round(tuple(roles), 0, over=False)


def taking_part_now(step: Step, phase: PhasePlan) -> tuple[str, ...]:
    """The roles that take part in a phase at this moment, in its order."""
    spec, behind = phase.spec, step.behind
    context = with_groups(step.plan, step.context(), behind)
    if isinstance(spec.speakers, str):
        named = value(spec.speakers, context)
        unknown = [name for name in named if name not in step.plan.cast] if isinstance(named, list | tuple) else [named]
        if unknown:
            raise RunError(f"`{spec.speakers}` gives {unknown[0]!r}, which is no role of the cast",
                           code="run.unknown_role", cure="let it give a list of role ids", phase=phase.name)
        return tuple(dict.fromkeys(role for role in named if role in phase.speakers))
    return tuple(slot.role for slot in phase.slots if slot.role in behind.get(slot.name, ()) and (
        slot.when is None or truth(slot.when, {**context, "role": slot.role})))


def number_now(step: Step, count: int | str) -> int:
    """A number of turns or rounds, computed where an expression gives it; at least 1."""
    if isinstance(count, int):
        return count
    found = value(count, step.context())
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int):
        raise RunError(f"`{count}` gives {found!r}, which is no number of turns", code="run.bad_number",
                       cure="let it give an integer")
    return max(1, found)
