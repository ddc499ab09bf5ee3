"""Runs: made from a stored template, and opened to be played. The composition root of a run."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import asdict, replace
from functools import partial
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.recording.run_inbox import RunInbox
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.repositories.runs import NewMember, NewRunRow, Runs
from pyscrai.databases.repositories.stored_runs import StoredRun, has_begun
from pyscrai.databases.repositories.templates import agent_templates
from pyscrai.databases.run_settings import RunSettings
from pyscrai.databases.tables import AgentTemplateRow, ScenarioTemplateRow
from pyscrai.engines.agents.engine import Engine
from pyscrai.engines.agents.program import load_program
from pyscrai.engines.calls.token_stream import TokenListener
from pyscrai.engines.cast import EDITION, AgentInstance, RunSpec, Standstill
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.engines.ports.model import ChatModel
from pyscrai.engines.scenario_runner import ScenarioRunner
from pyscrai.engines.state import FOLDED
from pyscrai.engines.tools.consultation import load_tools
from pyscrai.engines.tools.mcp import ToolServers, parts_of
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.budget import check_budget
from pyscrai.factories.caches import plan_key
from pyscrai.factories.run_draft import RunDraft, draft_key, likeness
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.factories.services import Services
from pyscrai.factories.share_budgets import SharePurse
from pyscrai.factories.stored_past import StoredPast
from pyscrai.factories.telemetry import players
from pyscrai.factories.versions import versions
from pyscrai.lifecycle import Desired
from pyscrai.llm.models import Models
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.world import InjectText

Within = Callable[[AsyncSession, str], Awaitable[None]]


async def create_scenario_run_from_template(services: Services, template: str, options: RunOptions | None = None, *,
                                            desired: Desired = "none", actor: str = "",
                                            within: Within | None = None) -> str:
    """Make a run and its agent instances from templates in the database; nothing is played yet.

    Args:
        template: ``name`` for the newest version, or ``name@version``.
        desired: what is asked of a server that shares the database: ``run`` has it play, ``none`` leaves it alone.
        actor: who asks for it, for a fair queue.
        within: what else is to be stored in the same transaction, given the run's id.

    Returns:
        The run's id.

    Raises: as ``new_run``.
    """
    new, plan = await new_run(services, template, options, desired=desired, actor=actor)
    if within is None:
        run_id = await services.joint.create(new)
    else:
        async with services.database.session() as session:
            [run_id] = await Runs(session).create(new)
            await within(session, run_id)
    services.shared.remember(run_id, plan)
    return run_id


async def new_run(services: Services, template: str, options: RunOptions | None = None, *, desired: Desired = "none",
                  actor: str = "") -> tuple[NewRunRow, Plan]:
    """All that is needed to make a run, checked; nothing is written.

    Raises:
        NotFound: the scenario or one of its agents is not stored.
        RunError: a role, parameter or value does not fit the template, or a budget cannot be kept.
        TemplateError: with these roles a phase has nobody to speak.
        ConfigError: a model alias is unknown, or a tool cannot be used here.
    """
    options = options or RunOptions()
    # Read first: the transaction that writes holds up all others, and is to be short.
    stored = await services.joint.template(template)
    scenario, agents = stored.scenario, stored.agents
    if options.cast:
        async with services.database.read() as session:
            agents = {**agents, **{reference: await agent_templates(session).get(reference)
                                   for reference in set(options.cast.values())}}
    key = draft_key(stored.row, agents, options)
    draft = services.shared.drafts.find(key)
    if draft is None:
        draft = await _draft(services, scenario, agents, options)
        if key is not None and draft.stays:
            services.shared.drafts.keep(key, draft)
    seed = secrets.randbits(31) if options.seed is None else options.seed
    return draft.run(stored.row, options, seed, desired=desired, actor=actor)


async def _draft(services: Services, scenario: ScenarioTemplate, agents: Mapping[str, AgentTemplateRow],
                 options: RunOptions) -> RunDraft:
    bodies = {reference: services.shared.agents.get(
        row.content_hash, partial(AgentTemplate.model_validate, row.content)) for reference, row in agents.items()}
    spec = make_run_spec(scenario, replace(options, seed=0), bodies.__getitem__, model=services.settings.model)
    plan = make_plan(replace(spec, cast=await describe_tools(spec.cast, services.mcp_servers)))
    for instance in plan.cast.values():
        for alias in (instance.model, instance.failure.fallback):
            if alias is not None:
                services.models.known(alias)
        load_tools(instance.tools, services.settings.tools_allowed, instance.described_tools)
        load_program(instance.played_by, services.settings.tools_allowed)
    if not options.allow_unknown_price:
        await check_budget(plan, services.models)
    members = []
    for role, instance in plan.given.cast.items():
        named = options.cast.get(role) or scenario.roles[role].agent
        agent = agents[named] if isinstance(named, str) else None
        members.append(NewMember(role=role, name=instance.name, engine=instance.engine,
                                 agent_hash=instance.agent_hash, agent_template_id=agent.id if agent else None,
                                 configuration=instance.model_dump(mode="json"),
                                 played_by=options.people.get(role, "model")))
    return RunDraft(plan, members, _settings(options), [_inject(inject) for inject in options.injects])


@asynccontextmanager
async def open_run(services: Services, run_id: str, *, listener: TokenListener | None = None
                   ) -> AsyncIterator[ScenarioRunner]:
    """Hold a run and make it ready to play on, from its start or its last checkpoint.

    Args:
        listener: told each piece of speech as it streams in; None asks for whole replies, which cost less.

    Raises:
        NotFound: there is no such run.
        WrongState: another process plays it.
        ConfigError: a model alias of its cast is not configured here.
    """
    async with services.ownership.hold(run_id) as held:
        yield await make_runner(services, await services.joint.open(held), held.fence, listener=listener)


async def make_runner(services: Services, stored: StoredRun, fence: int, *, listener: TokenListener | None = None
                      ) -> ScenarioRunner:
    """The runner of a run that the caller holds with this fence.

    Raises:
        ConfigError: a model alias of its cast is not configured here.
    """
    services.shared.settle()
    run_id = stored.row.id
    plan = await plan_of(services, stored)
    engines = await make_engines(plan, services.models, services.settings.tools_allowed, services.mcp_servers)
    record = RunRecord.of(services.writer, stored, fence, roles=len(plan.cast), ended=services.joint.sum_up)
    inbox = RunInbox(services.database, record, stored.controls)
    recall = Recall(run=run_id, past=StoredPast(services.database, run_id))
    runtime_of, runner_of = players(services.telemetry)
    runtime = runtime_of(plan, engines, record, inbox, recall=recall, listener=listener,
                           purse=SharePurse(services.budgets, stored.row.share))
    graph = await make_graph(services, run_id, plan)
    graph.checkpointer.assure = partial(services.ownership.assure, run_id, fence)
    fresh = stored.row.fence == 1 and stored.row.parent_run_id is None and not has_begun(stored.row)
    graph.checkpointer.hold_writes(FOLDED, record, is_new=fresh)
    return runner_of(graph, runtime, run_id, fresh=fresh)


async def make_graph(services: Services, run_id: str, plan: Plan) -> Any:
    """The compiled graph of a run with its checkpoints, to play it or to look at its states."""
    saver = await services.checkpoints.saver()
    graph = copy(services.shared.graph(plan))   # LangGraph's own copy validates the graph again
    graph.checkpointer = saver
    return graph


async def load_plan(services: Services, run_id: str) -> Plan:
    """The plan of a stored run: its template, its cast with all overrides, its parameters and seed.

    Raises:
        NotFound: there is no such run.
    """
    async with services.database.read() as session:
        runs = Runs(session)
        stored = StoredRun(await runs.get(run_id), await runs.cast(run_id))
    return await plan_of(services, stored)


async def plan_of(services: Services, stored: StoredRun) -> Plan:
    """The plan of a run whose rows were read; built once in a process for the runs that differ in their seed alone."""
    row, content = stored.row, dict[str, Any]()
    key = plan_key(row)
    known = services.shared.plans.find(key)
    if known is not None:
        return known
    if not stored.cast or row.template_hash not in services.shared.scenarios:
        async with services.database.read() as session:
            content = (await session.get_one(ScenarioTemplateRow, row.scenario_template_id)).content
            stored = replace(stored, cast=await Runs(session).cast(row.id))
    scenario = services.shared.scenarios.get(row.template_hash, lambda: ScenarioTemplate.model_validate(content))
    alike = services.shared.stored_plans.get(likeness(stored), lambda: make_plan(spec_of(stored, scenario)))
    return services.shared.plans.get(key, lambda: alike.with_seed(row.seed))


def spec_of(stored: StoredRun, scenario: ScenarioTemplate) -> RunSpec:
    """All that is fixed for a stored run, from its rows and its template."""
    row = stored.row
    members = {member.role: AgentInstance.model_validate(member.configuration) for member in stored.cast}
    return RunSpec(scenario=scenario, cast=members, parameters=row.parameters, seed=row.seed,
                   max_turns=row.settings.get("max_turns"), budget_usd=row.settings.get("budget_usd"),
                   variables=row.settings.get("variables") or {},
                   standstill=Standstill(**row.settings["standstill"]) if row.settings.get("standstill") else None,
                   edition=row.settings.get("edition", 1))


async def describe_tools(cast: Mapping[str, AgentInstance], servers: ToolServers) -> dict[str, AgentInstance]:
    """A cast whose tools of MCP servers are described, so that nobody has to ask the servers again.

    Raises:
        ConfigError: a server or tool is not there, not allowed, or cannot be reached.
    """
    described = dict(cast)
    for role, instance in cast.items():
        found = {name: await servers.describe(*parts) for name in instance.tools if (parts := parts_of(name))}
        if found:
            described[role] = instance.model_copy(update={"described_tools": found})
    return described


async def make_engines(plan: Plan, models: Models, tools_allowed: Iterable[str] = (),
                       servers: ToolServers | None = None) -> Mapping[str, Engine]:
    """An engine for every role.

    Raises:
        ConfigError: an alias is unknown, has no key, or its weights are missing; or a tool cannot be used.
    """
    engines = {}
    for role, instance in plan.cast.items():
        fallback: ChatModel | None = None
        if instance.failure.fallback is not None:
            fallback = await models.get(instance.failure.fallback)
        engines[role] = create_agent_engine(instance, plan, await models.get(instance.model), fallback,
                                            tools_allowed=tools_allowed, servers=servers)
    return engines


def _inject(given: Mapping[str, Any]) -> dict[str, Any]:
    content = InjectText.model_validate(given)
    return {"text": content.text, "audience": list(content.audience), "source": content.source}


def _settings(options: RunOptions) -> RunSettings:
    """The options that are kept with the run beside parameters, seed, tags and the cast."""
    kept = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(options).items()
            if key in RunSettings.__annotations__ and value}
    return cast(RunSettings, {**kept, "edition": EDITION, "commands_before": 0, "versions": dict(versions())})
