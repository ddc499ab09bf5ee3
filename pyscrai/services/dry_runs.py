"""Dry runs: a scenario's flow played in memory by the scripted model, with nothing stored and no model asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from langgraph.checkpoint.memory import InMemorySaver

from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.engines.ports.record import Progress
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.engines.tools.consultation import SHIPPED
from pyscrai.events import Event
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import FindAgent, make_run_spec
from pyscrai.llm.scripted.model import ScriptedModel
from pyscrai.services.memory_runs import play_in_memory
from pyscrai.templates.models.scenario import ScenarioTemplate


class _Heard(MemoryRecord):
    """A record with a listener; what the listener raises does not reach the play, and is raised after it."""

    def __init__(self, hear: Callable[[Sequence[Event]], None] | None) -> None:
        super().__init__()
        self._hear = hear
        self.failure: Exception | None = None

    async def commit(self, events: Sequence[Event], progress: Progress | None = None, *, with_state: bool = False
                     ) -> None:
        new = [event for event in events if event.key not in self.events]
        await super().commit(events, progress)
        if self._hear is not None and self.failure is None:
            try:
                self._hear(new)
            except Exception as error:  # a broken pipe, a view that cannot show what happened
                self.failure = error


async def dry_run(scenario: ScenarioTemplate, find_agent: FindAgent, options: RunOptions | None = None, *,
                  hear: Callable[[Sequence[Event]], None] | None = None, model: ScriptedModel | None = None
                  ) -> tuple[Result, list[Event]]:
    """Play a scenario with the scripted model; roles that people must play are played by it too.

    Args:
        hear: told the new events of each turn as they come.

    Returns:
        How it ended, and every event in order.

    Raises:
        RunError, TemplateError, NotFound: as for a real run.
    """
    spec = make_run_spec(scenario, options or RunOptions(seed=1), find_agent, model="scripted")
    # Tools of an operator's choice may reach out into the world: a dry run does without them.
    cast = {role: instance.model_copy(update={"human": "no", "played_by": "", "approve": False, "tools": tuple(
        name for name in instance.tools if name in SHIPPED)}) for role, instance in spec.cast.items()}
    plan = make_plan(replace(spec, cast=cast))
    model = model or ScriptedModel()
    engines = {role: create_agent_engine(instance, plan, model) for role, instance in cast.items()}
    record = _Heard(hear)
    graph = compile_graph(plan, lambda found: found.context).compile(checkpointer=InMemorySaver())
    result = await play_in_memory(ScenarioRunner(graph, AgentRuntime(plan, engines, record), "dry-run"))
    if record.failure is not None:
        raise record.failure
    return result, list(record.events.values())
