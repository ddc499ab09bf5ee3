"""Shipped scenarios played by a real model: the smallest one, whose talk is nonsense and whose form must hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pyscrai.config.settings import load_settings
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.engines.scenario_runner import ScenarioRunner
from pyscrai.factories.agent_factory import create_agent_engine
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.llm.models import Models
from pyscrai.templates.library import shipped_agent, shipped_scenario
from pyscrai.templates.models.agent import Failure
from tests.depth import FULL

TINY = "embedded-tiny"


@pytest.mark.embedded
@pytest.mark.skipif(not FULL, reason="one play of the tiny model is in test_end_to_end_scenario.py")
@pytest.mark.parametrize("name", ["two-agent-conversation", "used-car-negotiation", "product-focus-group",
                                  "jury-deliberation"])
async def test_a_real_model_plays_it_to_its_end(name: str) -> None:
    play = make_run_spec(shipped_scenario(name), RunOptions(seed=1, max_turns=20), shipped_agent, model=TINY)
    # This model talks nonsense: it is asked more often than a good one before a turn counts as failed.
    patient = {role: member.model_copy(update={"failure": Failure(repairs=5)}) for role, member in play.cast.items()}
    plan = make_plan(replace(play, cast=patient))
    record = MemoryRecord()
    async with Models(load_settings()) as models:
        model = await models.get(TINY)
        engines = {role: create_agent_engine(member, plan, model) for role, member in plan.cast.items()}
        graph = compile_graph(plan, lambda found: found.context).compile(checkpointer=InMemorySaver())
        result = await ScenarioRunner(graph, AgentRuntime(plan, engines, record), "tiny").play()
    assert result.status == "completed", result
    events = list(record.events.values())
    names = {member.name for member in plan.cast.values()}
    for event in events:
        if event.kind == "utterance":
            text = event.payload()["text"]
            assert not any(text.startswith(f"{name}:") for name in names), text
            assert "\n" not in text
    asked = {name for name, phase in plan.phases.items() if phase.spec.action}
    made = {(event.phase, event.turn) for event in events if event.kind == "action"}
    spoken = {(event.phase, event.turn) for event in events if event.kind == "utterance" and event.phase in asked
              and event.source in plan.phases[event.phase].speakers}
    assert spoken <= made, "every typed move that is asked for is made"
    assert all(call.reply is not None and call.reply.usage.prompt_tokens for call in record.calls.values())
