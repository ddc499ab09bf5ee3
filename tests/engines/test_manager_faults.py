"""What nobody thought of, in one run or in one beat, ends neither the manager nor another run."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.run_registry import Assignment, Due
from pyscrai.errors import PyscraiError, StorageError
from pyscrai.lifecycle import Desired
from tests.engines.test_engine_manager import FakeRegistry


class FaultyRegistry(FakeRegistry):
    """Raises what it is told to, for one run or for one call, a number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[BaseException]] = defaultdict(list)

    def _raise(self, what: str) -> None:
        if self.faults[what]:
            raise self.faults[what].pop()

    @asynccontextmanager
    async def open(self, run_id: str) -> AsyncIterator[Assignment]:
        async with super().open(run_id) as assignment:
            self._raise(f"open {run_id}")
            yield assignment

    async def renew(self, run_ids: Sequence[str]) -> Mapping[str, Desired]:
        self._raise("renew")
        return await super().renew(run_ids)

    async def due(self, limit: int) -> Sequence[Due]:
        self._raise("due")
        for run_id in self._claimed:  # leases of what was never opened run out between two looks
            self.runs[run_id].owner = None
        self._claimed.clear()
        return await super().due(limit)

    async def fail(self, run_id: str, error: PyscraiError) -> None:
        self._raise(f"fail {run_id}")
        await super().fail(run_id, error)


UNFORESEEN = [ValueError("no"), KeyError("k"), MemoryError(), RecursionError(), UnicodeError("x"), ZeroDivisionError()]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
async def test_one_bad_run_harms_no_other(error: Exception) -> None:
    registry = FaultyRegistry()
    registry.gate.set()
    registry.faults["open bad"] = [error]
    async with EngineManager(registry, heartbeat=0.01) as manager:
        for run_id in ("a", "bad", "b"):
            registry.ask(manager, run_id, "run")
        async with asyncio.timeout(30):
            for run_id in ("a", "bad", "b"):
                await manager.until_settled(run_id)
    assert (registry.runs["a"].status, registry.runs["b"].status) == ("completed", "completed")
    assert (registry.runs["bad"].error or {})["code"] == "run.internal"


@pytest.mark.parametrize("what", ["renew", "due"])
@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
async def test_the_heartbeat_goes_on(what: str, error: Exception) -> None:
    registry = FaultyRegistry()
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "first", "run")
        await registry.begun.wait()
        registry.faults[what] = [error, error, error]
        registry.put("found", "run")  # without a word to the manager: its heartbeat finds it
        registry.gate.set()
        async with asyncio.timeout(30):
            while registry.runs["found"].status != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_runs_are_found_though_leases_cannot_be_renewed() -> None:
    registry = FaultyRegistry()
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "first", "run")
        await registry.begun.wait()
        registry.faults["renew"] = [ValueError("one row of them")] * 10_000
        registry.put("found", "run")
        async with asyncio.timeout(30):
            while registry.runs["found"].status != "running":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        registry.gate.set()


async def test_what_went_wrong_and_cannot_be_recorded_is_tried_again() -> None:
    registry = FaultyRegistry()
    registry.gate.set()
    registry.faults["open a"] = [ValueError("no")]
    registry.faults["fail a"] = [ZeroDivisionError()]
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "a", "run")
        async with asyncio.timeout(30):
            while registry.runs["a"].status != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_an_outage_is_no_fault_of_the_run() -> None:
    registry = FaultyRegistry()
    registry.gate.set()
    registry.faults["open a"] = [StorageError("away", code=code) for code in ("storage.unreachable", "storage.full")]
    async with EngineManager(registry, heartbeat=0.01) as manager:
        registry.ask(manager, "a", "run")
        async with asyncio.timeout(30):
            while registry.runs["a"].status != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert registry.runs["a"].error is None
