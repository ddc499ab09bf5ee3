"""What follows from a turn in the world: proposed changes, typed moves, rules and injects, in this order."""

from __future__ import annotations

from functools import partial

from pyscrai.engines.orchestration.step import Step
from pyscrai.engines.state import Move, moves_of
from pyscrai.templates.cel.expression import truth
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
            _count(step, role, action, move)
            step.change(action.set, cause=f"action {move['action']}", source=role, args=arguments,
                        last=played if edition > 1 else step.played[-1])
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
        if truth(rule.when, step.context()) and _lucky(step, rule.chance):
            step.clock["fired"][key] = step.clock["fired"].get(key, 0) + 1
            label = rule.label or f"rule {index + 1}"
            before = dict(step.variables)
            step.change(rule.set, cause=label)
            if rule.inject:
                step.inject(rule.inject, partial(step.text, rule.inject.text, before), origin="rule", label=label)


def apply_injects(step: Step, *, entered: bool = False) -> None:
    """Put the injects that are due into the world.

    Args:
        entered: a phase has just begun, so its own injects are due, and no others.
    """
    for index, spec in enumerate(step.plan.scenario.injects):
        key = f"inject{index}"
        if _due(step, spec, key, entered=entered):
            lucky = _lucky(step, spec.chance)
            if lucky or (spec.at_turn is not None and spec.every is None):  # it does not come later either
                step.clock["fired"][key] = step.clock["fired"].get(key, 0) + 1
            if not lucky:
                continue
            label = spec.label or f"inject {index + 1}"
            step.inject(spec, partial(step.text, spec.text, dict(step.variables)), origin="template", label=label,
                        changes=partial(step.change, spec.set, cause=label))


def _lucky(step: Step, chance: float | None) -> bool:
    return chance is None or chance == 1 or step.draw().random() < chance


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


def _passed(step: Step, first: int, every: int) -> bool:
    """Whether the turns of this step reach or pass ``first`` or a multiple of ``every`` after it; not turn 0."""
    if step.turn < max(first, 1):
        return False
    if step.plan.edition == 1:
        return (step.turn - first) % every == 0
    return step.before < first or (step.turn - first) // every > (step.before - first) // every


def _count(step: Step, role: str, action: ActionSpec, move: Move) -> None:
    fields = step.clock["tally"].setdefault(move["action"], {})
    for field, given in move["arguments"].items():
        counts = fields.setdefault(field, {})
        answer = action.fields[field].counted(given) if field in action.fields else str(given)
        counts[answer] = counts.get(answer, 0) + 1
    if "chosen" in step.plan.reads:
        made = step.clock.setdefault("chosen", {}).setdefault(move["action"], {})
        for field, given in move["arguments"].items():
            made.setdefault(field, {})[role] = given
