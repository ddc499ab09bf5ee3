"""Runs in memory: played by an engine manager of their own, for dry runs and replays."""

from __future__ import annotations

from pyscrai.engines.in_memory import MemoryRegistry
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.scenario_runner import Result, ScenarioRunner


async def play_in_memory(runner: ScenarioRunner) -> Result:
    """Play a run whose record is in memory to where it stands.

    Raises:
        RunError: something unexpected stopped it; its cause says what.
    """
    registry = MemoryRegistry(lambda _: runner)
    registry.add(runner.thread)
    desired = registry.request(runner.thread, "start")
    async with EngineManager(registry, capacity=1, grace=0.0) as manager:
        result = await manager.play(runner.thread, desired)
    assert result is not None, "a run that was started does something"
    return result
