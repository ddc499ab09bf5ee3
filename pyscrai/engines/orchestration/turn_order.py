"""Who acts after whom: the orders of a phase, for the flow that plays them and for the graph that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyscrai.engines.orchestration.plan import PhasePlan, Plan
from pyscrai.templates.models.base import END

BEGIN = "begin"
GATHER = "gather"
"""The node that goes on after a round in which several roles spoke at once, and after measures that were awaited."""


def candidates(phase: PhasePlan, done: int, last: str | None) -> tuple[str, ...]:
    """The roles that may act next in a phase; together where the order is ``simultaneous``.

    Args:
        done: how many turns the phase has had.
        last: who took the last of them.
    """
    order, speakers = phase.spec.order, phase.speakers
    if moderated(phase):
        return (str(phase.spec.moderator),)
    if order == "simultaneous":
        return speakers if done % phase.round == 0 else (str(phase.spec.resolver),)
    if order in ("sequence", "round_robin"):
        return (speakers[done % len(speakers)],)
    if order == "free" and last is None:
        return speakers[:1]
    return eligible(phase, last)


def moderated(phase: PhasePlan) -> bool:
    """Whether a moderator picks who speaks; one speaker alone needs none."""
    return phase.spec.order == "moderated" and len(phase.speakers) > 1


def together(phase: PhasePlan) -> bool:
    """Whether several roles speak in one superstep."""
    return phase.spec.order == "simultaneous" and len(phase.speakers) > 1


def may_leave(phase: PhasePlan, done: int) -> bool:
    """Whether transitions are looked at after ``done`` turns of the phase."""
    return phase.spec.order not in ("sequence", "simultaneous") or done % phase.round == 0


def eligible(phase: PhasePlan, last: str | None) -> tuple[str, ...]:
    """Whom a moderator may pick: every speaker of the phase but the one who spoke last."""
    return tuple(role for role in phase.speakers if role != last) or phase.speakers


def in_turn(phase: PhasePlan, last: str | None) -> str:
    """The speaker who follows ``last`` in the phase's own order."""
    if last not in phase.speakers:
        return phase.speakers[0]
    return phase.speakers[(phase.speakers.index(last) + 1) % len(phase.speakers)]


def successors(plan: Plan) -> dict[str, list[str]]:
    """Who can act after whom: for every node of the graph the nodes that may follow it, in a stable order."""
    follow: dict[str, dict[str, None]] = {BEGIN: dict.fromkeys(_openers(plan, plan.scenario.flow.start))}

    def link(source: str, targets: Iterable[str]) -> None:
        follow.setdefault(source, {}).update(dict.fromkeys(targets))

    for phase in plan.phases.values():
        out = [target for transition in phase.spec.next for target in _openers(plan, transition.to)]
        if moderated(phase):
            link(str(phase.spec.moderator), phase.speakers)
        if together(phase):
            for role in phase.speakers:
                link(role, [GATHER])
        for done, last, node in _standings(phase):
            leads = may_leave(phase, done)
            after = candidates(phase, done, last)
            link(node, [*out, *after] if leads and phase.spec.order == "simultaneous" else after)
            link(node, out if leads else ())
    if plan.awaits:
        # The flow goes on there after measures, to whoever can follow anybody.
        follow[GATHER] = dict.fromkeys(target for targets in list(follow.values()) for target in targets
                                       if target != GATHER)
    return {source: list(targets) for source, targets in follow.items()}


def _openers(plan: Plan, name: str) -> tuple[str, ...]:
    return (END,) if name == END else candidates(plan.phases[name], 0, None)


def _standings(phase: PhasePlan) -> Iterator[tuple[int, str, str]]:
    """The standings of a phase that its order tells apart: turns had, who took the last, and the node that goes on."""
    speakers = phase.speakers
    if phase.spec.order == "simultaneous":
        yield len(speakers), speakers[-1], GATHER if together(phase) else speakers[0]
        if phase.spec.resolver:
            yield phase.round, phase.spec.resolver, phase.spec.resolver
        return
    ordered = phase.spec.order in ("sequence", "round_robin")
    for index, role in enumerate(speakers):
        yield index + 1 if ordered else 1, role, role
