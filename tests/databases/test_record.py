from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text

from pyscrai.databases.record import RunRecord
from pyscrai.databases.recording.sqlite_sink import SqliteSink
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored import StoredEvent
from pyscrai.databases.tables import TextRow
from pyscrai.engines.ports import CallKey, Message, ModelRequest
from pyscrai.errors import Fenced, NotFound, StorageError
from pyscrai.events import (
    AnyEvent,
    Measurement,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    RunWaiting,
)
from tests.databases.conftest import Play, Stage, call, progress, utterance


async def log(stage: Stage, run_id: str) -> list[StoredEvent]:
    async with stage.database.read() as session:
        return await Events(session).read(run_id)


async def test_a_turn_is_stored_whole(stage: Stage) -> None:
    record = await stage.record()
    made = call(1, lines=("Mayor: hello\n", "Engineer: hello\n"), failed=2, schema={"type": "object"})
    said = utterance(1, audience=("engineer", "mayor"))
    record.note(made)
    await record.commit([said], progress(1))
    [event] = await log(stage, record.run_id)
    assert event.event == said
    assert (event.seq, event.run_id) == (1, record.run_id)
    async with stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
        run = await Runs(session).get(record.run_id)
    assert stored.call == made
    assert (run.turn, run.phase, run.speakers) == (1, "debate", ["engineer"])
    assert (run.variables, run.usage) == ({"trust": 4}, {"tokens": 100, "cost_usd": 0.5})
    assert run.updated_at >= run.created_at


async def test_events_of_a_run_are_numbered_without_a_gap(stage: Stage, play: Play) -> None:
    first, second = await stage.record(), await stage.record()
    await asyncio.gather(play(10, first), play(10, second))
    for record in (first, second):
        events = await log(stage, record.run_id)
        assert [event.seq for event in events] == list(range(1, 11))
        assert [event.turn for event in events] == list(range(1, 11))
        assert sorted(event.id for event in events) == [event.id for event in events]


async def test_an_event_written_again_changes_nothing(stage: Stage) -> None:
    record = await stage.record()
    heard: list[str] = []
    stage.writer.subscribe(lambda run_id, events: heard.extend(event.key for event in events))
    await record.commit([utterance(1, text="first")])
    await record.commit([utterance(1, text="second"), utterance(2)])
    await record.commit([utterance(3)])
    events = await log(stage, record.run_id)
    assert [(event.seq, event.key) for event in events] == [(1, "t1.mayor"), (2, "t2.mayor"), (3, "t3.mayor")]
    assert events[0].payload["text"] == "first"
    assert heard == ["t1.mayor", "t2.mayor", "t3.mayor"]


async def test_one_event_committed_twice_at_once_is_stored_once(stage: Stage) -> None:
    record = await stage.record()
    await asyncio.gather(*(record.commit([utterance(1), utterance(2)]) for _ in range(5)))
    assert [event.seq for event in await log(stage, record.run_id)] == [1, 2]


async def test_a_recorded_call_is_recalled_after_a_restart(stage: Stage, play: Play) -> None:
    record = await play(40)
    last = record.recall(CallKey(40, "mayor", "speak", 0))
    assert last is not None
    again = await stage.record(record.run_id)
    assert again.recall(last.key) == last
    assert again.recall(CallKey(41, "engineer", "speak", 0)) is None
    assert again.recall(CallKey(1, "engineer", "speak", 0)) is None, "old calls need not be in memory"
    whole = await RunRecord.open(stage.writer, stage.database, record.run_id, again.fence, every_call=True)
    assert whole.recall(CallKey(1, "engineer", "speak", 0)) is not None


async def test_a_run_that_plays_long_keeps_few_calls_in_memory(stage: Stage, play: Play) -> None:
    record = await play(60)
    kept = [turn for turn in range(1, 61) for role in ("mayor", "engineer")
            if record.recall(CallKey(turn, role, "speak", 0))]
    assert kept[-1] == 60
    assert len(kept) < 12


async def test_a_call_is_durable_soon_even_if_its_turn_goes_on(stage: Stage) -> None:
    record = await stage.record()
    record.note(call(1))
    async with asyncio.timeout(5):
        while True:
            async with stage.database.read() as session:
                if await Calls(session).read(record.run_id):
                    return
            await asyncio.sleep(0.005)


