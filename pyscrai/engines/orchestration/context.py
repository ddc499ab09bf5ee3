"""What conditions and expressions read of a run: one definition for the flow and for what a role may do in its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyscrai.engines.orchestration.plan import PhasePlan, Plan
from pyscrai.templates.cel.expression import truth


def world_context(plan: Plan, *, phase: str, turn: int, variables: Mapping[str, Any], clock: Mapping[str, Any],
                  usage: Mapping[str, float], measures: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """The context of expressions, without the groups of roles.

    Args:
        last: the turn that counts as the last one; empty before the first.
    """
    played = plan.phases.get(phase)
    role = last.get("role", "")
    return {
        "vars": variables, "params": plan.parameters, "turn": turn, "phase": phase,
        "phase_turns": clock["phase_turns"], "round": rounds_over(played, clock) if played else 0,
        "last": {"role": role, "text": last.get("text", ""), "kind": (last.get("kinds") or [""])[0]}, "mover": role,
        "moves": clock.get("moves") or (), "chosen": _chosen(plan, clock.get("chosen") or {}),
        "events": clock["events"], "cost": float(usage.get("cost_usd", 0.0)), "tokens": int(usage.get("tokens", 0)),
        "seconds": clock["seconds"], "measures": measures, "tally": clock["tally"], "names": plan.names}


def state_context(plan: Plan, state: Mapping[str, Any]) -> dict[str, Any]:
    """The context of expressions in a state of the graph, for what is computed when a role's turn comes."""
    context = world_context(
        plan, phase=state.get("phase", ""), turn=state.get("turn", 0), variables=state.get("variables") or {},
        clock=state.get("clock") or NOTHING_YET, usage=state.get("usage") or {}, measures=state.get("measures") or {},
        last={"role": (state.get("clock") or {}).get("last") or ""})
    return with_groups(plan, context, behind_now(plan, context))


def _chosen(plan: Plan, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The last choice of each role in this phase, with every action and argument, also those not chosen yet."""
    if "chosen" not in plan.reads:
        return given
    return {name: {field: given.get(name, {}).get(field, {}) for field in action.fields}
            for name, action in plan.scenario.actions.items()}


NOTHING_YET: Mapping[str, Any] = {"phase_turns": 0, "events": {}, "seconds": 0.0, "tally": {}}


def behind_now(plan: Plan, context: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Every name that stands for roles to those behind it at this moment: groups with a condition are computed."""
    if not plan.conditional:
        return plan.behind
    behind = {**plan.behind}
    for name in plan.scenario.groups:
        found = plan.named(name, behind)
        if name in plan.conditional:
            scope = with_groups(plan, dict(context), behind)
            found = tuple(role for role in found if truth(plan.conditional[name], {**scope, "role": role}))
        behind[name] = found
    return behind


def behind_in(plan: Plan, state: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Every name that stands for roles to those behind it in a state of the graph."""
    return behind_now(plan, state_context(plan, state)) if plan.conditional else plan.behind


def with_groups(plan: Plan, context: dict[str, Any], behind: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The context with who is in each group, also under the group's own name, and the roles that are no Analysts."""
    groups = {name: behind[name] for name in plan.scenario.groups}
    return {**groups, **context, "groups": groups, "roles": plan.players}


def rounds_over(phase: PhasePlan, clock: Mapping[str, Any]) -> int:
    """The number of rounds of the phase that are over."""
    if not phase.changing:
        return int(clock["phase_turns"]) // phase.round
    circle = clock.get("circle")
    return 0 if circle is None else int(circle["rounds"]) + int(circle["done"] >= circle["size"])
