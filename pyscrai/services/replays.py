"""Replays: a run played again from its journal with no model, and its log compared with the recorded one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.ports.model import Layout, ModelReply, ModelRequest
from pyscrai.engines.scenario_runner import ScenarioRunner
from pyscrai.errors import ReplayError, WrongState
from pyscrai.events import Event
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.scenario_factory import load_plan, make_graph
from pyscrai.factories.services import Services
from pyscrai.lifecycle import LIFE_EVENTS, REQUEST_KEY, fits
from pyscrai.services.forks import node_before

LIFE = LIFE_EVENTS - {"run_completed"}
"""Events of a run's life, which a replay does not share: it is not paused where the run was."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two logs differ: its turn and key, and what each log has there (None for nothing)."""

    turn: int
    key: str
    recorded: Mapping[str, Any] | None
    replayed: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found."""

    run_id: str
    events: int
    calls: int
    difference: Difference | None

    @property
    def same(self) -> bool:
        """Whether the transcript and all other events of the play are the same."""
        return self.difference is None


class Journaled:
    """Stands for a model in a replay: it knows the alias and layout, and refuses to be asked."""

    scripted = False
    context_tokens: int | None = None

    prefill = False

    def __init__(self, alias: str, layout: Layout) -> None:
        self.alias, self.layout = alias, layout

    async def complete(self, request: ModelRequest, on_token: Any = None) -> ModelReply:
        raise ReplayError(f"the replay asks {self.alias} something that was never recorded",
                          cure="the run was recorded by another version of PyScrAI or of its template")


async def replay_run(services: Services, run_id: str) -> Replay:
    """Play a run again from its record, in memory, and compare.

    Raises:
        NotFound: there is no such run.
        WrongState: the run has not ended, nor stands where it was to stand. A fork is replayed from where it began.
    """
    async with services.database.read() as session:
        row = await Runs(session).get(run_id)
        stands = row.status == "paused" and bool(row.settings.get("standstill"))
        if not fits(row.status, row.desired, "replay") and not stands:
            raise WrongState(f"{run_id} is {row.status}", cure="replay it when it has ended", code="run.not_ended")
        recorded = [stored.event for stored in await Events(session).read(run_id, inherited=False)
                    if not stored.key.startswith("forked")]
        calls = [stored.call for stored in await Calls(session).read(run_id)]
        commands = [{"id": row.id, "kind": row.kind, "actor": row.actor, "payload": row.payload, "turn": row.turn}
                    for row in await Controls(session).list(run_id) if row.turn is not None]
    record = MemoryRecord(calls)
    plan = await load_plan(services, run_id)
    layouts = {alias: services.models.layout(alias) for alias in {member.model for member in plan.cast.values()}}
    engines = {role: create_agent_engine(instance, plan, Journaled(instance.model, layouts[instance.model]),
                                         tools_allowed=services.settings.tools_allowed)
               for role, instance in plan.cast.items()}
    runtime = AgentRuntime(plan, engines, record, _Taken(commands))
    graph = compile_graph(plan, lambda found: found.context).compile(checkpointer=InMemorySaver())
    if row.parent_run_id is not None:
        values = await _first_state(services, run_id, plan)
        await graph.aupdate_state({"configurable": {"thread_id": run_id}}, values, as_node=node_before(plan, values))
    result = await ScenarioRunner(graph, runtime, run_id).play()
    difference = first_difference(recorded, record.events.values(), partial=row.status != "completed")
    if difference is None and result.status != row.status == "completed":
        error = result.error or {}
        difference = Difference(record.progress.turn if record.progress else 0, "", {"status": row.status},
                                {"status": result.status, **error})
    return Replay(run_id, len(_play_events(recorded)), len(calls), difference)


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


def first_difference(recorded: Iterable[Event], replayed: Iterable[Event], *, partial: bool = False
                     ) -> Difference | None:
    """The first difference between two logs, in the order of turns; events are told apart by their keys.

    Args:
        partial: the recorded run did not come to its end, so that the replay may go further.
    """
    one, other = _play_events(recorded), _play_events(replayed)
    for key in sorted({*one, *other}, key=lambda key: (one.get(key) or other[key]).turn):
        if one.get(key) != other.get(key) and not (partial and key not in one):
            event = one.get(key) or other[key]
            return Difference(event.turn, key, _shown(one.get(key)), _shown(other.get(key)))
    return None


def _play_events(events: Iterable[Event]) -> dict[str, Event]:
    return {event.key: event for event in events
            if event.kind not in LIFE and not event.key.startswith(REQUEST_KEY)}


def _shown(event: Event | None) -> Mapping[str, Any] | None:
    return None if event is None else event.model_dump(mode="json")


class _Taken:
    """An inbox of the commands that the run's turns took."""

    def __init__(self, commands: Sequence[Mapping[str, Any]]) -> None:
        self._commands = commands

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        return [command for command in self._commands if command["turn"] == turn]
