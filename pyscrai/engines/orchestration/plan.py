"""A run's plan: its spec expanded to plain data that the flow can walk. Groups become roles, names become lists.

The passes are named functions, each plain data in and plain data out; ``make_plan`` runs them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pyscrai.audience import EVERYONE, NOBODY, Audience
from pyscrai.engines.cast import AgentInstance, RunSpec
from pyscrai.errors import Problem, TemplateError
from pyscrai.prompts.parameters import with_parameters
from pyscrai.templates.models.analysis import End
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.plain_texts import filled, filled_persona


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(RunSpec):
    """What the flow walks and the graph is built from: a run's spec, and what follows from it."""

    behind: Mapping[str, tuple[str, ...]]
    """Every role, group and ``all`` to the roles of the cast that it stands for, in order."""
    phases: Mapping[str, PhasePlan]
    ends: tuple[End, ...]
    """The template's ends, in order."""
    visible: Mapping[str, tuple[str, ...]]
    """Role to the variables that it sees."""
    watchers: frozenset[str]
    """Roles that only look on: their nodes lead nowhere."""
    keep_turns: int | None
    given: RunSpec
    """The spec as it was given: its texts name parameters that stand for their values here."""

    @property
    def bound(self) -> int:
        """How many turns the run has at most: the scenario's bound, or the operator's where that is lower."""
        return min(self.scenario.max_turns, self.max_turns or self.scenario.max_turns)

    @property
    def awaits(self) -> str | None:
        """The Analyst whose measures the play waits for, if any."""
        analysis = self.scenario.analysis
        waits = analysis and analysis.by in self.cast and any(measure.after for measure in analysis.measures)
        return analysis.by if analysis and waits else None

    def audience(self, names: Iterable[str], source: str | None = None) -> Audience:
        """Who hears what ``source`` says to ``names``, after the roles' own ``hears``; no names mean nobody."""
        if not (named := tuple(names)):
            return NOBODY
        heard = set(self.members(named))
        for role, member in self.cast.items():
            if member.hears == "everything":
                heard.add(role)
            elif member.hears != "addressed" and source is not None and source not in self.members(member.hears):
                heard.discard(role)
        return EVERYONE if len(heard) == len(self.cast) else tuple(sorted(heard))

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """Roles of the cast behind role and group names, in the order in which they are named."""
        return members(names, self.behind)


def members(names: Iterable[str], behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Roles behind names, each once, in the order in which they are named; names of nobody in the cast drop out."""
    return tuple(dict.fromkeys(role for name in names for role in behind.get(name, ())))


def fill_texts(spec: RunSpec) -> RunSpec:
    """The spec with its parameters put into the texts of its scenario and its cast."""
    scenario = filled(spec.scenario, spec.parameters)
    cast = {role: _filled_instance(member, spec.parameters) for role, member in spec.cast.items()}
    same = scenario is spec.scenario and all(cast[role] is member for role, member in spec.cast.items())
    return spec if same else replace(spec, scenario=scenario, cast=cast)


def _filled_instance(member: AgentInstance, parameters: Mapping[str, Any]) -> AgentInstance:
    personality, secret = filled_persona(member.personality, parameters), with_parameters(member.secret, parameters)
    if personality is member.personality and secret == member.secret:
        return member
    return member.model_copy(update={"personality": personality, "secret": secret})


def expand_names(spec: RunSpec) -> dict[str, tuple[str, ...]]:
    """Every name that stands for roles: ``all``, the roles of the cast, and the groups of them.

    A group may name groups that stand before it.
    """
    behind = {"all": tuple(spec.cast), **{role: (role,) for role in spec.cast}}
    for name in spec.scenario.groups:
        behind[name] = members(spec.scenario.named(name), behind)
    return behind


def expand_phases(spec: RunSpec, behind: Mapping[str, tuple[str, ...]]) -> dict[str, PhasePlan]:
    """Phases with their speakers; a moderator, resolver or observer that was left out of the cast drops out."""
    phases = {}
    problems = []
    actors = {**behind, "all": tuple(role for role, member in spec.cast.items() if member.engine != "analyst")}
    for name, phase in spec.scenario.flow.phases.items():
        speakers = members(phase.speaker_names, actors)
        if not speakers:
            problems.append(Problem(code="compile.no_speakers", field=f"flow.phases.{name}.speakers",
                                    value=list(phase.speaker_names), message="nobody in the cast speaks in this phase",
                                    cure="bind one of its optional roles or name a required one"))
        absent: dict[str, None] = {}
        if phase.resolver and phase.resolver not in spec.cast:
            absent["resolver"] = None
        if phase.observe and phase.observe.by not in spec.cast:
            absent["observe"] = None
        if phase.order == "moderated" and phase.moderator not in spec.cast:
            problems.append(Problem(code="compile.no_moderator", field=f"flow.phases.{name}.moderator",
                                    value=phase.moderator, message="the moderator is not in the cast",
                                    cure="bind the role, or choose another order"))
        phases[name] = PhasePlan(name, phase.model_copy(update=absent) if absent else phase, speakers)
    if problems:
        raise TemplateError(problems, code="compile.invalid")
    return phases


def find_watchers(spec: RunSpec, phases: Mapping[str, PhasePlan]) -> frozenset[str]:
    """Roles that never take a turn: Analysts who observe, judge, measure or report."""
    playing: set[str] = set()
    for phase in phases.values():
        playing.update(phase.speakers)
        playing.update(role for role in (phase.spec.moderator, phase.spec.resolver) if role and role in spec.cast)
    return frozenset(set(spec.cast) - playing)


def span_of_memory(spec: RunSpec) -> int | None:
    """How many turns the state keeps so that every window finds its lines; None where a window is unbounded."""
    spans = [member.memory.window and member.memory.window + member.memory.block for member in spec.cast.values()]
    return None if None in spans else max(40, 2 * max(span for span in spans if span is not None))


def see_variables(spec: RunSpec, behind: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Role to the names of the variables that it sees."""
    shown = {name: members(variable.visible_to, behind) for name, variable in spec.scenario.variables.items()}
    return {role: tuple(name for name, seen_by in shown.items() if role in seen_by) for role in spec.cast}


def make_plan(spec: RunSpec) -> Plan:
    """Run the passes.

    Raises:
        TemplateError: a phase has no speakers, or no moderator, with this cast.
    """
    given, spec = spec, fill_texts(spec)
    behind = expand_names(spec)
    phases = expand_phases(spec, behind)
    ends = spec.scenario.ends
    return Plan(given=given, **{each.name: getattr(spec, each.name) for each in fields(RunSpec)}, behind=behind,
                phases=phases,
                ends=(ends,) if isinstance(ends, End) else tuple(ends), visible=see_variables(spec, behind),
                watchers=find_watchers(spec, phases), keep_turns=span_of_memory(spec))
