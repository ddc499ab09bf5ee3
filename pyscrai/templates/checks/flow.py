"""The flow leads everywhere it should and comes to an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyscrai.did_you_mean import closest
from pyscrai.templates.checks.report import DEFAULT_BOUND, Subject
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.reading.positions import Path

NATURAL = ("phrase", "when", "narrator", "judge")
"""Ends that a play comes to by itself; the others are limits."""


def check_flow(subject: Subject) -> None:
    """Reachability, ends, loops, and transitions that can never be taken."""
    phases = subject.scenario.flow.phases
    ways = {name: _ways(phase, phases) for name, phase in phases.items()}
    start = subject.scenario.flow.start
    if start in phases:
        reachable = reach(start, ways)
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
    """Where a phase can lead, misspelt names put right; a way after a bare one that is always open is never taken."""
    found: list[str] = []
    for index, transition in enumerate(phase.next):
        if _shadow(phase, index, phases) is None:
            known = transition.to == END or transition.to in phases
            found.append(transition.to if known else closest(transition.to, phases) or transition.to)
    return tuple(found)


def _shadow(phase: Phase, index: int, phases: Mapping[str, Phase]) -> int | None:
    """The earlier transition that is always taken before this one, if there is one."""
    here = phase.next[index]
    for earlier, transition in enumerate(phase.next[:index]):
        target = phases.get(transition.to)
        open_always = transition.to == END or (target is not None and target.max_visits is None)
        # A bare transition waits for the end of a round; in orders that look after every turn, others come before it.
        if transition.bare and open_always and (here.bare or phase.order in ("sequence", "simultaneous")):
            return earlier
    return None


def _ending(subject: Subject, reachable: set[str], ways: Mapping[str, tuple[str, ...]]) -> None:
    if END in reachable or subject.limited or any(end.kind in NATURAL for _, end, _ in subject.ends):
        return
    subject.error("no_end", ("flow",),
                  "the play never comes to an end: no transition leads to `end` and nothing else ends it",
                  cure="let a phase lead to `end`, or add `ends: [{turns: 30}]`", on_key=True)


def _loops(subject: Subject, names: list[str], ways: Mapping[str, tuple[str, ...]]) -> None:
    """Without a limit, a way round that nothing bounds and a phase that may never be left are worth a warning."""
    phases = subject.scenario.flow.phases
    told: set[str] = set()
    for name in names:
        path: Path = ("flow", "phases", name)
        phase = phases[name]
        if phase.max_turns is None and not any(_certain(phase, index) for index in range(len(phase.next))):
            subject.warn("unbounded", (*path, "next"),
                         f"the phase `{name}` may never be left before {DEFAULT_BOUND} turns",
                         cure="add `max_turns` to the phase, or a limit such as `ends: [{turns: 30}]`", on_key=True)
            told.add(name)
        if phase.max_visits is not None or name in told:
            continue
        free = {other: tuple(way for way in ways.get(other, ()) if way != END and way in phases
                             and phases[way].max_visits is None) for other in names}
        loop = reach_back(name, free)
        if loop:
            told.update(loop)
            subject.warn("unbounded", (*path, "next"),
                         f"the play can go round {' -> '.join([*loop, name])} without a bound",
                         cure="add `max_visits` to a phase, or a limit such as `ends: [{turns: 30}]`", on_key=True)


def reach_back(name: str, ways: Mapping[str, Iterable[str]]) -> list[str]:
    """The shortest way from a phase back to itself, or nothing."""
    came: dict[str, str] = {}
    pending = [name]
    while pending:
        here = pending.pop(0)
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
    for index, transition in enumerate(phase.next):
        here: Path = (*path, "next", index)
        if (earlier := _shadow(phase, index, phases)) is not None:
            subject.warn("never", here, f"this transition is never taken: next[{earlier}] always comes before it",
                         value=transition.to, cure="move the one without a condition to the end")
        if phase.max_turns is None:
            continue
        if transition.after_turns is not None and transition.after_turns > phase.max_turns:
            subject.warn("never", (*here, "after_turns"), f"the phase is over at `max_turns: {phase.max_turns}` before",
                         value=transition.after_turns, cure="lower it, or raise `max_turns` of the phase")
        if transition.after_rounds is not None and transition.after_rounds * round_turns > phase.max_turns:
            subject.warn("never", (*here, "after_rounds"),
                         f"the phase ends at `max_turns: {phase.max_turns}` before: {transition.after_rounds} rounds "
                         f"are {transition.after_rounds * round_turns} turns",
                         value=transition.after_rounds, cure="lower it, or raise `max_turns` of the phase")
