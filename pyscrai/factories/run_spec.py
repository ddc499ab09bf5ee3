"""From a scenario template and its agents to a run's spec: every role bound, overrides applied, parameters checked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from pyscrai.did_you_mean import instead
from pyscrai.engines.cast import AgentInstance, RunSpec, Standstill
from pyscrai.engines.orchestration.plan import check_filled
from pyscrai.errors import RunError
from pyscrai.factories.agent_factory import create_agent_instance
from pyscrai.factories.run_options import RunOptions
from pyscrai.templates.models.agent import AgentBody, AgentTemplate, Memory
from pyscrai.templates.models.scenario import ScenarioTemplate

FindAgent = Callable[[str], AgentBody]
"""Gives the agent template of a name or ``name@version``; raises NotFound."""


def make_run_spec(scenario: ScenarioTemplate, options: RunOptions, find_agent: FindAgent, *, model: str) -> RunSpec:
    """Bind every role.

    Args:
        model: the operator's default alias, for agents that name none.

    Raises:
        RunError: an unknown role or parameter, a value out of bounds, a required role left out.
        NotFound: an agent template is not stored.
    """
    for named in (*options.role_models, *options.cast, *options.without, *options.people, *options.prompts,
                  *options.memory):
        if named not in scenario.roles:
            raise _unknown("role", named, scenario.roles)
    cast: dict[str, AgentInstance] = {}
    for role_id, role in scenario.roles.items():
        if role_id in options.without:
            if role.required:
                raise RunError(f"role {role_id!r} is required and cannot be left out", code="run.role_required",
                               cure="leave out only roles with `required: false`", role=role_id)
            continue
        if role_id in options.people:
            check_human(role_id, role.human)
        agent = find_agent(role.agent) if isinstance(role.agent, str) else role.agent
        if role_id in options.cast:
            given = find_agent(options.cast[role_id])
            check_engine(role_id, agent, given)
            agent = given
        instance = create_agent_instance(role_id, role, agent, model=model, failure=scenario.failure,
                                         override=options.role_models.get(role_id) or options.model)
        instance = changed(instance, prompts=options.prompts.get(role_id), memory=options.memory.get(role_id))
        if role_id in options.cast and isinstance(agent, AgentTemplate) and agent.title:
            instance = instance.model_copy(update={"name": agent.title})    # it brings its own name
        cast[role_id] = instance if role_id not in options.people else instance.model_copy(
            update={"human": "always", "person": options.people[role_id]})
    check_display_names(cast)
    spec = RunSpec(scenario=scenario, cast=_told(scenario, cast),
                   parameters=read_parameters(scenario, options.parameters),
                   seed=secrets.randbits(31) if options.seed is None else options.seed,
                   max_turns=options.max_turns, budget_usd=options.budget_usd,
                   variables=read_variables(scenario, options.variables),
                   standstill=Standstill(**options.standstill) if options.standstill else None)
    check_filled(spec)
    return spec


def check_display_names(cast: Mapping[str, AgentInstance]) -> None:
    """Check that no two roles have one name, as agents that are cast may have.

    Raises:
        RunError: two do.
    """
    seen: dict[str, str] = {}
    for role, member in cast.items():
        other = seen.setdefault(" ".join(member.name.casefold().split()), role)
        if other != role:
            raise RunError(f"{other!r} and {role!r} are both called {member.name}", code="run.bad_cast", role=role,
                           cure="cast another agent for one of them")


def check_engine(role: str, own: AgentBody, agent: AgentBody) -> None:
    """Check that an agent can take the place of a role's own: an Analyst's place is an Analyst's.

    Raises:
        RunError: one of the two is an Analyst and the other is not.
    """
    if (own.engine == "analyst") != (agent.engine == "analyst"):
        kind = "an Analyst" if own.engine == "analyst" else "an Actor or a Narrator"
        raise RunError(f"role {role!r} is for {kind}, and this agent's engine is {agent.engine!r}", code="run.bad_cast",
                       role=role, cure="cast an agent of the same kind")


def _told(scenario: ScenarioTemplate, cast: Mapping[str, AgentInstance]) -> dict[str, AgentInstance]:
    """The cast, with Analysts told the secrets and goals of others where the template says so."""
    found = dict(cast)
    for role, member in cast.items():
        knows = scenario.roles[role].knows if member.engine == "analyst" else ()
        if not knows:
            continue
        lines = [member.secret] if member.secret else []
        for other in cast.values():
            if "secrets" in knows and other.secret and other.role != role:
                lines.append(f"The secret of {other.name}: {other.secret}")
            if "goals" in knows and other.personality.goals and other.engine != "analyst":
                lines.append(f"The goals of {other.name}: {'; '.join(other.personality.goals)}")
        found[role] = member.model_copy(update={"secret": "\n".join(lines)})
    return found


def changed(instance: AgentInstance, *, model: str | None = None, prompts: Mapping[str, str] | None = None,
            memory: Mapping[str, Any] | None = None) -> AgentInstance:
    """An instance with another model, prompts over its own, or another memory; what is None stays."""
    update: dict[str, Any] = {"model": model} if model else {}
    if prompts:
        update["prompts"] = {**instance.prompts, **prompts}
    if memory is not None:
        update["memory"] = Memory.model_validate(memory)
    return instance.model_copy(update=update) if update else instance


def read_variables(scenario: ScenarioTemplate, given: Mapping[str, Any]) -> dict[str, Any]:
    """Initial values of variables, checked.

    Raises:
        RunError: an unknown variable, or a value outside its domain.
    """
    values = {}
    for name, value in given.items():
        variable = scenario.variables.get(name)
        if variable is None:
            raise _unknown("variable", name, scenario.variables)
        read = variable.coerce(_from_text(value, variable.type) if isinstance(value, str) else value)
        if reason := variable.why_not(read):
            raise RunError(f"variable {name!r}: {reason}", code="run.bad_variable", variable=name, value=value)
        values[name] = read
    return values


def check_human(role: str, human: str) -> None:
    """Check that a person may play a role, from the start or from a turn on.

    Raises:
        RunError: the template does not allow it.
    """
    if human == "no":
        raise RunError(f"role {role!r} is not for a person", code="run.no_human", role=role,
                       cure="set `human: allowed` for it in the template")


def read_parameters(scenario: ScenarioTemplate, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a run: those given, checked, over the defaults.

    Raises:
        RunError: an unknown parameter, or a value outside its domain.
    """
    values = {name: parameter.coerce(parameter.default) for name, parameter in scenario.parameters.items()}
    for name, value in given.items():
        parameter = scenario.parameters.get(name)
        if parameter is None:
            raise _unknown("parameter", name, scenario.parameters)
        read = parameter.coerce(_from_text(value, parameter.type) if isinstance(value, str) else value)
        if reason := parameter.why_not(read):
            raise RunError(f"parameter {name!r}: {reason}", code="run.bad_parameter", parameter=name, value=value,
                           cure=parameter.description or None)
        values[name] = read
    return values


def _from_text(text: str, kind: str) -> Any:
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    if kind == "boolean":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    return text


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> RunError:
    return RunError(f"there is no {what} {name!r} in this scenario", code=f"run.unknown_{what}",
                    cure=instead(name, known), **{what: name})
