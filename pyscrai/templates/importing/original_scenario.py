"""Scenarios of the original PyScrAI: roles with template names, an event flow or a list of phases, and limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyscrai.templates.importing.foreign_fields import Source, slug, unbraced, words
from pyscrai.templates.importing.original_agent import engine_of, role_agent
from pyscrai.templates.importing.team import RESERVED
from pyscrai.templates.models.agent import AgentBody, EngineType, Failure
from pyscrai.templates.models.analysis import Analysis, End
from pyscrai.templates.models.base import END
from pyscrai.templates.models.flow import Flow, Observe, Phase, Transition
from pyscrai.templates.models.scenario import Role, ScenarioTemplate, display_name

TURNS = 20
"""Turns of a scenario that does not say how many."""


def is_scenario(data: dict[str, Any]) -> bool:
    """Whether data is an original scenario template."""
    return isinstance(data.get("agent_roles"), dict) or ("event_flow" in data and "personality_config" not in data)


@dataclass
class _Cast:
    roles: dict[str, Role] = field(default_factory=dict)
    engines: dict[str, EngineType] = field(default_factory=dict)

    def of(self, *engines: EngineType) -> list[str]:
        """Role ids whose engine is one of these."""
        return [role for role, engine in self.engines.items() if engine in engines]


def scenario_from_original(data: dict[str, Any], notes: list[str], known: Collection[str] = ()) -> ScenarioTemplate:
    """A scenario with the original's roles, phases and limits.

    Args:
        known: names of agent templates that roles may refer to.
    """
    source = Source(data, "", notes)
    name, description = source.text("name", limit=200), source.text("description")
    config = source.open("config")
    if not source.data.get("agent_roles") and "agent_roles" in config.data:
        roles_source, flow_source = config.open("agent_roles"), config.open("event_flow")
        source.ignore("agent_roles", "event_flow")
    else:
        roles_source, flow_source = source.open("agent_roles"), source.open("event_flow")
    cast = _roles(roles_source, known)
    turns = config.whole("max_turns", "max_iterations", low=1, high=100_000) or TURNS
    flow = (_phases if isinstance(flow_source.data.get("phases"), list) else _conversation)(flow_source, cast, turns)
    premise, ends = _premise(config, description or name), _ends(config, cast)
    retries = config.open("error_handling").whole("retry_attempts", low=0, high=20)
    only_retries = "only the number of retries is carried over: nothing is ever answered in an agent's place"
    for group, why in (("error_handling", only_retries),
                       ("interaction_rules",
                        "turns are always taken one after the other unless a phase says otherwise"),
                       ("completion_conditions", "what ends the run stands under `ends`")):
        config.leave(group, why)
    config.rest()
    source.leave("runtime_customization", "what should vary from run to run becomes a parameter")
    source.ignore("id", "created_at", "updated_at")
    source.rest()
    analysts = cast.of("analyst")
    return ScenarioTemplate(
        name=slug(name, empty="imported"), title=name, description=description, tags=("imported",), premise=premise,
        roles=cast.roles, flow=flow, ends=ends, max_turns=turns + len(flow.phases),
        failure=Failure() if retries is None else Failure(
            retries=retries), analysis=Analysis(by=analysts[0]) if analysts else None)


def _roles(source: Source, known: Collection[str]) -> _Cast:
    cast = _Cast()
    for name in source.data:
        role = source.open(name)
        key = slug(name, joint="_", empty=f"role_{len(cast.roles) + 1}")
        key = f"{key}_role" if key in RESERVED or key in cast.roles else key
        config = role.open("role_config")
        what = config.text("description", limit=500) or role.text("description", limit=500) or words(
            config.text("role", limit=200) or role.text("role", limit=200))
        template_name = role.text("template_name", limit=200)
        engine = engine_of(role, f"{name} {template_name} {what}")
        agent: str | AgentBody = role_agent(role, template_name, engine, known, what)
        required = role.take("required")
        cast.roles[key] = Role(agent=agent, name=_own_name(config, key, cast),
                               required=required if isinstance(required, bool) else True)
        cast.engines[key] = engine
        config.ignore("role", "description")
        role.ignore("role", "description")
        config.rest()
        role.rest()
    if not cast.of("actor", "narrator"):
        source.note("nobody in the cast speaks; a narrator is added")
        cast.roles["narrator"] = Role(agent=role_agent(source, "", "narrator", (), "the voice of the story"))
        cast.engines["narrator"] = "narrator"
    return cast


def _own_name(config: Source, role: str, cast: _Cast) -> str:
    """The character's name, in one line, unless another role has it."""
    name = " ".join(config.text("character_name", limit=100).split())
    names = {display_name(other, spec.name).casefold() for other, spec in cast.roles.items()}
    if name and name.casefold() in names:
        config.note(f"another role is called {name} too; this one keeps the name of its id", "character_name")
        return ""
    return name


