"""Replays: a run played again from its journal with no model, and all that came of it compared with the record."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.controls import Command, Controls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.stored_runs import StoredRun
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import MeasurementRow, RunRow, ScenarioTemplateRow
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.arrivals import UNHEARD
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.engines.ports.model import Layout, ModelReply, ModelRequest
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.errors import ReplayError, WrongState
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.scenario_factory import make_graph, spec_of
from pyscrai.factories.services import Services
from pyscrai.factories.stored_past import StoredPast
from pyscrai.lifecycle import fits
from pyscrai.services.forks import node_before
from pyscrai.services.memory_runs import play_in_memory
from pyscrai.services.replay_comparison import Difference, ReplayRecord, compare, of_the_play
from pyscrai.services.run_measures import AGAIN
from pyscrai.services.run_seals import verify_run
from pyscrai.templates.models.scenario import ScenarioTemplate

BESIDE = 0.2
"""Seconds for which a question that was never recorded waits for what is played beside it, in a run that broke off."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay."""

    run_id: str
    events: int
    calls: int
    difference: Difference | None

    @property
    def same(self) -> bool:
        """Whether requests, events, measurements, outcome and rows are the same."""
        return self.difference is None


class Journaled:
    """Stands for a role's model in a replay: it knows layout and prefill, and refuses to be asked."""

    scripted = False
    context_tokens: int | None = None
    concurrency: int | None = None

    def __init__(self, role: str, alias: str, layout: Layout, record: ReplayRecord, *, prefill: bool, partial: bool
                 ) -> None:
        self.role, self.alias, self.layout, self.prefill = role, alias, layout, prefill
        self._record, self._partial = record, partial

    async def complete(self, request: ModelRequest, on_token: Any = None) -> ModelReply:
        self._record.missed(self.role, request)
        if self._partial:
            # Where a run broke off, those who acted beside got less far or further; let them come to where they were.
            await asyncio.sleep(BESIDE)
        raise ReplayError(f"the replay asks {self.alias} something that was never recorded",
                          cure="the run was recorded by another version of PyScrAI or of its template")


@dataclass(frozen=True, slots=True)
class _Recorded:
    """All that is compared with."""

    row: RunRow
    plan: Plan
    events: Sequence[StoredEvent]
    calls: Sequence[CallRecord]
    commands: Sequence[Mapping[str, Any]]
    measurements: Sequence[MeasurementRow]


async def replay_run(services: Services, run_id: str) -> Replay:
    """Play a run again from its record, in memory, and compare.

    Compared are the requests to models, the events of the play, measurements, the outcome, where the run stood, and
    the seal over its rows. A fork is replayed from the state with which it began.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has not ended, nor stands where it was to stand.
    """
    try:
        recorded = await _read(services, run_id)
    except (ValueError, KeyError, TypeError) as error:  # what was stored cannot be read: somebody changed it
        found = await _changed_since(services, run_id)
        if found is None:
            raise ReplayError(f"the record of {run_id} cannot be read: {error}") from error
        return Replay(run_id, 0, 0, found)
    row, plan = recorded.row, recorded.plan
    record = ReplayRecord(recorded.calls)
    models = {role: Journaled(
        role, instance.model, services.models.layout(instance.model), record,
        prefill=services.models.prefill(instance.model), partial=row.status != "completed")
        for role, instance in plan.cast.items()}
    engines = {role: create_agent_engine(instance, plan, models[role], tools_allowed=services.settings.tools_allowed,
                                         servers=services.mcp_servers)
               for role, instance in plan.cast.items()}
    # A fork's memories begin with its shared past, which the replay does not play.
    recall = None if row.parent_run_id is None else Recall(run=run_id, past=StoredPast(services.database, run_id))
    runtime = AgentRuntime(plan, engines, record, _Taken(recorded.commands), recall=recall)
    graph = compile_graph(plan, lambda found: found.context).compile(checkpointer=InMemorySaver())
    if row.parent_run_id is not None:
        values = await _first_state(services, run_id, plan)
        await graph.aupdate_state({"configurable": {"thread_id": run_id}}, values, as_node=node_before(plan, values))
    result = await play_in_memory(ScenarioRunner(graph, runtime, run_id))
    difference = (compare(record, recorded.events, recorded.calls, partial=row.status != "completed")
                  or _measured_otherwise(recorded) or _stood_otherwise(row, result, record, plan.edition)
                  or await _changed_since(services, run_id))
    return Replay(run_id, sum(map(of_the_play, recorded.events)), len(recorded.calls), difference)


