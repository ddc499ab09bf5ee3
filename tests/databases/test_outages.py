"""Storage that is away, slow, full, locked or stopped: what is held, and what is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.databases.dialects.postgres import PostgresDialect
from pyscrai.databases.dialects.sqlite import SqliteDialect
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.calls import Calls
from pyscrai.errors import StorageError
from tests.databases.conftest import Stage, call, log, utterance


@pytest.fixture
def postgres(make_url: Any) -> str:
    url: str = make_url("postgres")
    return url


@pytest.fixture
def sqlite(make_url: Any) -> str:
    url: str = make_url("sqlite")
    return url


@contextmanager
def held_lock(path: Path, seconds: float) -> Iterator[None]:
    """Another program that holds the write lock of a SQLite file for a while."""
    locked = threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        locked.set()
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    yield
    thread.join()


@pytest.fixture
def impatient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives up a lock after 50 ms, so that ours are the tries that wait."""
    pragmas = ("PRAGMA busy_timeout=50", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
               "PRAGMA foreign_keys=ON")
    monkeypatch.setattr("pyscrai.databases.dialects.sqlite.PRAGMAS", pragmas)


# -- outages -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient_locks")
async def test_a_long_lock_is_waited_out_by_record_inbox_and_checkpoints(sqlite: str) -> None:
    async with Database(sqlite, patience=20) as database:
        writer, checkpoints = RecordWriter(database), Checkpoints(database)
        stage = Stage(database, writer)
        record = await stage.record()
        inbox = await stage.inbox(record)
        record.controls_waiting = 1
        saver = await checkpoints.saver()
        assert database.path is not None
        with held_lock(database.path, 1.0):
            begun = time.monotonic()
            await asyncio.gather(record.commit([utterance(1)]), inbox.take(1), put(saver, record.run_id))
            assert time.monotonic() - begun > 0.7
        assert [event.seq for event in await log(stage, record.run_id)] == [1]
        assert await saver.aget_tuple({"configurable": {"thread_id": record.run_id}}) is not None
        await writer.close()
        await checkpoints.close()


async def put(saver: Any, thread: str, **values: Any) -> None:
    from langgraph.checkpoint.base import empty_checkpoint

    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = values
    checkpoint["channel_versions"] = dict.fromkeys(values, "1")
    await saver.aput({"configurable": {"thread_id": thread, "checkpoint_ns": ""}}, checkpoint, {},
                     dict.fromkeys(values, "1"))


@pytest.mark.usefixtures("impatient_locks")
async def test_patience_ends_with_the_error_that_it_was(sqlite: str) -> None:
    async with Database(sqlite, patience=0.3) as database:
        writer, checkpoints = RecordWriter(database), Checkpoints(database)
        stage = Stage(database, writer)
        record = await stage.record()
        saver = await checkpoints.saver()
        assert database.path is not None
        with held_lock(database.path, 2.0):
            found = await asyncio.gather(record.commit([utterance(1)]), put(saver, record.run_id),
                                         database.writing(delete_nothing), return_exceptions=True)
        assert [getattr(error, "code", error) for error in found] == ["storage.locked"] * 3
        assert all(isinstance(error, StorageError) and error.passes for error in found)
        # Nothing is broken: what comes afterwards is taken.
        await record.commit([utterance(1)])
        await put(saver, record.run_id)
        await writer.close()
        await checkpoints.close()


async def delete_nothing(session: AsyncSession) -> None:
    await session.execute(text("DELETE FROM api_keys"))