def _conversation(source: Source, cast: _Cast, turns: int) -> Flow:
    """An event flow says who may react to what, not who speaks when: it becomes an opening and a conversation."""
    every = 5
    for name in source.data:
        event = source.open(name)
        conditions = event.open("conditions")
        every = conditions.whole("n", low=1, high=1_000) or every
    if source.data:
        source.note(f"{len(source.data)} events ({', '.join(map(str, list(source.data)[:8]))}) become a flow of an "
                    "opening and a conversation; look it over")
    analysts, narrators, actors = cast.of("analyst"), cast.of("narrator"), cast.of("actor")
    observe = Observe(by=analysts[0], every=every) if analysts else None
    talk = Phase(speakers=tuple(actors or narrators), observe=observe, next=(Transition(to=END, after_turns=turns),))
    phases: dict[str, Phase] = {}
    if narrators and actors:
        phases["opening"] = Phase(speakers=(narrators[0],), order="sequence", task="set the scene",
                                  next=(Transition(to="conversation"),))
    phases["conversation"] = talk
    return Flow(start=next(iter(phases)), phases=phases)


def _phases(source: Source, cast: _Cast, turns: int) -> Flow:
    """A list of phases: one round of everybody each, then the next."""
    listed = [phase for phase in source.take("phases") or () if isinstance(phase, dict)]
    ways = source.take("transitions")
    ways = ways if isinstance(ways, Mapping) else {}
    source.rest()
    titles = [str(entry.get("name") or f"phase {index + 1}") for index, entry in enumerate(listed)]
    keys: list[str] = []
    for index, given in enumerate(titles):
        key = slug(given, joint="_", empty=f"phase_{index + 1}")
        keys.append(f"{key}_{index + 1}" if key == END or key in keys else key)
    names = dict(zip(reversed(titles), reversed(keys), strict=True))  # of several with one name the first is meant
    analysts, speakers = cast.of("analyst"), cast.of("narrator") + cast.of("actor")
    phases: dict[str, Phase] = {}
    for index, (given, key) in enumerate(zip(titles, keys, strict=True)):
        phase = Source(listed[index], f"{source.place}.phases[{index}]", source.notes)
        phase.ignore("name")
        phase.leave("trigger", "a phase begins when the one before it leads to it")
        phase.leave("duration", "minutes have no meaning here; each phase is one round, see `after_rounds`")
        following = keys[index + 1:index + 2]
        target = names.get(str(ways.get(given)), END if given in ways or not following else following[0])
        phases[key] = Phase(title=words(given), text=phase.text("prompt_template", limit=4_000),
                            task=phase.text("description", limit=2_000), speakers=tuple(speakers),
                            observe=Observe(by=analysts[0]) if analysts else None, next=(Transition(to=target),))
        phase.rest()
    return Flow(start=next(iter(phases)), phases=phases) if phases else _conversation(source, cast, turns)


def _ends(config: Source, cast: _Cast) -> tuple[End, ...]:
    minutes = config.number("duration_minutes", low=0.001, high=1_000_000)
    seconds = config.number("timeout_seconds", low=0.001, high=10_000_000) or (minutes * 60 if minutes else None)
    config.ignore("auto_progress")
    ends = [] if seconds is None else [End(seconds=seconds)]
    conditions = config.data.get("completion_conditions")
    if isinstance(conditions, Mapping) and conditions.get("natural_conclusion") and cast.of("narrator"):
        ends.append(End(narrator=True))
    return tuple(ends)


def _premise(config: Source, description: str) -> str:
    """The scenario's description of itself, and its setting."""
    setting = config.text("setting", "context", "initial_context", limit=4_000)
    return unbraced("\n\n".join(part for part in (description, setting) if part)) or "Nothing is known at the start."
