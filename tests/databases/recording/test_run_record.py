from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from pyscrai.databases import linger
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import TextRow
from pyscrai.engines.ports.record import CallKey
from pyscrai.errors import Fenced
from pyscrai.events import (
    RunCompleted,
)
from tests.databases.conftest import Play, Stage, call, log, progress, utterance


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


async def test_a_run_that_plays_long_keeps_few_calls_in_memory(stage: Stage, play: Play) -> None:
    record = await play(60)
    kept = [turn for turn in range(1, 61) for role in ("mayor", "engineer")
            if record.recall(CallKey(turn, role, "speak", 0))]
    assert kept[-1] == 60
    assert len(kept) < 12


async def test_a_call_is_durable_soon_even_if_its_turn_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "MOMENT", 0.01)
    record = await stage.record()
    record.note(call(1))
    async with asyncio.timeout(30):
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
    assert event.payload["text"] == "nul \ufffd, half a pair \ufffd, 😀, \u2028"
    async with stage.database.read() as session:
        [stored] = await Calls(session).read(record.run_id)
    assert stored.call.reply is not None
    assert stored.call.reply.text == "nul \ufffd, half a pair \ufffd, 😀, \u2028"


async def test_numbers_of_any_size_can_be_stored(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([RunCompleted(key="completed", turn=1, outcome={"big": 2**80, "list": [1.5, None]})])
    [event] = await log(stage, record.run_id)
    assert event.payload["outcome"]["list"] == [1.5, None]
    assert float(event.payload["outcome"]["big"]) == float(2**80)


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
    assert list(results[1:]) == [None, None]
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
