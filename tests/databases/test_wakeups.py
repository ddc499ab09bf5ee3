"""PostgreSQL tells of runs that may be due, and of nothing else."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from pyscrai.databases.dialects import postgres_wakeups
from tests.databases.conftest import Stage


async def test_what_may_be_due_is_told(stage: Stage) -> None:
    database = stage.database
    if database.dialect.tell_of_limits is None:   # a file tells nobody
        assert [told async for told in database.dialect.wakeups()] == []
        return
    told: list[str] = []

    async def listen() -> None:
        async for channel in database.dialect.wakeups():
            told.append(channel)  # noqa: PERF401

    listening = asyncio.create_task(listen())

    async def heard() -> list[str]:
        await asyncio.sleep(0.15)
        found, told[:] = list(told), []
        return found

    async def change(statement: str) -> list[str]:
        async with database.session() as session:
            await session.execute(text(statement))
        return await heard()

    async with asyncio.timeout(20):
        while not told:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await heard() == ["all"]
    await stage.run(settings={"actor": "ann"}, desired="none")
    assert await heard() == [], "nobody is to play it"
    for _ in range(3):
        await stage.run(settings={"actor": "ann"})
    assert set(await heard()) == {"runs"}
    assert await change("UPDATE scenario_runs SET turn = 1, desired = desired") == []
    assert await change("UPDATE scenario_runs SET desired = 'none'") == [], "nothing is due by coming to rest"
    assert await change("UPDATE scenario_runs SET desired = 'pause'") == ["runs"]
    assert await change("UPDATE scenario_runs SET desired = 'run', owner = 'one'") == ["runs"]
    assert await change("UPDATE scenario_runs SET owner = NULL") == ["runs"], "what is given back is for others"
    assert await change("UPDATE scenario_runs SET owner = 'two', status = 'completed'") == []
    assert await change("UPDATE scenario_runs SET owner = NULL") == [], "it has ended"
    assert await change(str(database.dialect.tell_of_limits)) == ["limits"]
    assert set(postgres_wakeups.CHANNELS.values()) == {"runs", "limits"}
    listening.cancel()
