"""The manager brings runs into step with what is desired of them; a registry in memory stands for the database."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryRegistry, MemoryRun
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.fair_queue import FairQueue
from pyscrai.engines.scenario_runner import Result
from pyscrai.errors import ConfigError, PyscraiError
from pyscrai.lifecycle import Desired, RunStatus


class FakeRunner:
    """Plays ``turns`` turns, each of which ends when it is let go."""

    def __init__(self, registry: FakeRegistry, run_id: str) -> None:
        self.registry, self.run_id, self.ask = registry, run_id, ""
        self.runtime = SimpleNamespace(listener=None)

    def pause(self, reason: str) -> None:
        self.ask = "paused"
        self.registry.reasons.append(reason)

    def stop(self, reason: str) -> None:
        self.ask = "stopped"

    async def hold(self, reason: str) -> Result:
        return Result("paused")

    async def end(self, reason: str) -> Result:
        return Result("stopped")

    async def play(self, *, step: bool = False) -> Result:
        registry = self.registry
        registry.started.append(self.run_id)
        registry.begun.set()
        registry.most = max(registry.most, sum(run.status == "running" for run in registry.runs.values()))
        while registry.turns[self.run_id] < registry.length:
            if self.ask:
                break
            await registry.gate.wait()
            registry.turns[self.run_id] += 1
            if step:
                self.ask = "paused"
            await asyncio.sleep(0)
        status: Any = self.ask or "completed"
        return Result(status)


class FakeRegistry(MemoryRegistry):
    """The shipped registry in memory, with runs that play when the test lets them, and that can break."""

    def __init__(self, *, length: int = 3) -> None:
        super().__init__(self._runner)
        self.length = length
        self.turns: dict[str, int] = defaultdict(int)
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.started: list[str] = []
        self.reasons: list[str] = []
        self.broken: PyscraiError | None = None
        self.most = 0

    def _runner(self, run_id: str) -> Any:
        if self.broken:
            raise self.broken
        return FakeRunner(self, run_id)

    def put(self, run_id: str, desired: Desired, status: RunStatus = "pending") -> None:
        """A run of which something is desired, without a word to the manager."""
        if run_id not in self.runs:
            self.runs[run_id] = MemoryRun(status)
        self.runs[run_id].desired = desired

    def ask(self, manager: EngineManager, run_id: str, desired: Desired, **more: str) -> None:
        self.put(run_id, desired)
        manager.wake(run_id, desired, **more)


async def test_plays_a_run_to_its_end() -> None:
    registry = FakeRegistry()
    registry.gate.set()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        await manager.until_settled("a")
        assert not manager.is_live("a")
    assert (registry.runs["a"].status, registry.turns["a"]) == ("completed", 3)


async def test_a_run_that_was_found_due_is_played_once_and_its_result_told() -> None:
    registry = FakeRegistry()
    registry.gate.set()
    registry.put("a", "run")
    async with EngineManager(registry) as manager:
        result = await manager.play("a")
        assert result is not None
        assert (result.status, registry.started) == ("completed", ["a"])
        assert await manager.play("a") is None, "nothing is left to do"


async def test_pause_and_resume() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        registry.ask(manager, "a", "pause", reason="ann asks")
        registry.gate.set()
        await manager.until_settled("a")
        assert (registry.runs["a"].status, registry.turns["a"], registry.reasons) == ("paused", 1, ["ann asks"])
        registry.ask(manager, "a", "run")
        await manager.until_settled("a")
        assert registry.runs["a"].status == "completed"


async def test_resume_while_a_pause_is_under_way_is_not_lost() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        registry.ask(manager, "a", "pause")
        registry.ask(manager, "a", "run")
        registry.gate.set()
        await manager.until_settled("a")
        assert registry.runs["a"].status == "completed"
        assert registry.started == ["a", "a"]


async def test_a_pause_before_the_run_is_open_still_counts() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        registry.ask(manager, "a", "pause")
        await manager.until_settled("a")
        assert (registry.runs["a"].status, registry.turns["a"]) == ("paused", 0)


async def test_step_plays_one_step_and_stays_paused() -> None:
    registry = FakeRegistry()
    registry.gate.set()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "step")
        await manager.until_settled("a")
        assert (registry.runs["a"].status, registry.turns["a"], registry.runs["a"].desired) == ("paused", 1, "pause")


async def test_cancel_does_not_wait_for_the_turn() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        registry.ask(manager, "a", "cancel")
        await manager.until_settled("a")
        assert (registry.runs["a"].status, registry.turns["a"]) == ("stopped", 0)


@pytest.mark.parametrize(("desired", "status"), [("pause", "paused"), ("stop", "stopped"), ("cancel", "stopped")])
async def test_runs_that_nobody_plays_can_be_ended(desired: Desired, status: str) -> None:
    registry = FakeRegistry()
    registry.put("a", "none", "waiting")
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", desired)
        await manager.until_settled("a")
        assert registry.runs["a"].status == status
        assert registry.started == []


async def test_at_most_so_many_at_once_and_every_share_in_turn() -> None:
    registry = FakeRegistry(length=1)
    async with EngineManager(registry, capacity=2) as manager:
        for number in range(10):
            registry.ask(manager, f"many{number}", "run", share="many")
        registry.ask(manager, "one", "run", share="one")
        assert (manager.playing, manager.queued) == (2, 9)
        registry.gate.set()
        for run_id in list(registry.runs):
            await manager.until_settled(run_id)
    assert registry.most <= 2
    assert registry.started.index("one") <= 3
    assert len(registry.started) == 11


async def test_what_a_dead_process_left_goes_on_at_start() -> None:
    registry = FakeRegistry()
    registry.gate.set()
    for run_id, desired, status in (("a", "run", "running"), ("b", "pause", "paused"), ("c", "none", "pending")):
        registry.put(run_id, desired, status)  # type: ignore[arg-type]
    async with EngineManager(registry) as manager:
        await manager.until_settled("a")
        assert registry.started == ["a"]


async def test_shutting_down_pauses_and_leaves_what_is_asked() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry, grace=5) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        asyncio.get_running_loop().call_soon(registry.gate.set)
    assert (registry.turns["a"], registry.runs["a"].desired, registry.runs["a"].owner) == (1, "run", None)


async def test_a_turn_that_outlasts_the_grace_is_cut_off() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry, grace=0.01) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
    assert (registry.runs["a"].status, registry.runs["a"].owner, registry.runs["a"].desired) == ("running", None, "run")


async def test_a_lost_lease_ends_the_play_at_once() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        registry.runs["a"].desired = "pause"
        registry.runs["a"].owner = "another"
        await manager.until_settled("a")
        assert registry.runs["a"].error is None


async def test_the_heartbeat_brings_what_another_process_asked() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "a", "run")
        await registry.begun.wait()
        registry.runs["a"].desired = "cancel"
        await manager.until_settled("a")
        assert registry.runs["a"].status == "stopped"


async def test_a_run_that_cannot_be_opened_fails_with_its_reason() -> None:
    registry = FakeRegistry()
    registry.broken = ConfigError("no such alias", code="config.unknown_alias")
    async with EngineManager(registry) as manager:
        registry.ask(manager, "a", "run")
        await manager.until_settled("a")
    assert (registry.runs["a"].error or {})["code"] == "config.unknown_alias"


async def test_another_process_may_have_it() -> None:
    registry = FakeRegistry()
    async with EngineManager(registry) as manager:
        registry.runs["a"] = MemoryRun(owner="another")
        registry.ask(manager, "a", "run")
        await manager.until_settled("a")
    assert registry.started == []
    assert registry.runs["a"].error is None


def test_fair_queue() -> None:
    queue = FairQueue()
    for name in ("a1", "a2", "a3"):
        queue.put(name, "a")
    queue.put("b1", "b")
    queue.put("a1", "b")
    assert queue.remove("a2")
    assert not queue.remove("a2")
    assert [queue.get() for _ in range(4)] == ["a1", "b1", "a3", None]
    assert len(queue) == 0


async def test_a_free_place_is_filled_at_once_where_more_may_wait() -> None:
    registry = FakeRegistry(length=1)
    registry.gate.set()
    for number in range(9):
        registry.put(f"run{number}", "run")
    async with EngineManager(registry, capacity=2, heartbeat=60) as manager, asyncio.timeout(30):
        while len(registry.started) < 9 or manager.playing:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert registry.most <= 2
