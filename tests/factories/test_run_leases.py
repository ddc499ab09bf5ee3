"""One process at a time plays a run, and whoever asks for many takes them together."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.columns import now
from pyscrai.databases.database import Database
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.errors import Fenced, NotFound, StorageError, WrongState
from pyscrai.factories import run_leases
from pyscrai.factories.run_leases import HeldRun, Ownership
from tests.databases.conftest import Stage
from tests.databases.test_outages import put


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    writer = RecordWriter(database)
    yield Stage(database, writer)
    await writer.close()


async def owner_of(stage: Stage, run_id: str) -> str | None:
    async with stage.database.read() as session:
        return (await Runs(session).get(run_id)).owner


async def test_each_of_many_gets_what_is_true_of_its_run(stage: Stage) -> None:
    free, taken, dead = [await stage.run() for _ in range(3)]
    await stage.lease(taken, "another/1//x")
    await stage.lease(dead, f"{socket.gethostname()}/{2**22 + 1}//x")  # no process has that number
    mine = Ownership(stage.database)
    asked = (free, taken, dead, "run_000000000000", free)
    found = await asyncio.gather(*map(mine.acquire, asked), return_exceptions=True)
    assert [run.fence for run in (found[0], found[2]) if isinstance(run, HeldRun)] == [1, 2]
    assert [type(found[place]) for place in (1, 3, 4)] == [WrongState, NotFound, WrongState]
    assert [await owner_of(stage, run_id) for run_id in (free, dead)] == [mine.owner] * 2
    await asyncio.gather(mine.release(free, 1), mine.release(dead, 1))
    assert await owner_of(stage, free) is None
    assert await owner_of(stage, dead) == mine.owner, "another fence releases nothing"


async def test_who_is_cancelled_while_it_takes_a_run_gives_it_back(stage: Stage) -> None:
    run_id = await stage.run()
    mine = Ownership(stage.database)
    taking = asyncio.create_task(mine.acquire(run_id))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert await owner_of(stage, run_id) is None
    assert (await mine.acquire(run_id)).fence == 2, "it was taken once"


async def test_who_asks_for_a_run_that_a_claim_is_taking_for_this_process_gets_it(
        stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await stage.run(desired="run")
    mine, take, taken = Ownership(stage.database), run_leases.Claims.take, asyncio.Event()

    async def slow(claims: run_leases.Claims, *given: Any, **named: Any) -> Any:
        found = await take(claims, *given, **named)
        taken.set()
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(run_leases.Claims, "take", slow)
    claiming = asyncio.create_task(mine.claim(10))
    await taken.wait()
    fence = (await mine.acquire(run_id)).fence
    assert [(claim.run_id, claim.fence) for claim in await claiming] == [(run_id, fence)]
    with pytest.raises(WrongState):
        await mine.acquire(run_id)


async def test_leases_are_renewed_also_after_the_database_was_away(stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                     ) -> None:
    monkeypatch.setattr(run_leases, "TTL", timedelta(seconds=0.3))
    mine, failed = Ownership(stage.database), asyncio.Event()
    renew = mine.renew

    async def away_at_first(run_ids: list[str]) -> object:
        if not failed.is_set():
            failed.set()
            raise StorageError("the database cannot be reached")
        return await renew(run_ids)

    monkeypatch.setattr(mine, "renew", away_at_first)
    run_id = await stage.run()
    async with mine.hold(run_id):
        await asyncio.sleep(0.8)
        assert failed.is_set()
        async with stage.database.read() as session:
            until = (await Runs(session).get(run_id)).lease_until
        assert until is not None
        assert until > now()
    assert await owner_of(stage, run_id) is None
    await mine.close()


def test_a_process_that_lives_is_not_dead() -> None:
    assert not run_leases.is_dead(run_leases.owner_name())
    assert run_leases.is_dead(f"{socket.gethostname()}/{os.getpid()}/0/x"), "another process had the number"
    assert not run_leases.is_dead("another-host/1/0/x")


async def test_who_was_suspended_too_long_writes_no_checkpoint(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records carry their fence; a checkpoint has none, so it is looked whether the run is still ours."""
    run_id = await stage.run()
    mine, checkpoints = Ownership(stage.database), Checkpoints(stage.database)
    fence = (await mine.acquire(run_id)).fence
    saver = await checkpoints.saver()
    saver.assure = partial(mine.assure, run_id, fence)  # type: ignore[attr-defined]
    await put(saver, run_id, turn=1)
    async with stage.database.session() as session:  # time passes, and another one takes the run
        await session.execute(update(RunRow).where(RunRow.id == run_id).values(
            owner="another", fence=RunRow.fence + 1))
    await put(saver, run_id, turn=2)  # the lease was renewed a moment ago: nobody can have taken it
    monkeypatch.setattr(run_leases.time, "monotonic", lambda: 1e9)
    for write in (put(saver, run_id, turn=3), saver.aput_writes(
            {"configurable": {"thread_id": run_id, "checkpoint_ns": "", "checkpoint_id": "1"}}, [("turn", 4)], "task")):
        with pytest.raises(Fenced):
            await write
    found = await saver.aget_tuple({"configurable": {"thread_id": run_id}})
    assert found is not None
    assert found.checkpoint["channel_values"] == {"turn": 2}
    await checkpoints.close()


async def test_a_lease_that_ran_out_and_that_nobody_took_is_still_ours(stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                        ) -> None:
    run_id = await stage.run()
    mine = Ownership(stage.database)
    fence = (await mine.acquire(run_id)).fence
    monkeypatch.setattr(run_leases.time, "monotonic", lambda: 1e9)
    await mine.assure(run_id, fence)


async def test_runs_that_were_claimed_and_never_opened_are_given_back(stage: Stage) -> None:
    run_id = await stage.run()
    mine = Ownership(stage.database)
    assert [claim.run_id for claim in await mine.claim(5)] == [run_id]
    assert await owner_of(stage, run_id) == mine.owner
    await mine.close()
    assert await owner_of(stage, run_id) is None
