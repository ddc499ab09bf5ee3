"""A play expanded to plain data that the flow can walk: groups become roles, names become lists.

The passes are named functions, each plain data in and plain data out; ``make_plan`` runs them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyscrai import audience as audiences
from pyscrai.audience import Audience
from pyscrai.engines.cast import Play
from pyscrai.errors import Problem, TemplateError
from pyscrai.templates.models.analysis import End
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Phase

BEGIN = "begin"
GATHER = "gather"


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """A phase with its speakers as role ids, in order, without those who were left out of the cast."""

    name: str
    spec: Phase
    speakers: tuple[str, ...]

    @property
    def round(self) -> int:
        """How many turns make a round."""
        return len(self.speakers) + (1 if self.spec.resolver else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the flow walks and the graph is built from."""

    play: Play
    groups: Mapping[str, tuple[str, ...]]
    phases: Mapping[str, PhasePlan]
    ends: tuple[End, ...]
    visible: Mapping[str, tuple[str, ...]]
    """Role to the variables that it sees."""
    watchers: frozenset[str]
    """Roles that only look on: their nodes lead nowhere."""
    keep_turns: int | None

    def audience(self, names: Iterable[str], source: str | None = None) -> Audience:
        """Who hears what ``source`` says to ``names``, after the roles' own ``hears``."""
        cast = self.play.cast
        addressed = audiences.resolve(names, cast=cast, groups=self.groups)
        heard = set(cast) if addressed == "all" else set(addressed)
        for role, member in cast.items():
            if member.hears == "everything":
                heard.add(role)
            elif member.hears != "addressed" and source is not None and source not in self.members(member.hears):
                heard.discard(role)
        return audiences.EVERYONE if len(heard) == len(cast) else tuple(sorted(heard))

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """Roles of the cast behind role and group names, in the order in which they are named."""
        found: dict[str, None] = {}
        for name in names:
            for role in self.play.cast if name == "all" else self.groups.get(name, (name,)):
                if role in self.play.cast:
                    found[role] = None
        return tuple(found)


def expand_groups(play: Play) -> dict[str, tuple[str, ...]]:
    """Groups to roles of the cast; a group may name groups that stand before it."""
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in play.scenario.groups.items():
        roles: dict[str, None] = {}
        for member in members:
            for role in groups.get(member, (member,)):
                if role in play.cast:
                    roles[role] = None
        groups[name] = tuple(roles)
    return groups


def expand_phases(play: Play, groups: Mapping[str, tuple[str, ...]]) -> dict[str, PhasePlan]:
    """Phases with their speakers; a moderator, resolver or observer that was left out of the cast drops out."""
    phases = {}
    problems = []
    analysts = {role for role, member in play.cast.items() if member.engine == "analyst"}
    for name, phase in play.scenario.flow.phases.items():
        speakers: dict[str, None] = {}
        for speaker in phase.speakers:
            roles = tuple(play.cast) if speaker == "all" else groups.get(speaker, (speaker,))
            speakers.update(dict.fromkeys(role for role in roles if role in play.cast and (
                speaker != "all" or role not in analysts)))
        if not speakers:
            problems.append(Problem(code="compile.no_speakers", field=f"flow.phases.{name}.speakers",
                                    value=list(phase.speakers), message="nobody in the cast speaks in this phase",
                                    cure="bind one of its optional roles or name a required one"))
        absent: dict[str, None] = {}
        if phase.resolver and phase.resolver not in play.cast:
            absent["resolver"] = None
        if phase.observe and phase.observe.by not in play.cast:
            absent["observe"] = None
        if phase.order == "moderated" and phase.moderator not in play.cast:
            problems.append(Problem(code="compile.no_moderator", field=f"flow.phases.{name}.moderator",
                                    value=phase.moderator, message="the moderator is not in the cast",
                                    cure="bind the role, or choose another order"))
        phases[name] = PhasePlan(name, phase.model_copy(update=absent) if absent else phase, tuple(speakers))
    if problems:
        raise TemplateError(problems, code="compile.invalid")
    return phases


def find_watchers(play: Play, phases: Mapping[str, PhasePlan]) -> frozenset[str]:
    """Roles that never take a turn: Analysts who observe, judge, measure or report."""
    playing: set[str] = set()
    for phase in phases.values():
        playing.update(phase.speakers)
        playing.update(role for role in (phase.spec.moderator, phase.spec.resolver) if role and role in play.cast)
    return frozenset(set(play.cast) - playing)


def span_of_memory(play: Play) -> int | None:
    """How many turns the state keeps so that every window finds its lines; None where a window is unbounded."""
    spans = [member.memory.window and member.memory.window + member.memory.block for member in play.cast.values()]
    return None if None in spans else max(40, 2 * max(span for span in spans if span is not None))


def see_variables(play: Play, groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Role to the names of the variables that it sees."""
    shown = {name: audiences.resolve(variable.visible_to, cast=play.cast, groups=groups)
             for name, variable in play.scenario.variables.items()}
    return {role: tuple(name for name, seen_by in shown.items() if audiences.hears(role, audience=seen_by, source=None))
            for role in play.cast}


def make_plan(play: Play) -> Plan:
    """Run the passes.

    Raises:
        TemplateError: a phase has no speakers, or no moderator, with this cast.
    """
    groups = expand_groups(play)
    phases = expand_phases(play, groups)
    ends = play.scenario.ends
    return Plan(play=play, groups=groups, phases=phases, ends=(ends,) if isinstance(ends, End) else tuple(ends),
                visible=see_variables(play, groups), watchers=find_watchers(play, phases),
                keep_turns=span_of_memory(play))


def successors(plan: Plan) -> dict[str, list[str]]:
    """Who can act after whom: for every node of the graph the nodes that may follow it, in a stable order."""
    def openers(name: str) -> list[str]:
        if name == END:
            return [END]
        phase = plan.phases[name]
        if phase.spec.order == "moderated" and phase.spec.moderator and len(phase.speakers) > 1:
            return [phase.spec.moderator]
        return list(phase.speakers) if phase.spec.order in ("random", "simultaneous") else [phase.speakers[0]]

    follow: dict[str, dict[str, None]] = {BEGIN: dict.fromkeys(openers(plan.play.scenario.flow.start))}

    def link(source: str, targets: Iterable[str]) -> None:
        follow.setdefault(source, {}).update(dict.fromkeys(targets))

    for phase in plan.phases.values():
        out = [target for transition in phase.spec.next for target in openers(transition.to)]
        speakers, order, many = phase.speakers, phase.spec.order, len(phase.speakers) > 1
        if order == "simultaneous" and many:
            for role in speakers:
                link(role, [GATHER])
            last = [phase.spec.resolver] if phase.spec.resolver else [GATHER]
            link(GATHER, [phase.spec.resolver] if phase.spec.resolver else [])
            for role in last:
                link(role, [*out, *speakers])
            continue
        if order == "moderated" and phase.spec.moderator and many:
            link(phase.spec.moderator, speakers)
            for role in speakers:
                link(role, [phase.spec.moderator, *out])
            continue
        for index, role in enumerate(speakers):
            if order in ("sequence", "round_robin"):
                after = [speakers[(index + 1) % len(speakers)]]
            elif order == "random":
                after = [other for other in speakers if other != role or not many]
            else:
                after = list(speakers)
            link(role, after)
            if order != "sequence" or index == len(speakers) - 1:
                link(role, out)
        if phase.spec.resolver and order == "simultaneous":
            link(speakers[0], [phase.spec.resolver])
            link(phase.spec.resolver, [*out, *speakers])
    return {source: list(targets) for source, targets in follow.items()}