async def test_a_full_disk_says_so_and_where(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_stage.database.patience.seconds = 0.05
    writer = RecordWriter(sqlite_stage.database)
    opened = await sqlite_stage.record()
    record = RunRecord(writer, opened.run_id, opened.fence)
    path = sqlite_stage.database.path
    assert path is not None
    # SQLite's own limit of pages: the write fails as it does on a full disk.
    connect = SqliteDialect.connect

    def small(self: SqliteDialect) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute("PRAGMA max_page_count=1")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(SqliteDialect, "connect", small)
        with pytest.raises(StorageError) as caught:
            await record.commit([utterance(1, text="x" * 3_000_000)])
        assert caught.value.code == "storage.full"
        assert str(path) in caught.value.message
        checkpoints = Checkpoints(sqlite_stage.database)
        saver = await checkpoints.saver()
        with pytest.raises(StorageError) as caught:
            await put(saver, record.run_id, messages="y" * 3_000_000)
        assert caught.value.code == "storage.full"
        await checkpoints.close()
    await writer.close()


@pytest.mark.parametrize(("raised", "code"), [
    (psycopg.errors.DiskFull("could not extend file: No space left on device"), "storage.full"),
    (psycopg.errors.AdminShutdown("terminating connection"), "storage.unreachable"),
    (psycopg.errors.LockNotAvailable("canceling statement"), "storage.locked"),
    (TimeoutError(), "storage.unreachable"), (ConnectionRefusedError("refused"), "storage.unreachable"),
    (psycopg.errors.ProgramLimitExceeded("too large"), None), (psycopg.DataError("no"), None), (ValueError(), None)])
def test_what_postgres_says_in_an_outage(raised: Exception, code: str | None) -> None:
    explained = Database("postgresql+psycopg://me:hunter2@host/name?password=hunter3").dialect.explain(raised)
    assert (explained and explained.code) == code
    assert "hunter" not in str(explained)


@pytest.fixture
async def postgres_stage(postgres: str) -> AsyncIterator[Stage]:
    async with Database(postgres, patience=20) as database:
        writer = RecordWriter(database)
        yield Stage(database, writer)
        await writer.close()


async def test_large_replies_hold_nobody_up(postgres_stage: Stage) -> None:
    records = [await postgres_stage.record() for _ in range(3)]
    checkpoints = Checkpoints(postgres_stage.database)
    for turn, size in enumerate((300_000, 1_000_000, 4_000_000), start=1):
        for number, record in enumerate(records):
            record.note(call(turn, text=f"{number}{turn}" + "x" * size, lines=(f"{number}" + "y" * size,)))
        async with asyncio.timeout(20):
            savers = [await checkpoints.saver() for record in records]
            await asyncio.gather(
                *(record.commit([utterance(turn, text="z" * size)]) for record in records),
                *(put(saver, record.run_id, text="w" * size) for saver, record in zip(savers, records, strict=True)))
    async with postgres_stage.database.read() as session:
        found = await Calls(session).read(records[0].run_id)
    assert [len(stored.call.reply.text) for stored in found if stored.call.reply] == [300_002, 1_000_002, 4_000_002]
    await checkpoints.close()


async def test_a_server_that_stops_answering_is_left_and_nothing_is_doubled(postgres: str,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyscrai.databases.dialects.postgres.WRITE_TIMEOUT", 1.0)
    monkeypatch.setattr(PostgresDialect, "session_timeout", 1.0)
    async with Database(postgres, patience=30) as database:
        stage = Stage(database, RecordWriter(database))
        record = await stage.record()
        record.note(call(1))
        await record.commit([utterance(1)])
        backend = await backend_of_the_writer(database)
        os.kill(backend, signal.SIGSTOP)
        try:
            record.note(call(2))
            commit = asyncio.ensure_future(record.commit([utterance(2)]))
            await asyncio.sleep(3.5)
        finally:
            os.kill(backend, signal.SIGCONT)
        async with asyncio.timeout(20):
            await commit
        assert [event.seq for event in await log(stage, record.run_id)] == [1, 2]
        await stage.writer.close()


async def test_closing_ends_in_time_though_the_server_does_not_answer(postgres: str, monkeypatch: pytest.MonkeyPatch
                                                                      ) -> None:
    monkeypatch.setattr("pyscrai.databases.dialects.postgres.WRITE_TIMEOUT", 1.0)
    async with Database(postgres, patience=600) as database:
        stage = Stage(database, RecordWriter(database))
        record = await stage.record()
        await record.commit([utterance(1)])
        backend = await backend_of_the_writer(database)
        os.kill(backend, signal.SIGSTOP)
        try:
            commit = asyncio.ensure_future(record.commit([utterance(2)]))
            await asyncio.sleep(0.1)
            begun = time.monotonic()
            await stage.writer.close()
            assert time.monotonic() - begun < 30, "storage is waited for 600 s"
        finally:
            os.kill(backend, signal.SIGCONT)
        with pytest.raises(StorageError, match="cannot use"):
            await commit


async def backend_of_the_writer(database: Database) -> int:
    async with database.read() as session:
        pid = await session.scalar(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                                        " query = 'COMMIT' AND pid <> pg_backend_pid() ORDER BY query_start DESC"))
    assert isinstance(pid, int)
    return pid
