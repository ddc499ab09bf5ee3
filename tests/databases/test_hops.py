"""A statement is one hop, and what tasks write is stored with its checkpoint or shortly after."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from sqlalchemy import select, text

from pyscrai.databases import linger
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.databases.dialects import one_hop_connection
from pyscrai.databases.driver_rows import driver_rows, driver_write
from pyscrai.databases.entry import StateWrite
from pyscrai.databases.repositories.seals import DELETE, TABLE
from pyscrai.errors import Fenced, StorageError


async def test_all_rows_come_back_however_many(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_hop_connection, "AT_ONCE", 3)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT i FROM n"
    async with sqlite_database.read() as session:
        for most in (1, 2, 3, 4, 10):
            found = (await session.scalars(text(numbers), {"most": most})).all()
            assert list(found) == list(range(1, most + 1))


async def test_a_transaction_without_a_statement_leaves_nothing_open(sqlite_database: Database) -> None:
    async with sqlite_database.session() as session:
        await session.connection()  # this begins it
    async with sqlite_database.session() as session:
        await session.execute(text("CREATE TABLE kept (n INTEGER)"))
    with pytest.raises(ZeroDivisionError):
        async with sqlite_database.session() as session:
            await session.execute(text("INSERT INTO kept VALUES (1)"))
            raise ZeroDivisionError
    async with sqlite_database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM kept")) == 0


WRITES = [("numbers", [1])]
TWO = [("turn", 7), ("numbers", [1])]
INTERRUPT = "__interrupt__"
ALL = select(TABLE.c.run_id)


async def saver_of(checkpoints: Checkpoints, run: str) -> tuple[Any, Any]:
    saver: Any = await checkpoints.saver()
    config = await saver.aput({"configurable": {"thread_id": run, "checkpoint_ns": ""}}, empty_checkpoint(), {}, {})
    saver.hold_writes(["numbers"])
    return saver, config


async def pending(checkpoints: Checkpoints, config: Any) -> list[Any]:
    found = await (await checkpoints.saver()).aget_tuple(config)
    assert found is not None
    return list(found.pending_writes or ())


async def test_what_a_task_wrote_is_stored_when_no_checkpoint_comes(database: Database,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MOMENT", 0.5)
    checkpoints = Checkpoints(database)
    try:
        saver, config = await saver_of(checkpoints, "run_a")
        await saver.aput_writes(config, WRITES, "task")
        assert await pending(checkpoints, config) == []
        async with asyncio.timeout(30):
            while not await pending(checkpoints, config):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await pending(checkpoints, config) == [("task", "numbers", [1])]
        await saver.aput_writes(config, WRITES, "other")
        found = await saver.aget_tuple(config)
        assert len(found.pending_writes) == 2, "who reads with the same saver reads what is held"
    finally:
        await checkpoints.close()


async def test_a_process_that_was_shut_out_stores_nothing_that_it_held(database: Database) -> None:
    checkpoints = Checkpoints(database)
    try:
        saver, config = await saver_of(checkpoints, "run_b")

        async def shut_out() -> None:
            raise Fenced("another process plays it")

        await saver.aput_writes(config, WRITES, "task")
        saver.assure = shut_out
        await asyncio.sleep(0.1)
        assert await pending(checkpoints, config) == []
    finally:
        await checkpoints.close()


async def test_a_checkpoint_takes_along_only_what_it_does_not_hold_itself(database: Database,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MOMENT", 60.0)
    checkpoints = Checkpoints(database)
    try:
        saver, config = await saver_of(checkpoints, "run_c")
        await saver.aput_writes(config, TWO, "task")
        await saver.aput(config, {**empty_checkpoint(), "id": "2"}, {}, {})
        assert await pending(checkpoints, config) == [("task", "numbers", [1])]
        await asyncio.sleep(0.1)
        assert await pending(checkpoints, config) == [("task", "numbers", [1])], "nothing is left to be stored"
    finally:
        await checkpoints.close()


async def test_what_others_wrote_is_stored_whole_where_the_play_waits_for_a_person(database: Database) -> None:
    checkpoints = Checkpoints(database)
    try:
        saver, config = await saver_of(checkpoints, "run_d")
        await saver.aput_writes(config, TWO, "task")
        await saver.aput_writes(config, [(INTERRUPT, "who?")], "another")
        assert sorted(await pending(checkpoints, config)) == [
            ("another", INTERRUPT, "who?"), ("task", "numbers", [1]), ("task", "turn", 7)]
    finally:
        await checkpoints.close()


async def test_what_could_not_be_stored_is_stored_later(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MOMENT", 60.0)
    checkpoints = Checkpoints(database)
    try:
        saver, config = await saver_of(checkpoints, "run_e")
        tries, write = [], saver.write

        async def away_at_first(state: Sequence[StateWrite]) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise StorageError("the disk is full", code="storage.full")
            await write(state)

        saver.write = away_at_first
        await saver.aput_writes(config, TWO, "task")
        await saver.store_held()
        assert len(tries) == 3
        await saver.aput_writes(config, [("numbers", [2])], "another")
        await saver.aput(config, {**empty_checkpoint(), "id": "2"}, {}, {})
        assert sorted(await pending(checkpoints, config)) == [
            ("another", "numbers", [2]), ("task", "numbers", [1]), ("task", "turn", 7)]
    finally:
        await checkpoints.close()


START: Any = {"configurable": {"thread_id": "run_e", "checkpoint_ns": ""}}


def numbered(step: int) -> tuple[Any, Any]:
    return {**empty_checkpoint(), "id": str(step + 2)}, {"source": "loop", "step": step, "parents": {}}


async def stored(checkpoints: Checkpoints) -> list[tuple[int, str | None]]:
    """The steps that others find in the thread, the newest first, with their parents."""
    return [(found.metadata["step"], (found.parent_config or {"configurable": {"checkpoint_id": None}})[
        "configurable"]["checkpoint_id"]) async for found in (await checkpoints.saver()).alist(START)]


async def test_what_stands_before_the_first_node_is_stored_with_what_came_of_it(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MOMENT", 60.0)
    checkpoints = Checkpoints(database)
    try:
        saver: Any = await checkpoints.saver()
        saver.hold_writes(["numbers"], is_new=True)
        assert await saver.aget_tuple(START) is None
        config = START
        for step in (-1, 0):
            config = await saver.aput(config, *numbered(step), {})
            assert await stored(checkpoints) == []
        await saver.aput_writes(config, TWO, "task")
        await saver.aput(config, *numbered(1), {})
        assert await stored(checkpoints) == [(1, "2"), (0, "1"), (-1, None)]
        assert await pending(checkpoints, config) == [("task", "numbers", [1])]
    finally:
        await checkpoints.close()


async def test_who_reads_a_thread_that_just_began_finds_what_is_held(database: Database) -> None:
    checkpoints = Checkpoints(database)
    try:
        saver: Any = await checkpoints.saver()
        saver.hold_writes([], is_new=True)
        config = await saver.aput(START, *numbered(-1), {})
        await saver.aput(config, *numbered(0), {})
        found = await saver.aget_tuple(START)
        assert found.metadata["step"] == 0
        assert await stored(checkpoints) == [(0, "1"), (-1, None)]
    finally:
        await checkpoints.close()


async def test_statements_of_the_driver_are_one_hop(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hops: list[int] = []
    original = one_hop_connection.OneHopConnection.on_thread

    async def counted(self: Any, work: Any) -> Any:
        hops.append(1)
        return await original(self, work)

    await sqlite_database.prepare()
    async with sqlite_database.session() as session:
        await session.connection()
        monkeypatch.setattr(one_hop_connection.OneHopConnection, "on_thread", counted)
        await driver_write(session, [(DELETE, [{"run": "run_a"}, {"run": "run_b"}]), (DELETE, [{"run": "run_c"}])])
        assert await driver_rows(session, [(ALL, {}), (ALL, {})]) == [[], []]
    assert len(hops) == 3, "what is written, what is read, and the commit"
