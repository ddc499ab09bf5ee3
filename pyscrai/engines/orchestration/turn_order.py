"""Who acts after whom: the orders of a phase, for the flow that plays them and for the graph that shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from pyscrai.engines.orchestration.plan import PhasePlan, Plan
from pyscrai.templates.models.base import END

BEGIN = "begin"
GATHER = "gather"
"""The node that goes on after a round in which several roles spoke at once, and after measures that were awaited."""


def candidates(phase: PhasePlan, roles: Sequence[str], done: int, last: str | None) -> tuple[str, ...]:
    """The roles that may act next in a phase; together where the order is ``simultaneous``.

    Args:
        roles: who takes part in the present round, in order.
        done: how many turns of the round were played.
        last: who took the last turn of the phase.
    """
    order = phase.spec.order
    if moderated(phase, roles):
        return (str(phase.spec.moderator),)
    if order == "simultaneous":
        return tuple(roles) if done == 0 else (str(phase.spec.resolver),)
    if order in ("sequence", "round_robin"):
        return (roles[done % len(roles)],)
    if order == "free" and last is None:
        return tuple(roles[:1])
    return eligible(roles, last)


def moderated(phase: PhasePlan, roles: Sequence[str]) -> bool:
    """Whether a moderator picks who speaks; one speaker alone needs none."""
    return phase.spec.order == "moderated" and len(roles) > 1


def together(phase: PhasePlan) -> bool:
    """Whether several roles can speak in one superstep."""
    return phase.spec.order in ("simultaneous", "parallel") and len(phase.speakers) > 1


def waits_for_round(phase: PhasePlan) -> bool:
    """Whether transitions are looked at only when a round is over."""
    return phase.spec.order in ("sequence", "simultaneous", "parallel")


def eligible(roles: Sequence[str], last: str | None) -> tuple[str, ...]:
    """The roles that a moderator may pick: everybody who takes part but the one who spoke last."""
    return tuple(role for role in roles if role != last) or tuple(roles)


def in_turn(roles: Sequence[str], last: str | None) -> str:
    """The one who follows ``last`` in the order of the round."""
    if last not in roles:
        return roles[0]
    return roles[(roles.index(last) + 1) % len(roles)]


def successors(plan: Plan) -> dict[str, list[str]]:
    """The nodes of the graph that may follow each node, in a stable order."""
    follow: dict[str, dict[str, None]] = {BEGIN: dict.fromkeys(_openers(plan, plan.scenario.flow.start))}

    def link(source: str, targets: Iterable[str]) -> None:
        follow.setdefault(source, {}).update(dict.fromkeys(targets))

    for phase in plan.phases.values():
        out = [target for transition in phase.spec.next for target in _openers(plan, transition.to)]
        if moderated(phase, phase.speakers):
            link(str(phase.spec.moderator), phase.speakers)
        if together(phase):
            for role in phase.speakers:
                link(role, [GATHER])
        if phase.changing:
            _link_changing(phase, out, link)
            continue
        for done, last, node in _standings(phase):
            over = done == phase.round
            after = candidates(phase, phase.order, 0 if over else done, last)
            leads = over or not waits_for_round(phase)
            link(node, [*out, *after] if leads and phase.spec.order == "simultaneous" else after)
            link(node, out if leads else ())
    if plan.awaits:
        # The flow goes on there after measures, to whoever can follow anybody.
        follow[GATHER] = dict.fromkeys(target for targets in list(follow.values()) for target in targets
                                       if target != GATHER)
    return {source: list(targets) for source, targets in follow.items()}


def _link_changing(phase: PhasePlan, out: list[str], link: Callable[[str, Iterable[str]], None]) -> None:
    """Link the phase's speakers where conditions decide who takes part: anybody may follow anybody."""
    moderators = [str(phase.spec.moderator)] if moderated(phase, phase.speakers) else []
    resolvers = [phase.spec.resolver] if phase.spec.resolver else []
    nodes = [*phase.speakers, *resolvers, *([GATHER] if together(phase) else [])]
    for node in nodes:
        link(node, [*moderators, *resolvers, *phase.speakers, *out])


def _openers(plan: Plan, name: str) -> tuple[str, ...]:
    """The roles that may act first once a phase begins; one in which nobody takes part is passed over."""
    found: dict[str, None] = {}
    pending, seen = [name], {name}
    while pending:
        name = pending.pop()
        if name == END:
            found[END] = None
            continue
        phase = plan.phases[name]
        if not phase.changing:
            found.update(dict.fromkeys(candidates(phase, phase.order, 0, None)))
            continue
        if moderated(phase, phase.speakers):
            found[str(phase.spec.moderator)] = None
        found.update(dict.fromkeys(phase.speakers))
        targets = [way.to for way in phase.spec.next if way.to not in seen]
        seen.update(targets)
        pending += reversed(targets)
    return tuple(found)


def _standings(phase: PhasePlan) -> Iterator[tuple[int, str, str]]:
    """The standings of a phase that its order tells apart: turns had, who took the last, and the node that goes on."""
    roles = phase.order
    if phase.spec.order == "simultaneous":
        yield len(roles), roles[-1], GATHER if together(phase) else roles[0]
        if phase.spec.resolver:
            yield phase.round, phase.spec.resolver, phase.spec.resolver
        return
    ordered = phase.spec.order in ("sequence", "round_robin")
    for index, role in enumerate(roles):
        yield index + 1 if ordered else phase.round, role, role
