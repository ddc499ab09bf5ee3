"""What every registry of runs does: who plays a run, and what is desired of it."""

from __future__ import annotations

import pytest

from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.run_registry import Taken
from pyscrai.engines.scenario_runner import Result
from pyscrai.errors import ConfigError
from tests.conformance.conftest import Registries


async def test_a_run_is_opened_by_one_process_alone(registries: Registries) -> None:
    run_id = await registries.add()
    async with registries.mine.open(run_id) as assignment:
        assert assignment.told == "none"
        with pytest.raises(Taken):
            async with registries.theirs.open(run_id):
                pass
        assert list(await registries.mine.renew([run_id])) == [run_id]
        assert list(await registries.theirs.renew([run_id])) == []
    async with registries.theirs.open(run_id):
        assert list(await registries.mine.renew([run_id])) == []


async def test_what_is_desired_is_told_and_what_is_unmet_is_due(registries: Registries) -> None:
    first, second, third = [await registries.add() for _ in range(3)]
    assert list(await registries.mine.due(9)) == []
    for run_id in (first, second):
        await registries.request(run_id, "start")
    assert [due.run_id for due in await registries.mine.due(1)] == [first]
    # What one was offered is taken for it: nobody else is.
    assert [due.run_id for due in await registries.theirs.due(9)] == [second]
    assert list(await registries.mine.due(9)) == []
    with pytest.raises(Taken):
        async with registries.theirs.open(first):
            pass
    async with registries.mine.open(first) as assignment:
        assert assignment.told == "run"
        assert await registries.mine.renew([first]) == {first: "run"}
        await registries.request(first, "pause")
        assert await registries.mine.renew([first]) == {first: "pause"}
    assert await registries.desired(third) == "none"


async def test_a_run_that_stands_is_settled(registries: Registries) -> None:
    run_id = await registries.add()
    await registries.request(run_id, "start")
    async with registries.mine.open(run_id) as assignment:
        result = await assignment.runner.play(step=True)
        assert result.status == "paused"
        await registries.mine.settle(run_id, assignment.told, result)
    assert (await registries.status(run_id), await registries.desired(run_id)) == ("paused", "pause")
    assert list(await registries.mine.due(9)) == []
    await registries.request(run_id, "resume")
    async with registries.theirs.open(run_id) as assignment:
        result = await assignment.runner.play()
        await registries.theirs.settle(run_id, assignment.told, result)
    assert await registries.status(run_id) == "completed"
    async with registries.mine.open(run_id) as assignment:
        assert assignment.told == "none"
    assert list(await registries.mine.due(9)) == []


async def test_what_was_asked_meanwhile_is_not_lost(registries: Registries) -> None:
    run_id = await registries.add()
    await registries.request(run_id, "start")
    async with registries.mine.open(run_id) as assignment:
        result = await assignment.runner.play(step=True)
        await registries.request(run_id, "stop")
        await registries.mine.settle(run_id, assignment.told, result)
    assert await registries.desired(run_id) == "stop"
    assert [due.run_id for due in await registries.mine.due(9)] == [run_id]


async def test_a_run_that_cannot_be_opened_fails_and_is_not_due(registries: Registries) -> None:
    run_id = await registries.add()
    await registries.request(run_id, "start")
    await registries.mine.fail(run_id, ConfigError("no such alias", code="config.unknown_alias"))
    assert await registries.status(run_id) == "failed"
    assert list(await registries.mine.due(9)) == []
    await registries.request(run_id, "resume")
    assert [due.run_id for due in await registries.mine.due(9)] == [run_id]


async def test_the_manager_plays_the_runs_of_any_registry(registries: Registries) -> None:
    runs = [await registries.add() for _ in range(3)]
    async with EngineManager(registries.mine, heartbeat=0.05) as manager:
        for run_id in runs:
            await registries.request(run_id, "start")
            manager.wake(run_id, "run")
        for run_id in runs:
            await manager.until_settled(run_id)
    assert [await registries.status(run_id) for run_id in runs] == ["completed"] * 3


def test_a_result_says_no_more_than_a_status() -> None:
    assert Result("paused").outcome is None
