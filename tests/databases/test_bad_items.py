"""Items that no storage takes: each fails alone, and no loop that others share ends for it."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.databases.dialects.sqlite_sink import SqliteSink
from pyscrai.errors import StorageError
from tests.databases.conftest import Stage, log, utterance
from tests.databases.test_outages import put


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), RecursionError(), UnicodeError("x"), KeyError("k"),
                                   sqlite3.InterfaceError("bad parameter"), ZeroDivisionError(), StopIteration()])
async def test_one_bad_entry_never_ends_the_writer(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch,
                                                   error: Exception) -> None:
    good, bad = await sqlite_stage.record(), await sqlite_stage.record()
    write = SqliteSink.write

    def poisoned(self: SqliteSink, entries: Any, *, again: bool) -> Any:
        if any(entry.run_id == bad.run_id for entry in entries):
            raise error
        return write(self, entries, again=again)

    monkeypatch.setattr(SqliteSink, "write", poisoned)
    async with asyncio.timeout(10):
        found = await asyncio.gather(good.commit([utterance(1)]), bad.commit([utterance(1)]),
                                     good.commit([utterance(2)]), return_exceptions=True)
    assert found[0] is None
    assert found[2] is None
    assert isinstance(found[1], StorageError)
    assert found[1].code == "storage.refused"
    assert not found[1].passes
    await good.commit([utterance(3)])
    assert len(await log(sqlite_stage, good.run_id)) == 3


async def test_a_sink_that_answers_too_few_leaves_nobody_waiting(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                 ) -> None:
    record = await sqlite_stage.record()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteSink, "write", lambda self, entries, again: [])
        async with asyncio.timeout(30):
            with pytest.raises(StorageError):
                await record.commit([utterance(1)])
    await record.commit([utterance(1)])


async def test_one_bad_checkpoint_harms_no_other(sqlite_database: Database) -> None:
    checkpoints = Checkpoints(sqlite_database)
    connection: Any = (await checkpoints.saver()).conn  # type: ignore[attr-defined]

    def broken(_: sqlite3.Connection) -> list[Any]:
        raise ZeroDivisionError

    async with asyncio.timeout(10):
        found = await asyncio.gather(
            put(await checkpoints.saver(), "a"), connection.submit("INSERT", broken),
            connection.submit("SELECT", lambda used: used.execute("SELECT nothing FROM nowhere").fetchall()),
            put(await checkpoints.saver(), "b"), return_exceptions=True)
    assert [type(one).__name__ for one in found] == ["NoneType", "ZeroDivisionError", "OperationalError", "NoneType"]
    for thread in "ab":
        saver = await checkpoints.saver()
        assert await saver.aget_tuple({"configurable": {"thread_id": thread}}) is not None
    await checkpoints.close()
