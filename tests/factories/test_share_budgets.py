"""Budgets of experiments and callers hold over all processes of a database."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.share_costs import Spending, Spent
from pyscrai.databases.repositories.workers import Workers
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.errors import BudgetSpent
from pyscrai.factories import share_budgets
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.run_registry import StoredRunRegistry
from pyscrai.templates.reading.loader import load_data
from tests.fakeserver import FakeOpenAI

CENT = {"input_per_mtok": 0, "output_per_mtok": 1_000_000 / 100}
"""A cent for each token of a reply."""

TALK: dict[str, Any] = {
    "kind": "scenario", "name": "talk", "premise": "Two people talk.",
    "roles": {name: {"agent": {"engine": "actor", "personality": {"role": "a talker"},
                               "failure": {"retries": 0}}} for name in ("ann", "bob")},
    "flow": {"start": "talking", "phases": {"talking": {
        "speakers": ["ann", "bob"], "next": [{"to": "end", "when": "turn >= 12"}]}}}, "max_turns": 12}


async def spent(database: Database, share: str) -> Spent:
    async with database.read() as session:
        return (await Spending(session).read([share])).get(share, Spent())


async def make(services: Services, count: int, actor: str) -> list[str]:
    return [await create_scenario_run_from_template(services, "talk", RunOptions(seed=number), desired="run",
                                                    actor=actor) for number in range(count)]


async def statuses(services: Services, run_ids: list[str]) -> list[tuple[str, str]]:
    async with services.database.read() as session:
        return [(row.status, row.desired) for row in await Runs(session).some(run_ids)]


async def test_two_processes_keep_one_budget_and_go_on_when_it_is_raised(database_url: str,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_budgets, "FRESH", 0.05)
    async with FakeOpenAI(latency=0.02, jitter=0.5) as server, AsyncExitStack() as stack:
        settings = load_settings(database_url=database_url, model="fake", models={"fake": {
            "base_url": server.base_url, "model": "fake", "price": CENT}})
        processes, managers = [], []
        for _ in range(2):
            services = await stack.enter_async_context(open_services(settings, library=False))
            if not processes:
                await store_templates(services.database, [load_data(TALK)])
            processes.append(services)
        services = processes[0]
        ours, theirs = await make(services, 6, "ann"), await make(services, 1, "ben")
        async with services.database.session() as session:
            await Workers(session).treat("ann", budget_usd=1_000)
        one = 0.0
        for each in processes:
            manager = EngineManager(StoredRunRegistry(each), capacity=4, heartbeat=0.1)
            managers.append(await stack.enter_async_context(manager))
        while one == 0.0:
            await asyncio.sleep(0.02)
            one = (await spent(services.database, "ann")).cost_usd
        cost = one / server.answered  # about what a call costs
        budget = 20 * cost
        async with services.database.session() as session:
            await Workers(session).treat("ann", budget_usd=budget)
        budget = max(budget, (await spent(services.database, "ann")).cost_usd)  # what was spent by then
        async with asyncio.timeout(30):
            while any(status in ("pending", "running") for status, _ in await statuses(services, theirs)) or any(  # noqa: ASYNC110
                    each.playing for each in managers):
                await asyncio.sleep(0.05)
        [(status, _)] = await statuses(services, theirs)
        assert status == "completed", "another's runs are not kept back"
        assert {desired for _, desired in await statuses(services, ours)} == {"run"}
        found = await spent(services.database, "ann")
        assert found.all
        dearest = await _dearest(services, ours)
        assert found.cost_usd <= budget + 6 * dearest, "one call a running turn at most"
        assert found.cost_usd == pytest.approx(await _recorded(services, ours)), "each call is counted once"
        answered = server.answered
        await asyncio.sleep(0.4)
        assert server.answered == answered, "none is claimed again"
        async with services.database.read() as session:
            paused = [event for run_id in ours for event in await Events(session).read(run_id, kinds=["run_paused"])]
        assert paused
        assert all("the budget of ann" in event.payload["reason"] for event in paused)
        assert len(paused) <= 6, "each stands once"
        async with services.database.session() as session:
            await Workers(session).treat("ann", budget_usd="none")
        async with asyncio.timeout(30):
            while {status for status, _ in await statuses(services, ours)} != {"completed"}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _costs(services: Services, run_ids: list[str]) -> list[float]:
    from pyscrai.databases.repositories.calls import Calls

    async with services.database.read() as session:
        return [stored.call.reply.usage.cost_usd or 0.0 for run_id in run_ids
                for stored in await Calls(session).read(run_id) if stored.call.reply is not None]


async def _dearest(services: Services, run_ids: list[str]) -> float:
    return max(await _costs(services, run_ids))


async def _recorded(services: Services, run_ids: list[str]) -> float:
    return sum(await _costs(services, run_ids))


async def test_who_has_no_budget_is_seldom_asked_for_one(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = share_budgets.ShareBudgets(database)
    await asyncio.gather(*(budgets.check("ann") for _ in range(50)))
    async with database.session() as session:
        await Workers(session).treat("ann", budget_usd=1e-9)
        await session.flush()
    assert not await budgets.is_spent("ann"), "it is not asked again so soon"
    monkeypatch.setattr(share_budgets, "FRESH", 0.0)
    other = share_budgets.ShareBudgets(database)
    assert not await other.is_spent("ann"), "nothing was spent yet"
    async with database.session() as session:
        await Workers(session).treat("ann", budget_usd="none")
    await other.check("ann")
    with pytest.raises(BudgetSpent, match=r"budget of ben, 0 USD, is spent"):
        async with database.session() as session:
            (await Workers(session).treat("ben")).budget_usd = 0.0
        await other.check("ben")
