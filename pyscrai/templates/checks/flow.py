"""The flow leads everywhere it should and comes to an end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from pyscrai.did_you_mean import closest
from pyscrai.templates.checks.report import DEFAULT_BOUND, Subject
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Phase, Transition
from pyscrai.templates.reading.positions import Path

NATURAL = ("phrase", "when", "narrator", "judge")
"""Ends that a play comes to by itself; the others are limits."""


def check_flow(subject: Subject) -> None:
    """Reachability, ends, loops, and transitions that can never be taken."""
    phases = subject.scenario.flow.phases
    ways = {name: _ways(phase, phases) for name, phase in phases.items()}
    start = subject.scenario.flow.start
    if start in phases:
        reachable = set().union(*(reach(phase, ways) for phase in (start, *subject.meant & phases.keys())))
        for name in phases:
            if name not in reachable:
                subject.error("unreachable", ("flow", "phases", name), f"nothing leads to the phase `{name}`",
                              value=name,
                              cure=f"name it in `next` of a phase that is played, or begin with `start: {name}`",
                              on_key=True)
        _ending(subject, reachable, ways)
        if not subject.limited:
            _loops(subject, [name for name in phases if name in reachable], ways)
    for name, phase in phases.items():
        _transitions(subject, ("flow", "phases", name), phase)
    for path, end, _ in subject.ends:
        if end.turns is not None and end.turns > subject.scenario.max_turns:
            subject.warn("never", (*path, "turns"),
                         f"the run is over at `max_turns: {subject.scenario.max_turns}` before",
                         value=end.turns, cure=f"raise `max_turns` to {end.turns}")


def reach(start: str, ways: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be come to from ``start``, itself included."""
    found, pending = {start}, [start]
    while pending:
        for target in ways.get(pending.pop(), ()):
            if target not in found:
                found.add(target)
                pending.append(target)
    return found


def _ways(phase: Phase, phases: Mapping[str, Phase]) -> tuple[str, ...]:
    """The phases that a phase can lead to, misspelt names put right, without ways that can never be taken."""
    found: dict[str, None] = {}
    for transition in taken(phase, phases):
        known = transition.to == END or transition.to in phases
        found[transition.to if known else closest(transition.to, phases) or transition.to] = None
    return tuple(found)


def taken(phase: Phase, phases: Mapping[str, Phase]) -> list[Transition]:
    """The transitions of a phase that can be taken at all."""
    first = _first_open(phase, phases)
    return [transition for index, transition in enumerate(phase.next) if not _shadowed(phase, index, first)]


def _first_open(phase: Phase, phases: Mapping[str, Phase]) -> int | None:
    """The first transition without a condition whose target can always be entered."""
    for index, transition in enumerate(phase.next):
        target = phases.get(transition.to)
        if transition.bare and (transition.to == END or (target is not None and target.max_visits is None)):
            return index
    return None


def _shadowed(phase: Phase, index: int, first: int | None) -> bool:
    """Whether the first open transition is always taken before this one.

    A bare transition waits for the end of a round; in orders that look after every turn, others come before it.
    """
    waits = phase.order in ("sequence", "simultaneous")
    return first is not None and first < index and (phase.next[index].bare or waits)


def _ending(subject: Subject, reachable: set[str], ways: Mapping[str, tuple[str, ...]]) -> None:
    if END in reachable or subject.limited or any(end.kind in NATURAL for _, end, _ in subject.ends):
        return
    subject.error("no_end", ("flow",),
                  "the play never comes to an end: no transition leads to `end` and nothing else ends it",
                  cure="let a phase lead to `end`, or add `ends: [{turns: 30}]`", on_key=True)


