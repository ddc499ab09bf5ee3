"""Forks: a new run that shares another's past up to a turn, and may go on otherwise. The original stays as it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Fork, NewMember, NewRunRow, Runs
from pyscrai.databases.run_ids import new_run_id
from pyscrai.databases.run_settings import RunSettings
from pyscrai.databases.tables import AgentInstanceRow, RunRow, ScenarioTemplateRow
from pyscrai.engines.cast import AgentInstance, RunSpec
from pyscrai.engines.orchestration.context import behind_in
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.engines.orchestration.turn_order import BEGIN, successors
from pyscrai.engines.place import Place
from pyscrai.engines.ports.record import Progress
from pyscrai.engines.state import shown_usage
from pyscrai.errors import RunError, WrongState
from pyscrai.events import Event, RunForked, VariableChanged
from pyscrai.factories.budget import check_budget
from pyscrai.factories.run_spec import changed, read_parameters
from pyscrai.factories.scenario_factory import Within, make_graph
from pyscrai.factories.services import Services
from pyscrai.lifecycle import Desired, check_fits
from pyscrai.services.edited_past import edit_past
from pyscrai.services.outside_events import change_runs
from pyscrai.services.run_checks import check_audience, check_player, check_variables
from pyscrai.services.run_states import Moment, moment
from pyscrai.templates.models.base import Scalar
from pyscrai.templates.models.world import InjectText


@dataclass(frozen=True, slots=True)
class Edits:
    """The changes of a fork against its parent."""

    variables: Mapping[str, Scalar] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    injects: Sequence[InjectText] = ()
    """Put into the world before the fork's first turn."""
    model: str | None = None
    """A model alias for every role."""
    role_models: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    """Role to prompt slot to the Jinja text that stands in for the engine's own."""
    memory: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Role to what it keeps of the conversation, as in a template."""
    message: tuple[str, str] | None = None
    """The key of one event that was said or put into the world, and what it says instead."""
    seed: int | None = None
    max_turns: int | None = None
    budget_usd: float | None = None
    allow_unknown_price: bool = False
    """Whether a budget may go with models that have no known price."""

    def as_dict(self) -> dict[str, Any]:
        """The edits as plain data."""
        edits = {"variables": dict(self.variables), "parameters": dict(self.parameters), "model": self.model,
                 "injects": [content.model_dump(mode="json") for content in self.injects],
                 "prompts": {role: dict(slots) for role, slots in self.prompts.items()},
                 "memory": {role: dict(memory) for role, memory in self.memory.items()},
                 "role_models": dict(self.role_models), "seed": self.seed, "max_turns": self.max_turns,
                 "budget_usd": self.budget_usd,
                 "message": {"key": self.message[0], "text": self.message[1]} if self.message else None}
        return {name: value for name, value in edits.items() if value not in (None, {}, [])}


async def fork_run(services: Services, run_id: str, turn: int, edits: Edits, *, actor: str, name: str = "",
                   tags: Sequence[str] = (), desired: Desired = "none", within: Within | None = None) -> str:
    """Make a run that goes on from a turn of another one.

    Args:
        turn: how many turns of the parent's play are shared.
        within: what else is to be stored in the transaction that makes the run, given its id.

    Returns:
        The new run's id; it is pending.

    Raises:
        NotFound: there is no such run, turn or message.
        WrongState: the parent has not begun, or ended with this turn.
        RunError: an edit does not fit the scenario.
        ConfigError: a model alias is unknown.
    """
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        check_fits(run_id, row.status, row.desired, "fork")
        cast = await runs.cast(run_id)
        commands = len(await Controls(session).list(run_id))
    at = await moment(services, run_id, turn)
    if at.values.get("outcome") and not at.values["outcome"].get("pause"):
        raise WrongState(f"{run_id} ended with turn {turn}", cure=f"fork it at turn {turn - 1} or before")
    plan = make_plan(_edited_spec(at, row, cast, edits))
    for alias in {instance.model for instance in plan.cast.values()}:
        services.models.known(alias)
    if edits.budget_usd is not None and not edits.allow_unknown_price:
        await check_budget(plan, services.models)
    for content in edits.injects:
        check_audience(plan, content.audience)
    variables = {**at.values.get("variables", {}), **check_variables(plan, edits.variables)}
    async with services.database.read() as session:
        values = await _settled(session, run_id, at)
    said = edits.as_dict()
    if edits.message is not None:
        values, said["message"] = await edit_past(services, run_id, plan, values, edits.message, turn)
    clock = {name: value for name, value in values["clock"].items() if name != "stands"}
    values = {**values, "variables": variables, "messages": tuple(values.get("messages") or ()), "outcome": None,
              "clock": clock}
    fork = Fork(run_id, turn, Progress(turn, values.get("phase", ""), tuple(
        activation["role"] for activation in values["next"]), variables, shown_usage(values.get("usage") or {})))
    child = new_run_id(now())
    behind = behind_in(plan, values)
    events: list[Event] = [RunForked(key="forked", turn=turn, phase=fork.at.phase, source=actor, parent=run_id,
                                     at_turn=turn, edits=said)]
    events += [VariableChanged(key=f"forked.{name}", turn=turn, phase=fork.at.phase, source=actor, variable=name,
                               old=at.values.get("variables", {}).get(name), new=variables[name],
                               cause=f"{actor} forks",
                               audience=plan.audience(plan.scenario.variables[name].visible_to, behind=behind))
               for name in edits.variables]
    # The state first: a run that is there at all is there whole.
    await _copy_state(services, child, plan, values)
    new = _new_run(child, row, cast, plan, fork, edits, said, actor, name, tags, desired, commands)
    try:
        await _store(services, new, row, events, within)
    except BaseException:
        await services.checkpoints.delete(child)
        raise
    return child


async def regenerate(services: Services, run_id: str, turn: int, *, actor: str, seed: int | None = None,
                     role: str | None = None, model: str | None = None, desired: Desired = "none",
                     within: Within | None = None) -> str:
    """Play a turn again with another seed, as a fork from the turn before it.

    Args:
        role, model: who has another model from then on, if anybody.

    Raises: as ``fork_run``.
    """
    if turn < 1:
        raise RunError("turns count from 1", code="run.bad_turn", turn=turn)
    fresh = secrets.randbits(31) if seed is None else seed
    edits = Edits(seed=fresh, role_models={role: model} if role and model else {}, model=None if role else model)
    return await fork_run(services, run_id, turn - 1, edits, actor=actor, desired=desired,
                          name=f"turn {turn} again", within=within)


# -- what the fork begins with ----------------------------------------------------------------------------------------


def _edited_spec(at: Moment, row: RunRow, cast: Sequence[AgentInstanceRow], edits: Edits) -> RunSpec:
    for role in (*edits.role_models, *edits.prompts, *edits.memory):
        if role not in at.plan.cast:
            check_player(at.plan, role)
    instances = {}
    for member in cast:
        instance = AgentInstance.model_validate(member.configuration)
        alias = edits.role_models.get(member.role) or edits.model
        instances[member.role] = changed(instance, model=alias, prompts=edits.prompts.get(member.role),
                                         memory=edits.memory.get(member.role))
    scenario = at.plan.given.scenario
    parameters = read_parameters(scenario, {**row.parameters, **edits.parameters})
    return RunSpec(scenario=scenario, cast=instances, parameters=parameters,
                   seed=row.seed if edits.seed is None else edits.seed,
                   max_turns=edits.max_turns or row.settings.get("max_turns"),
                   budget_usd=edits.budget_usd or row.settings.get("budget_usd"), edition=at.plan.edition)


async def _settled(session: AsyncSession, run_id: str, at: Moment) -> dict[str, Any]:
    """The state without what the parent's watchers have done for this turn already, but with what came of it.

    Watchers look on in the superstep after the turn; what they saw belongs to the shared past and is not paid again.
    """
    values = dict(at.values)
    keys = {Place.of(activation).stem: activation
            for activation in values["next"] if activation["role"] in at.plan.watchers}
    if not keys:
        return values
    done = await Events(session).by_key(run_id, keys)
    looked_on = {activation["role"] for key, activation in keys.items() if key in done or at.followed is not None}
    values["next"] = [activation for activation in values["next"] if activation["role"] not in looked_on]
    if at.followed is not None:
        values["measures"] = at.followed.get("measures")
        values["verdicts"] = at.followed.get("verdicts")
        memory = at.followed.get("memory") or {}
        values["memory"] = {**(values.get("memory") or {}),
                            **{role: memory[role] for role in looked_on if role in memory}}
    return values


def _new_run(child: str, row: RunRow, cast: Sequence[AgentInstanceRow], spec: RunSpec, fork: Fork, edits: Edits,
             said: Mapping[str, Any], actor: str, name: str, tags: Sequence[str], desired: Desired,
             commands: int) -> Callable[[ScenarioTemplateRow], NewRunRow]:
    members = [NewMember(role=member.role, name=member.name, engine=member.engine, agent_hash=member.agent_hash,
                          configuration=spec.cast[member.role].model_dump(mode="json"),
                          agent_template_id=member.agent_template_id, played_by=member.played_by) for member in cast]
    settings: RunSettings = {**row.settings, "actor": actor, "edits": dict(said)}
    for own in ("standstill", "variables", "injects"):   # of the parent's beginning, which the fork has behind it
        settings.pop(own, None)  # type: ignore[misc]
    if "commands_before" in settings:
        settings["commands_before"] += commands
    if actor != row.settings.get("actor"):   # whoever forks another's run pays for the fork
        settings.pop("share", None)
    if edits.max_turns:
        settings["max_turns"] = edits.max_turns
    if edits.budget_usd:
        settings["budget_usd"] = edits.budget_usd
    injects = [{"text": content.text, "audience": list(content.audience), "source": content.source}
               for content in edits.injects]
    return lambda template: NewRunRow(template, members, spec.seed, name or row.name, spec.parameters, settings,
                                   tags or tuple(row.tags), desired=desired, fork=fork, injects=injects, id=child)


async def _store(services: Services, new: Callable[[ScenarioTemplateRow], NewRunRow], row: RunRow,
                 events: Sequence[Event], within: Within | None) -> None:
    async with change_runs(services) as changes:
        template = await changes.session.get_one(ScenarioTemplateRow, row.scenario_template_id)
        [run_id] = await Runs(changes.session).create(new(template))
        await changes.record(run_id, events)
        if within is not None:
            await within(changes.session, run_id)


async def _copy_state(services: Services, child: str, plan: Plan, values: Mapping[str, Any]) -> None:
    graph = await make_graph(services, child, plan)
    await graph.aupdate_state({"configurable": {"thread_id": child}}, {
        name: value for name, value in values.items() if value is not None or name == "outcome"},
        as_node=node_before(plan, values))


def node_before(plan: Plan, values: Mapping[str, Any]) -> str:
    """A node from which the graph leads to those who are next; every router goes where the state says."""
    following = {activation["role"] for activation in values["next"]} - plan.watchers
    ways = successors(plan)
    last = values["clock"].get("last")
    return next((node for node in (last, *ways) if node and following <= set(ways.get(node, ()))), BEGIN)
