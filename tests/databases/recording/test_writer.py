from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from pyscrai.databases.database import Database
from pyscrai.databases.dialects.sqlite_sink import SqliteSink
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import StorageError
from tests.databases.conftest import Play, Stage, call, log, progress, utterance


async def test_many_runs_share_transactions(stage: Stage, play: Play) -> None:
    records = [await stage.record() for _ in range(20)]
    await asyncio.gather(*(play(5, record) for record in records))
    for record in records:
        assert [event.seq for event in await log(stage, record.run_id)] == [1, 2, 3, 4, 5]


async def test_ids_become_visible_in_their_order(stage: Stage, play: Play) -> None:
    writers = [RecordWriter(stage.database) for _ in range(3)]
    records = []
    for writer in writers:
        opened = await stage.record()
        records.append(RunRecord(writer, opened.run_id, opened.fence))
    playing = asyncio.gather(*(play(30, record) for record in records))
    seen: list[int] = []
    while not playing.done() or len(seen) < 90:
        async with stage.database.read() as session:
            seen += [event.id for event in await Events(session).since(seen[-1] if seen else 0)]
        await asyncio.sleep(0)
    await playing
    for writer in writers:
        await writer.close()
    async with stage.database.read() as session:
        everything = [event.id for event in await Events(session).since(0)]
    assert seen == everything
    assert len(seen) == 90


async def test_one_entry_that_cannot_be_written_does_not_harm_the_others(stage: Stage) -> None:
    good, bad = await stage.record(), await stage.record()
    bad.note(call(1, seed=2**70))
    results = await asyncio.gather(good.commit([utterance(1)]), bad.commit([utterance(1)]), good.commit([utterance(2)]),
                                   return_exceptions=True)
    assert results[0] is None
    assert results[2] is None
    assert isinstance(results[1], StorageError)
    assert len(await log(stage, good.run_id)) == 2
    assert await log(stage, bad.run_id) == []


async def test_a_listener_that_fails_harms_nobody(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []

    def broken(run_id: str, events: Sequence[StoredEvent]) -> None:
        raise RuntimeError("I am a broken listener")

    stage.writer.subscribe(broken)
    end = stage.writer.subscribe(lambda run_id, events: heard.extend(event.seq for event in events))
    record = await stage.record()
    await record.commit([utterance(1)])
    end()
    await record.commit([utterance(2)])
    assert heard == [1]


async def test_closing_writes_what_was_handed_over(stage: Stage) -> None:
    record = await stage.record()
    commits = [asyncio.ensure_future(record.commit([utterance(turn)])) for turn in range(1, 20)]
    await asyncio.sleep(0)
    await stage.writer.close()
    await asyncio.gather(*commits)
    assert len(await log(stage, record.run_id)) == 19
    with pytest.raises(StorageError, match="closed"):
        await record.commit([utterance(99)])


async def test_a_lock_that_passes_is_waited_out(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await sqlite_stage.record()
    tries: list[bool] = []
    write = SqliteSink.write

    def locked_once(self: SqliteSink, entries: Any, *, again: bool) -> Any:
        tries.append(again)
        if len(tries) == 1:
            raise sqlite3.OperationalError("database is locked")
        return write(self, entries, again=again)

    monkeypatch.setattr(SqliteSink, "write", locked_once)
    await record.commit([utterance(1)])
    assert tries == [False, True]
    assert len(await log(sqlite_stage, record.run_id)) == 1


async def test_a_database_that_stays_locked_reaches_every_waiter(sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                 ) -> None:
    records = [await sqlite_stage.record() for _ in range(3)]
    sqlite_stage.database.patience.seconds = 0.05
    writer = RecordWriter(sqlite_stage.database)
    records = [RunRecord(writer, record.run_id, record.fence) for record in records]

    def locked(self: SqliteSink, entries: Any, *, again: bool) -> Any:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteSink, "write", locked)
        for record in records:
            record.note(call(1))
        results = await asyncio.gather(*(record.commit([utterance(1)]) for record in records), return_exceptions=True)
    assert [getattr(result, "code", None) for result in results] == ["storage.locked"] * 3
    # What a failed commit held goes along with the next one.
    await records[0].commit([utterance(1)])
    async with sqlite_stage.database.read() as session:
        assert len(await Calls(session).read(records[0].run_id)) == 1
    await writer.close()


async def test_a_commit_whose_answer_was_lost_is_not_doubled_and_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                         ) -> None:
    record = await stage.record()
    heard: list[str] = []
    stage.writer.subscribe(lambda run_id, events: heard.extend(event.key for event in events))
    sink: Any = stage.writer._sink
    write = type(sink).write
    tries: list[bool] = []

    def answer_lost(self: Any, entries: Any, *, again: bool) -> Any:
        tries.append(again)
        done = write(self, entries, again=again)
        if len(tries) == 1:
            raise (sqlite3.OperationalError("database is locked") if isinstance(self, SqliteSink)
                   else psycopg.OperationalError("server closed the connection"))
        return done

    monkeypatch.setattr(type(sink), "write", answer_lost)
    record.note(call(1))
    await record.commit([utterance(1), utterance(2)], progress(2))
    monkeypatch.undo()
    await record.commit([utterance(3)])
    assert [(event.seq, event.turn) for event in await log(stage, record.run_id)] == [(1, 1), (2, 2), (3, 3)]
    assert heard == ["t1.mayor", "t2.mayor", "t3.mayor"]


async def test_a_server_that_drops_connections_is_connected_to_again(make_url: Any) -> None:
    async with Database(make_url("postgres")) as database:
        stage = Stage(database, RecordWriter(database))
        record = await stage.record()
        await record.commit([utterance(1)])
        async with database.session() as session:
            await session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                       " WHERE pid <> pg_backend_pid() AND datname = current_database()"))
        record.note(call(2))
        await record.commit([utterance(2)])
        assert [event.seq for event in await log(stage, record.run_id)] == [1, 2]
        await stage.writer.close()


async def test_a_transaction_that_failed_leaves_no_text_ids_behind(sqlite_stage: Stage) -> None:
    record = await sqlite_stage.record()
    broken = await sqlite_stage.record()
    request = ModelRequest((Message("user", ("a line of the broken call",)),), seed=2**70)
    broken.note(replace(call(1), request=request))
    with pytest.raises(StorageError):
        await broken.commit([])
    record.note(call(1, lines=("another line",)))
    await record.commit([])
    async with sqlite_stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
    assert stored.call == call(1, lines=("another line",))
