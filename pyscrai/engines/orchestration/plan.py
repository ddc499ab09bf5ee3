"""A run's plan: its spec expanded to plain data that the flow can walk. Groups become roles, names become lists.

The passes are named functions, each plain data in and plain data out; ``make_plan`` runs them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pyscrai.audience import EVERYONE, NOBODY, Audience
from pyscrai.engines.cast import AgentInstance, RunSpec
from pyscrai.engines.orchestration.expression_names import changing_groups, conditions_of, names_read
from pyscrai.errors import Problem, RunError, TemplateError
from pyscrai.prompts.parameters import growth, with_parameters
from pyscrai.templates.models.analysis import End
from pyscrai.templates.models.flow import Phase
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.plain_texts import filled, filled_persona, persona_texts, plain_texts

OWN = "own"
"""In ``visible_to`` of a variable with a value per role: each role sees its own."""


MOST_GROWTH = 1_000_000
"""Characters by which all texts of a run may grow together when its parameters are put into them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the order of a phase: a role, and what must hold for it to take part."""

    role: str
    name: str
    """The role or group that stands in the template."""
    when: str | None = None


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """A phase with its speakers as role ids, in order, without those who were left out of the cast."""

    name: str
    spec: Phase
    slots: tuple[Slot, ...]
    """The places of a round, in order; a role may have several."""
    order: tuple[str, ...]
    """The roles of these places."""
    speakers: tuple[str, ...]
    """All roles that can speak in it, each once."""
    changing: bool
    """Whether conditions, an expression or scenes decide, round by round, who takes part."""

    @property
    def parallel(self) -> bool:
        """Whether its groups talk at the same time, each by itself."""
        return self.spec.order == "parallel"

    @property
    def round(self) -> int:
        """The turns of a round, where the speakers do not change."""
        return len(self.slots) + (1 if self.spec.resolver else 0)


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
    names: Mapping[str, str]
    """Role to the name that it goes by."""
    conditional: Mapping[str, str]
    """Groups to the condition that decides who is in them."""
    reads: frozenset[str]
    """The names that any expression of the template reads: ``moves``, ``chosen``."""
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What others make of the plan once, whatever the seed: runs that differ in nothing else share it."""

    def with_seed(self, seed: int) -> Plan:
        """The plan of a run that differs in its seed alone."""
        plan = replace(self, seed=seed, given=replace(self.given, seed=seed))
        object.__setattr__(plan, "kept", self.kept)
        return plan

    @property
    def bound(self) -> int:
        """The bound of the run's turns: the scenario's, or the operator's where that is lower."""
        return min(self.scenario.max_turns, self.max_turns or self.scenario.max_turns)

    @property
    def awaits(self) -> str | None:
        """The Analyst whose measures the play waits for, if any."""
        analysis = self.scenario.analysis
        waits = analysis and analysis.by in self.cast and any(measure.after for measure in analysis.measures)
        return analysis.by if analysis and waits else None

    @property
    def reads_groups(self) -> bool:
        """Whether an expression reads who is behind a name."""
        read = self.reads & {"roles", "groups", *self.scenario.groups}
        return bool(read or self.conditional)

    def audience(self, names: Iterable[str], source: str | None = None,
                 behind: Mapping[str, tuple[str, ...]] | None = None) -> Audience:
        """The listeners to what ``source`` says to ``names``, after the roles' own ``hears``; no names mean nobody.

        Args:
            behind: who is behind each name at this moment, where groups have conditions.
        """
        if not (named := tuple(names)):
            return NOBODY
        behind = self.behind if behind is None else behind
        heard = {role for name in named for role in behind.get(name, ())}
        for role, member in self.cast.items():
            if member.hears == "everything":
                heard.add(role)
            elif member.hears != "addressed" and source is not None and source not in members(member.hears, behind):
                heard.discard(role)
        return EVERYONE if len(heard) == len(self.cast) else tuple(sorted(heard))

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """Roles of the cast that can be behind role and group names, in the order in which they are named."""
        return members(names, self.behind)

    def named(self, group: str, behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The roles behind what a group names, whatever its condition says."""
        return members(self.scenario.named(group), behind)

    def sees(self, role: str, behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The variables that a role sees at this moment; of a value per role perhaps its own alone."""
        if not self.conditional:
            return self.visible.get(role, ())
        return _seen_by(role, self.scenario, behind)

    @property
    def players(self) -> tuple[str, ...]:
        """The roles of the cast that are no Analysts."""
        return tuple(role for role, member in self.cast.items() if member.engine != "analyst")

    @property
    def actors(self) -> tuple[str, ...]:
        """The Actors that take turns: of ``each`` of them is what a measure says."""
        return tuple(role for role, member in self.cast.items()
                     if member.engine == "actor" and role not in self.watchers)


def members(names: Iterable[str], behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Roles behind names, each once, in the order in which they are named; names of nobody in the cast drop out."""
    return tuple(dict.fromkeys(role for name in names for role in behind.get(name, ())))


def check_filled(spec: RunSpec) -> None:
    """See that the parameters do not blow up the texts that they are put into.

    Raises:
        RunError: together these would grow beyond the bound.
    """
    texts = [text for _, text in plain_texts(spec.scenario)]
    for member in spec.cast.values():
        texts += [member.secret, *(text for _, text in persona_texts(member.personality))]
    if sum(growth(text, spec.parameters) for text in texts) > MOST_GROWTH:
        raise RunError(f"the parameters make the texts of this scenario longer by more than {MOST_GROWTH:,} characters",
                       code="run.bad_parameter", cure="give shorter ones")


def fill_texts(spec: RunSpec) -> RunSpec:
    """The spec with its parameters put into the texts of its scenario and its cast.

    Raises:
        RunError: these grow beyond the bound.
    """
    check_filled(spec)
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
    conditional = changing_groups(spec.scenario)
    for name, phase in spec.scenario.flow.phases.items():
        slots = expand_slots(phase, actors, repeat=spec.edition > 1)
        if not slots:
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
        changing = phase.order == "parallel" or isinstance(phase.speakers, str) or any(
            slot.when is not None or slot.name in conditional for slot in slots)
        order = tuple(slot.role for slot in slots)
        phases[name] = PhasePlan(name, phase.model_copy(update=absent) if absent else phase, slots, order,
                                 tuple(dict.fromkeys(order)), changing)
    if problems:
        raise TemplateError(problems, code="compile.invalid")
    return phases


def expand_slots(phase: Phase, behind: Mapping[str, tuple[str, ...]], *, repeat: bool) -> tuple[Slot, ...]:
    """The places of a round. A role that is named again speaks again where the order is fixed; a group adds nobody.

    Args:
        repeat: whether it does; the first edition passed it over.
    """
    if isinstance(phase.speakers, str):
        return tuple(Slot(role, "all") for role in behind["all"])
    repeats = repeat and phase.order in ("sequence", "round_robin")
    slots: list[Slot] = []
    for each in phase.speakers or ():
        name, when = (each, None) if isinstance(each, str) else (each.name, each.when)
        known = {slot.role for slot in slots}
        slots += [Slot(role, name, when) for role in behind.get(name, ())
                  if role not in known or (repeats and role == name)]
    return tuple(slots)


def find_watchers(spec: RunSpec, phases: Mapping[str, PhasePlan]) -> frozenset[str]:
    """Roles that never take a turn: Analysts who observe, judge, measure or report."""
    playing: set[str] = set()
    for phase in phases.values():
        playing.update(phase.speakers)
        playing.update(role for role in (phase.spec.moderator, phase.spec.resolver) if role and role in spec.cast)
    return frozenset(set(spec.cast) - playing)


def span_of_memory(spec: RunSpec) -> int | None:
    """The turns that the state keeps so that every window finds its lines; None where a window is unbounded."""
    spans = [member.memory.window and member.memory.window + member.memory.block for member in spec.cast.values()]
    return None if None in spans else max(40, 2 * max(span for span in spans if span is not None))


def see_variables(spec: RunSpec, behind: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Role to the names of the variables that it sees, or may come to see."""
    return {role: _seen_by(role, spec.scenario, behind) for role in spec.cast}


def _seen_by(role: str, scenario: ScenarioTemplate, behind: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(name for name, variable in scenario.variables.items()
                 if OWN in variable.visible_to or role in members(variable.visible_to, behind))


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
                watchers=find_watchers(spec, phases), keep_turns=span_of_memory(spec),
                names={role: member.name for role, member in spec.cast.items()},
                conditional=conditions_of(spec.scenario), reads=names_read(spec.scenario))
