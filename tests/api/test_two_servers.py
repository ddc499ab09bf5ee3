"""Two processes on one database never play the same run, and what one is asked the other one does."""

from __future__ import annotations

import asyncio

from pyscrai.databases.repositories.runs import Runs
from tests.api.serving import Serving, serving


async def _status(server: Serving, run_id: str, wanted: str) -> None:
    async with asyncio.timeout(30):
        while (await server.get(f"/runs/{run_id}"))["status"] != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_each_run_is_played_once(database_url: str) -> None:
    async with serving(database_url) as one, serving(database_url) as other:
        runs = [await server.run(start=False) for server in (one, other) for _ in range(3)]
        for server in (one, other):
            # Both are told of all: whoever comes first plays.
            await server.post("/runs/many/start", {"run_ids": runs}, 202)
        for run_id in runs:
            await _status(one, run_id, "completed")
            kinds = await other.kinds(run_id)
            assert kinds.count("run_started") == 1
            assert kinds.count("utterance") == 6
        assert len(one.model.requests) + len(other.model.requests) == 6 * len(runs)


async def test_what_one_is_asked_the_other_does(database_url: str) -> None:
    async with serving(database_url) as one, serving(database_url) as other:
        one.model.gate.clear()
        run_id = await one.run()
        await one.asked()
        assert (await other.get(f"/runs/{run_id}"))["live"] is False
        await other.post(f"/runs/{run_id}/pause", None, 202)
        one.model.let(1)
        await _status(other, run_id, "paused")
        assert (await one.get(f"/runs/{run_id}"))["turn"] <= 2
        await one.settled(run_id)
        await other.post(f"/runs/{run_id}/resume", None, 202)
        await _status(one, run_id, "completed")
        assert len(one.model.requests) <= 2
        assert len(other.model.requests) >= 4


async def test_a_lost_lease_shuts_the_loser_out(database_url: str) -> None:
    async with serving(database_url) as one:
        one.model.gate.clear()
        run_id = await one.run()
        await one.asked()
        async with one.services.database.session() as session:
            row = await Runs(session).get(run_id)
            row.fence += 1
            row.owner = "somebody/else"
        one.model.gate.set()
        await one.context.manager.until_settled(run_id)
        assert (await one.kinds(run_id)).count("utterance") == 0