async def test_an_answer_takes_the_place_of_a_failure_and_nothing_takes_an_answers(stage: Stage) -> None:
    record = await stage.record()
    for one in (call(1, text=None, failed=1), call(1, text="answer", failed=2), call(1, text="another answer")):
        record.note(one)
        await record.commit([])
    async with stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
    assert stored.call == call(1, text="answer", failed=2)


async def test_a_text_is_stored_once_however_often_it_is_sent(stage: Stage) -> None:
    record = await stage.record()
    lines = tuple(f"Mayor: line {number}\n" for number in range(20))
    for turn in range(1, 21):
        record.note(call(turn, lines=lines[:turn]))
        await record.commit([])
    other = await stage.record()
    other.note(call(1, lines=lines))
    await other.commit([])
    async with stage.database.read() as session:
        # The lines, two frames, the system prompt, the parameters, the hashes of the prompts.
        assert await session.scalar(select(func.count()).select_from(TextRow)) == 20 + 2 + 1 + 1 + 1
        calls = await Calls(session).read(record.run_id)
    assert [one.call for one in calls] == [call(turn, lines=lines[:turn]) for turn in range(1, 21)]


async def test_texts_stored_by_another_writer_are_found(stage: Stage) -> None:
    second = RecordWriter(stage.database)
    first_run, second_run = await stage.record(), await stage.record()
    other = RunRecord(second, second_run.run_id, second_run.fence)
    for turn in range(1, 6):
        for record in (first_run, other):
            record.note(call(turn, lines=(f"line {turn}", "the same line")))
        await asyncio.gather(first_run.commit([utterance(turn)]), other.commit([utterance(turn)]))
    await second.close()
    async with stage.database.read() as session:
        for record in (first_run, other):
            assert [one.call for one in await Calls(session).read(record.run_id)] == [
                call(turn, lines=(f"line {turn}", "the same line")) for turn in range(1, 6)]


STRANGE = "nul \x00, half a pair \ud83d, 😀, \u2028"


async def test_strange_characters_do_not_stop_a_run(stage: Stage) -> None:
    record = await stage.record()
    record.note(call(1, text=STRANGE, lines=(STRANGE,)))
    await record.commit([utterance(1, text=STRANGE)])
    [event] = await log(stage, record.run_id)
    assert "😀" in event.payload["text"]
    assert "\x00" in event.payload["text"], "events are JSON and hold any character"
    async with stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
    assert stored.call.reply is not None
    assert stored.call.reply.text == "nul \ufffd, half a pair ?, 😀, \u2028"


