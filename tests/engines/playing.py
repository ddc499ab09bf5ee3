"""Plays in memory: a scenario written as a dict, a scripted model for every role, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.cast import EDITION, RunSpec
from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.memory.recall import Recall
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import Plan, make_plan
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.events import Event
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.llm.scripted.model import Scripted, ScriptedModel
from pyscrai.templates.models.scenario import ScenarioTemplate

Script = Callable[[str, ModelRequest], Scripted | None]
"""What a role's model answers; None for the scripted model's own."""


def actor(**more: Any) -> dict[str, Any]:
    return {"engine": "actor", "personality": {"role": "a person"}, "failure": {"retries": 0, "backoff": 0}, **more}


def narrator(**more: Any) -> dict[str, Any]:
    return {**actor(), "engine": "narrator", **more}


def analyst(**more: Any) -> dict[str, Any]:
    return {**actor(), "engine": "analyst", **more}


def scenario(*, roles: Mapping[str, Any] | Iterable[str] = ("ann", "bob"), phases: Mapping[str, Any] | None = None,
             **more: Any) -> ScenarioTemplate:
    """A scenario; roles given by name alone are Actors, and the flow is one round unless told otherwise."""
    cast = dict(roles) if isinstance(roles, Mapping) else {name: {"agent": actor()} for name in roles}
    cast = {name: role if "agent" in role else {"agent": role} for name, role in cast.items()}
    players = [name for name, role in cast.items() if role["agent"]["engine"] != "analyst"]
    phases = phases or {"talk": {"speakers": players, "next": [{"to": "end"}]}}
    for phase in phases.values():
        phase.setdefault("speakers", players)
    return ScenarioTemplate.model_validate({
        "name": "test", "premise": "A test.", "roles": cast, "flow": {"start": next(iter(phases)), "phases": phases},
        **more})


def plan_of(template: ScenarioTemplate, *, edition: int = EDITION, **options: Any) -> Plan:
    """The plan of a scenario whose agents are all written in it."""
    return make_plan(replace(_cast(template, **options), edition=edition))


def _cast(template: ScenarioTemplate, **options: Any) -> RunSpec:
    def missing(name: str) -> Any:
        raise LookupError(name)

    return make_run_spec(template, RunOptions(**{"seed": 1, **options}), missing, model="scripted")


class Playing:
    """One play in memory.

    Args:
        record: an earlier play's, to play again from its journal.
        fallbacks: alias to model, for failure policies that name one.
    """

    def __init__(self, template: ScenarioTemplate, script: Script | None = None, *, record: MemoryRecord | None = None,
                 inbox: MemoryInbox | None = None, recall: Recall | None = None, layout: Any = "instruct",
                 prefill: bool = False, fallbacks: Mapping[str, ScriptedModel] | None = None,
                 tools_allowed: Iterable[str] = (), sleeps: list[float] | None = None, **options: Any) -> None:
        self.plan = plan_of(template, **options)
        self.record = record or MemoryRecord()
        self.inbox = inbox or MemoryInbox()
        self.models = {role: ScriptedModel(self._answers(script, role), layout=layout, prefill=prefill)
                       for role in self.plan.cast}

        async def sleep(seconds: float) -> None:
            if sleeps is not None:
                sleeps.append(seconds)

        engines = {
            role: create_agent_engine(member, self.plan, self.models[role],
                                      (fallbacks or {}).get(member.failure.fallback or ""), tools_allowed=tools_allowed)
            for role, member in self.plan.cast.items()}
        self.runtime = AgentRuntime(self.plan, engines, self.record, self.inbox, recall=recall, sleep=sleep)
        self.graph = compile_graph(self.plan, lambda found: found.context).compile(checkpointer=InMemorySaver())
        self.runner = ScenarioRunner(self.graph, self.runtime, "run")

    @staticmethod
    def _answers(script: Script | None, role: str) -> Callable[[ModelRequest], Scripted | None] | None:
        return None if script is None else lambda request: script(role, request)

    async def play(self, **how: Any) -> Result:
        return await self.runner.play(**how)

    async def state(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = (await self.graph.aget_state(self.runner.config)).values
        return values

    @property
    def events(self) -> list[Event]:
        return list(self.record.events.values())

    def of(self, kind: type[Event] | str) -> list[Any]:
        return [event for event in self.events if event.kind == kind or (not isinstance(kind, str)
                                                                         and isinstance(event, kind))]

    @property
    def speakers(self) -> list[str | None]:
        """Who spoke, in order of the turns."""
        said = [event for event in self.events if event.kind in ("utterance", "action", "turn_skipped")]
        return [event.source for event in sorted(said, key=lambda event: event.turn)]

    def prompts(self, role: str) -> list[str]:
        """Every request that the role's model was sent, as text."""
        return ["\n".join(message.content for message in request.messages) for request in self.models[role].requests]

    @property
    def calls(self) -> int:
        """How many requests all models were sent."""
        return sum(len(model.requests) for model in self.models.values())


async def played(template: ScenarioTemplate, script: Script | None = None, **how: Any) -> Playing:
    """A play that has come to its end."""
    playing = Playing(template, script, **how)
    result = await playing.play()
    assert result.status == "completed", result
    return playing


def spoken(request: ModelRequest) -> bool:
    """Whether plain speech is asked for."""
    return request.schema is None


def timeless(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as plain data, without those about the drive itself, whose keys are new each time."""
    return [event.model_dump(mode="json") for event in events
            if event.kind not in ("run_resumed", "run_paused", "run_waiting", "run_failed")]
