"""The playing of a run and its turns, traced and measured: the same as without, within spans."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.scenario_runner import Result, ScenarioRunner
from pyscrai.telemetry.telemetry import Telemetry


class TracedRuntime(AgentRuntime):
    """Plays turns, each within a span of its own."""

    def __init__(self, telemetry: Telemetry, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._telemetry = telemetry

    async def take_turn(self, role: str, state: Mapping[str, Any]) -> dict[str, Any]:
        mine = next((activation for activation in state.get("next") or () if activation["role"] == role), None)
        task = mine["task"] if mine is not None else ""
        begun = perf_counter()
        with self._telemetry.span(f"invoke_agent {role}", {
                "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": role, "pyscrai.task": task,
                "pyscrai.turn": mine["turn"] if mine is not None else state.get("turn", 0)}):
            update = await super().take_turn(role, state)
        about = {"pyscrai.scenario": self.plan.scenario.name, "pyscrai.task": task}
        self._telemetry.turns.add(1, about)
        self._telemetry.turn_seconds.record(perf_counter() - begun, about)
        return update


class TracedRunner(ScenarioRunner):
    """Plays a run, from where it stands until it stands again, within one span."""

    def __init__(self, telemetry: Telemetry, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._telemetry = telemetry

    async def play(self, *, answer: Mapping[str, Any] | None = None, step: bool = False, reason: str = "") -> Result:
        scenario = self.runtime.plan.scenario.name
        with self._telemetry.span(f"invoke_workflow {scenario}", {
                "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": scenario,
                "gen_ai.conversation.id": self.thread, "pyscrai.run_id": self.thread}) as span:
            result = await super().play(answer=answer, step=step, reason=reason)
            span.set_attribute("pyscrai.run.status", result.status)
            if result.error is not None:
                span.set_attribute("error.type", str(result.error.get("code", "")))
            return result