async def _read(services: Services, run_id: str) -> _Recorded:
    async with services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        stands = row.status == "paused" and bool(row.settings.get("standstill"))
        if not fits(row.status, row.desired, "replay") and not stands:
            raise WrongState(f"{run_id} is {row.status}", cure="replay it when it has ended", code="run.not_ended")
        template = await session.get_one(ScenarioTemplateRow, row.scenario_template_id)
        # Made from what is stored now, not from what this process knows of it.
        spec = spec_of(StoredRun(row, await runs.cast(run_id)), ScenarioTemplate.model_validate(template.content))
        calls = [stored.call for stored in await Calls(session).read(run_id, inherited=False)]
        events = await Events(session).read(run_id, inherited=False)
        commands = [_command(command, events) for command in await Controls(session).numbered(run_id)
                    if command.row.turn is not None]
        return _Recorded(row, make_plan(spec), events,
                         [call for call in calls if not f"{call.key.task}".rpartition(":")[2].startswith(AGAIN)
                          and call.purpose != "interview"], commands,
                         [row for row in await Measurements(session).read(run_id) if row.run_id == run_id])


def _command(command: Command, events: Sequence[StoredEvent]) -> dict[str, Any]:
    """A command as the turn took it: who had acted in that turn or round before does not hear it."""
    row = command.row
    assert row.turn is not None
    over = [event.key for event in events if row.applied_at is not None and event.created_at <= row.applied_at
            and turn_of(event.key) >= row.turn]
    return {"id": command.number, "kind": row.kind, "actor": row.actor, "payload": row.payload, "turn": row.turn,
            UNHEARD: over}


def turn_of(key: str) -> int:
    """The turn whose first event has this key, or the first event of the choice of who takes it; -1 for other keys."""
    found = _TURN.fullmatch(key)
    return int(found[1]) if found else -1


_TURN = re.compile(r"t(\d+)(?:\.moderate)?")


async def _first_state(services: Services, run_id: str, plan: Plan) -> dict[str, Any]:
    """The state with which a fork began."""
    graph = await make_graph(services, run_id, plan)
    first = None
    async for checkpoint in graph.checkpointer.alist({"configurable": {"thread_id": run_id}}):
        if "clock" in checkpoint.checkpoint["channel_values"]:
            first = checkpoint.config
    if first is None:
        raise WrongState(f"{run_id} has no state from which it began", code="run.half_made",
                         cure="delete it and fork again")
    return {name: value for name, value in (await graph.aget_state(first)).values.items()
            if value is not None or name == "outcome"}


# -- beside the events ------------------------------------------------------------------------------------------------


def _measured_otherwise(recorded: _Recorded) -> Difference | None:
    """The first row of measurements that does not say what its event says."""
    rows = {row.seq: row for row in recorded.measurements}
    events = {event.seq: event for event in recorded.events if event.kind == "measurement"}
    for seq in sorted({*rows, *events}):
        row, event = rows.get(seq), events.get(seq)
        said = None if event is None else {
            "turn": event.turn, "source": event.source, **{name: event.payload.get(name) for name in (
                "measure", "of", "value", "rationale", "evidence")}}
        kept = None if row is None else {
            "turn": row.turn, "source": row.source, "measure": row.measure, "of": row.of,
            "value": row.number if row.category is None else row.category, "rationale": row.rationale,
            "evidence": row.evidence}
        if said != kept:
            turn = event.turn if event is not None else row.turn if row is not None else 0
            return Difference(turn, event.key if event else "", kept, said, "measurement")
    return None


def _stood_otherwise(row: RunRow, result: Result, record: ReplayRecord, edition: int) -> Difference | None:
    """The difference of the run's row and the replay's end; the first edition counted an unknown cost as 0."""
    at = record.progress
    if row.status != "completed":
        return None
    if result.status != row.status:
        return Difference(at.turn if at else 0, "", {"status": row.status},
                          {"status": result.status, **(result.error or {})}, "status")
    kept = {"outcome": row.outcome, "error": row.error, "turn": row.turn, "phase": row.phase,
            "variables": row.variables, "speakers": row.speakers, "usage": row.usage}
    found = None if at is None else {
        "outcome": result.outcome, "error": None, "turn": at.turn, "phase": at.phase, "variables": at.variables,
        "speakers": at.next, "usage": at.usage}
    found = json.loads(json.dumps(found))
    if found is None or kept == found:
        return None
    names = [name for name in kept if kept[name] != found[name] and not (name == "usage" and edition == 1)]
    if not names:
        return None
    return Difference(at.turn if at else 0, "", {name: kept[name] for name in names},
                      {name: found[name] for name in names}, "run")


async def _changed_since(services: Services, run_id: str) -> Difference | None:
    """The first thing that was changed in the run's rows since it was sealed."""
    found = await verify_run(services, run_id)
    if not found.problems:
        return None
    return Difference(0, "", None, {"problems": list(found.problems)}, "seal")


class _Taken:
    """An inbox of the commands that the run's turns took."""

    def __init__(self, commands: Sequence[Mapping[str, Any]]) -> None:
        self._commands = commands

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        return [command for command in self._commands if command["turn"] == turn]