async def test_numbers_of_any_size_can_be_stored(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([RunCompleted(key="completed", turn=1, outcome={"big": 2**80, "list": [1.5, None]})])
    [event] = await log(stage, record.run_id)
    assert event.payload["outcome"]["list"] == [1.5, None]
    assert float(event.payload["outcome"]["big"]) == float(2**80)


# -- fencing --------------------------------------------------------------------


async def test_who_lost_the_run_cannot_write_to_it(stage: Stage) -> None:
    mine = await stage.record()
    await mine.commit([utterance(1)], progress(1))
    theirs = await stage.record(mine.run_id)
    bystander = await stage.record()
    mine.note(call(2))
    results = await asyncio.gather(mine.commit([utterance(2, text="mine")], progress(9)),
                                   theirs.commit([utterance(2, text="theirs")], progress(2)),
                                   bystander.commit([utterance(1)]), return_exceptions=True)
    assert isinstance(results[0], Fenced)
    assert results[1:] == [None, None]
    events = await log(stage, mine.run_id)
    assert [(event.seq, event.payload["text"]) for event in events] == [(1, "Well."), (2, "theirs")]
    async with stage.database.read() as session:
        assert (await Runs(session).get(mine.run_id)).turn == 2
        assert await Calls(session).read(mine.run_id) == []


async def test_a_deleted_run_takes_nothing(stage: Stage) -> None:
    record = await stage.record()
    async with stage.database.session() as session:
        await Runs(session).delete(record.run_id)
    with pytest.raises(Fenced):
        await record.commit([utterance(1)])


async def test_the_record_of_no_run_cannot_be_opened(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await RunRecord.open(stage.writer, stage.database, "run_000000000000", 1)


# -- what events do to the run's row --------------------------------------------------------------------


@pytest.mark.parametrize(("event", "status", "ended"), [
    (RunPaused(key="p", turn=1, reason="asked"), "paused", False),
    (RunWaiting(key="w", turn=1, role="mayor"), "waiting", False),
    (RunCompleted(key="c", turn=1, outcome={"end": "vote"}), "completed", True),
    (RunFailed(key="f", turn=1, error={"code": "model.timeout"}), "failed", True),
    (RunStopped(key="s", turn=1, reason="enough"), "stopped", True),
    (RunResumed(key="r", turn=1), "running", False),
])
async def test_events_of_a_runs_life_set_its_status(stage: Stage, event: AnyEvent, status: str, ended: bool) -> None:
    record = await stage.record()
    await record.commit([RunStarted(key="t0", turn=0, premise="Once", roles={"mayor": "Mayor"})])
    await record.commit([event])
    async with stage.database.read() as session:
        run = await Runs(session).get(record.run_id)
    assert run.status == status
    assert run.started_at is not None
    assert (run.ended_at is not None) is ended
    assert run.outcome == ({"end": "vote"} if status == "completed" else None)
    assert run.error == ({"code": "model.timeout"} if status == "failed" else None)


async def test_a_run_that_failed_and_goes_on_has_no_error_any_more(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([RunStarted(key="t0", turn=0, premise="Once", roles={})])
    await record.commit([RunFailed(key="f", turn=1, error={"code": "x"})])
    await record.commit([RunResumed(key="r", turn=1)])
    async with stage.database.read() as session:
        run = await Runs(session).get(record.run_id)
    assert (run.status, run.error, run.ended_at) == ("running", None, None)


async def test_measurements_have_rows_of_their_own(stage: Stage) -> None:
    record = await stage.record()
    scores: Sequence[Any] = [4, 3.5, "hostile", None]
    await record.commit([utterance(1), *(
        Measurement(key=f"m{number}", turn=1, source="observer", measure="tone", of="mayor", value=value,
                    rationale="said so", evidence=["t1.mayor"]) for number, value in enumerate(scores))])
    async with stage.database.read() as session:
        rows = await Measurements(session).read(record.run_id, measures=["tone"], of="mayor")
    assert [(row.seq, row.number, row.category) for row in rows] == [
        (2, 4.0, None), (3, 3.5, None), (4, None, "hostile"), (5, None, None)]
    assert rows[0].evidence == ["t1.mayor"]


async def test_a_commit_tells_what_others_want_of_the_run(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([utterance(1)])
    assert (record.desired, record.controls_waiting) == ("run", 0)
    async with stage.database.session() as session:
        await Runs(session).desire(record.run_id, "pause")
        await Controls(session).add(record.run_id, "inject", {"text": "rain"}, actor="ann")
    await record.commit([utterance(2)])
    assert (record.desired, record.controls_waiting) == ("pause", 1)


# -- many at once, and trouble --------------------------------------------------------------------


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
    monkeypatch.setattr("pyscrai.databases.recording.writer.RETRIES", (0.001,))

    def locked(self: SqliteSink, entries: Any, *, again: bool) -> Any:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteSink, "write", locked)
        for record in records:
            record.note(call(1))
        results = await asyncio.gather(*(record.commit([utterance(1)]) for record in records), return_exceptions=True)
    assert [getattr(result, "code", None) for result in results] == ["storage.unreachable"] * 3
    # What a failed commit held goes along with the next one.
    await records[0].commit([utterance(1)])
    async with sqlite_stage.database.read() as session:
        assert len(await Calls(session).read(records[0].run_id)) == 1


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
    from pyscrai.databases.session import Database

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
    from dataclasses import replace
    broken.note(replace(call(1), request=request))
    with pytest.raises(StorageError):
        await broken.commit([])
    record.note(call(1, lines=("another line",)))
    await record.commit([])
    async with sqlite_stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
    assert stored.call == call(1, lines=("another line",))
