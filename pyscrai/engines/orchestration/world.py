"""What follows from a turn in the world: proposed changes, typed moves, rules and injects, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.state import Move, moves_of
from pyscrai.prompts.library import render_text
from pyscrai.templates.cel.expression import truth, value
from pyscrai.templates.models.action import ActionSpec
from pyscrai.templates.models.world import InjectSpec


def apply_moves(step: Step) -> None:
    """Count typed moves and make the changes that moves and Narrators bring about, turn by turn."""
    scenario, edition = step.plan.scenario, step.plan.edition
    for played in step.played:
        role = played["role"]
        moves = moves_of(played)
        for move in moves if edition > 1 else moves[-1:]:
            action, arguments = scenario.actions[move["action"]], move["arguments"]
            _count(step, action, move)
            last = played if edition > 1 else step.played[-1]
            for name, expression in action.set.items():
                step.set_variable(name, value(expression, step.context(last=last, args=arguments)),
                                  cause=f"action {move['action']}", source=role)
        for change in played.get("changes") or ():
            name = change["variable"]
            allowed = scenario.variables[name].changed_by if name in scenario.variables else None
            if allowed is not None and role not in step.plan.members(allowed):
                step.warn(f"{role} may not change {name}; only {', '.join(allowed)} may")
                continue
            step.set_variable(name, change["value"], cause=change.get("reason") or f"{role} says so", source=role)


def apply_rules(step: Step) -> None:
    """Apply every rule whose condition holds, in the template's order; later rules see what earlier ones did."""
    for index, rule in enumerate(step.plan.scenario.rules):
        key = f"rule{index}"
        if rule.once and step.clock["fired"].get(key):
            continue
        if truth(rule.when, step.context()):
            step.clock["fired"][key] = step.clock["fired"].get(key, 0) + 1
            label = rule.label or f"rule {index + 1}"
            _set_all(step, rule.set, cause=label)
            if rule.inject:
                step.inject(rule.inject, partial(_text, step, rule.inject.text), origin="rule", label=label)


def apply_injects(step: Step, *, entered: bool = False) -> None:
    """Put the injects that are due into the world.

    Args:
        entered: a phase has just begun, so its own injects are due, and no others.
    """
    for index, spec in enumerate(step.plan.scenario.injects):
        if _due(step, spec, f"inject{index}", entered=entered):
            step.clock["fired"][f"inject{index}"] = step.clock["fired"].get(f"inject{index}", 0) + 1
            label = spec.label or f"inject {index + 1}"
            step.inject(spec, partial(_text, step, spec.text), origin="template", label=label,
                        changes=partial(_set_all, step, spec.set, cause=label))


def _due(step: Step, spec: InjectSpec, key: str, *, entered: bool) -> bool:
    clock, turn = step.clock, step.turn
    if spec.phase is not None and spec.phase != step.phase:
        return False
    by_phase_alone = spec.at_turn is None and spec.every is None and spec.when is None
    if by_phase_alone or entered:
        return by_phase_alone and entered and not (spec.once and clock["fired"].get(key))
    if spec.at_turn is not None and spec.every is None and (turn < spec.at_turn or clock["fired"].get(key)):
        return False
    if spec.every is not None and not _passed(step, spec.at_turn or 0, spec.every):
        return False
    if spec.when is None:
        return True
    if spec.once and clock["fired"].get(key):
        return False
    holds = truth(spec.when, step.context())
    rises = holds and not clock["armed"].get(key)
    clock["armed"][key] = holds
    return rises if spec.every is None else holds


def _set_all(step: Step, changes: Mapping[str, str], *, cause: str) -> None:
    for name, expression in changes.items():
        step.set_variable(name, value(expression, step.context()), cause=cause)


def _text(step: Step, text: str) -> str:
    return render_text(text, {"params": dict(step.plan.parameters), "vars": step.variables})


def _passed(step: Step, first: int, every: int) -> bool:
    """Whether the turns of this step reach or pass ``first`` or a multiple of ``every`` after it; not turn 0."""
    if step.turn < max(first, 1):
        return False
    if step.plan.edition == 1:
        return (step.turn - first) % every == 0
    return step.before < first or (step.turn - first) // every > (step.before - first) // every


def _count(step: Step, action: ActionSpec, move: Move) -> None:
    fields = step.clock["tally"].setdefault(move["action"], {})
    for field, given in move["arguments"].items():
        counts = fields.setdefault(field, {})
        answer = action.fields[field].counted(given) if field in action.fields else str(given)
        counts[answer] = counts.get(answer, 0) + 1