def _loops(subject: Subject, names: list[str], ways: Mapping[str, tuple[str, ...]]) -> None:
    """Without a limit, a way round that nothing bounds and a phase that may never be left are worth a warning."""
    phases = subject.scenario.flow.phases
    told = {name for name in names if phases[name].max_turns is None
            and not any(_certain(phases[name], index) for index in range(len(phases[name].next)))}
    for name in names:
        path: Path = ("flow", "phases", name)
        if name in told:
            subject.warn("unbounded", (*path, "next"),
                         f"the phase `{name}` may never be left before {DEFAULT_BOUND} turns",
                         cure="add `max_turns` to the phase, or a limit such as `ends: [{turns: 30}]`", on_key=True)
    for name in names:
        if name not in told and (spent := _only_to_counted(name, phases, ways)):
            told.add(name)
            subject.warn("unbounded", ("flow", "phases", name, "next"),
                         f"the phase `{name}` is not left any more once {spent} cannot be entered again: the play then "
                         f"stays in it until {DEFAULT_BOUND} turns",
                         cure="add a last way out, such as `{to: end, after_rounds: 1}`", on_key=True)
    free = {name: tuple(way for way in ways.get(name, ()) if way in phases and phases[way].max_visits is None
                        and way not in told) for name in names if name not in told}
    for knot in knots(free):
        name = next(name for name in names if name in knot)
        loop = way_back(name, {here: [way for way in free[here] if way in knot] for here in knot})
        subject.warn("unbounded", ("flow", "phases", name, "next"),
                     f"the play can go round {' -> '.join([*loop, name])} without a bound",
                     cure="add `max_visits` to a phase, or a limit such as `ends: [{turns: 30}]`", on_key=True)


def _only_to_counted(name: str, phases: Mapping[str, Phase], ways: Mapping[str, tuple[str, ...]]) -> str:
    """The phases that a phase leads to, in words, if each has a `max_visits` and surely comes back; else nothing."""
    targets = ways.get(name, ())
    if not targets or not all(target in phases and phases[target].max_visits is not None for target in targets):
        return ""
    for target in targets:
        sure = [way.to for index, way in enumerate(phases[target].next) if _certain(phases[target], index)]
        if not sure or not all(way in phases and name in reach(way, ways) for way in sure):
            return ""
    return " and ".join(f"`{target}`" for target in targets)


def knots(ways: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Groups of phases that can all come back to one another, in time proportional to the ways (Tarjan)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []
    for root in ways:
        pending = [(root, iter(ways[root]))] if root not in order else []
        while pending:
            here, onward = pending[-1]
            if here not in order:
                order[here] = lowest[here] = len(order)
                stack.append(here)
            for target in onward:
                if target not in order and target in ways:
                    pending.append((target, iter(ways[target])))
                    break
                if target in lowest:
                    lowest[here] = min(lowest[here], lowest[target])
            else:
                pending.pop()
                if pending:
                    lowest[pending[-1][0]] = min(lowest[pending[-1][0]], lowest[here])
                if lowest[here] == order[here]:
                    place = len(stack) - 1 - stack[::-1].index(here)
                    knot = set(stack[place:])
                    del stack[place:]
                    if len(knot) > 1 or here in ways[here]:
                        found.append(knot)
                    for member in knot:
                        lowest.pop(member)
    return found


def way_back(name: str, ways: Mapping[str, Iterable[str]]) -> list[str]:
    """The shortest way from a phase back to itself, or nothing."""
    came: dict[str, str] = {}
    pending = deque([name])
    while pending:
        here = pending.popleft()
        for target in ways.get(here, ()):
            if target == name:
                way = [here]
                while way[-1] != name:
                    way.append(came[way[-1]])
                return way[::-1]
            if target not in came:
                came[target] = here
                pending.append(target)
    return []


def _certain(phase: Phase, index: int) -> bool:
    """Whether a transition is sure to hold some time: it asks for nothing but turns and rounds."""
    transition = phase.next[index]
    return transition.when is None and transition.on_event is None and transition.majority is None


def _transitions(subject: Subject, path: Path, phase: Phase) -> None:
    phases = subject.scenario.flow.phases
    round_turns = len(subject.speakers(phase)) + (1 if phase.resolver and phase.order == "simultaneous" else 0)
    first = _first_open(phase, phases)
    for index, transition in enumerate(phase.next):
        here: Path = (*path, "next", index)
        if _shadowed(phase, index, first):
            subject.warn("never", here, f"this transition is never taken: next[{first}] always comes before it",
                         value=transition.to, cure="move the one without a condition to the end")
        if phase.max_turns is None:
            continue
        if isinstance(transition.after_turns, int) and transition.after_turns > phase.max_turns:
            subject.warn("never", (*here, "after_turns"), f"the phase is over at `max_turns: {phase.max_turns}` before",
                         value=transition.after_turns, cure="lower it, or raise `max_turns` of the phase")
        if isinstance(transition.after_rounds, int) and transition.after_rounds * round_turns > phase.max_turns:
            subject.warn("never", (*here, "after_rounds"),
                         f"the phase ends at `max_turns: {phase.max_turns}` before: {transition.after_rounds} rounds "
                         f"are {transition.after_rounds * round_turns} turns",
                         value=transition.after_rounds, cure="lower it, or raise `max_turns` of the phase")
