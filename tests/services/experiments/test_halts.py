"""Of several reasons to begin nothing new the heaviest counts: a lost lease, a cancel, a pause, a rule."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.run_player import own_manager
from pyscrai.services.experiments.status import ask_experiment
from tests.services.experiments.giving import Giver
from tests.services.experiments.test_experiment_runner import planned


async def test_cancelled_while_a_pause_comes_about_it_is_cancelled(
        services: Services, giver: Giver, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = await planned(services)
    reached, go = asyncio.Event(), asyncio.Event()
    original = giver.complete

    async def held(request: Any, on_token: Any = None) -> Any:
        if giver.calls >= 4:
            reached.set()
            await go.wait()
        return await original(request, on_token)

    giver.complete = held  # type: ignore[method-assign]
    async with asyncio.timeout(60), own_manager(services, 8) as manager:
        runner = ExperimentRunner(services, manager, plan.id)
        seen: asyncio.Queue[str] = asyncio.Queue()
        halt = runner.halt
        monkeypatch.setattr(runner, "halt", lambda why: (halt(why), seen.put_nowait(why)))
        task = asyncio.create_task(runner.run())
        await reached.wait()
        for action in ("pause", "cancel"):
            await ask_experiment(services, plan.id, action)
            while await seen.get() != action:
                pass
        go.set()
        stopped = await task
    assert (stopped.row.status, stopped.row.desired) == ("cancelled", "cancel")


@pytest.mark.parametrize("first", ["rule", "pause", "cancel"])
async def test_who_lost_the_lease_writes_nothing_however_it_was_halted(services: Services, first: str) -> None:
    plan = await planned(services)
    async with own_manager(services, 1) as manager:
        runner = ExperimentRunner(services, manager, plan.id)
        runner.halt(first)
        runner.halt("lost")
        assert (await runner._conclude()).row.status == plan.row.status == "planned"
