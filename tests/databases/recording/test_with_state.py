"""What happened in a turn and the state that came of it are one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from sqlalchemy import text, update

from pyscrai.databases import linger
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.recording.run_record import RunRecord
from pyscrai.databases.tables import RunRow
from pyscrai.errors import Fenced, StorageError
from pyscrai.events import RunFailed
from tests.databases.conftest import Stage, call, log, progress, utterance


class Turns:
    """A run whose turns are stored as the graph's nodes and LangGraph do it."""

    def __init__(self, stage: Stage, checkpoints: Checkpoints, record: RunRecord, saver: Any) -> None:
        self.stage, self.checkpoints, self.record, self.saver = stage, checkpoints, record, saver
        self.config: Any = {"configurable": {"thread_id": record.run_id, "checkpoint_ns": ""}}

    async def hand_over(self, turn: int, **fields: Any) -> None:
        self.record.note(call(turn))
        await self.record.commit([utterance(turn, key=f"t{turn}", **fields)], progress(turn), with_state=True)
        await self.saver.aput_writes({"configurable": {**self.config["configurable"], "checkpoint_id": "0"}},
                                     [("messages", f"line {turn}"), ("turn", turn)], f"task {turn}")

    async def put(self, name: str) -> None:
        self.config = await self.saver.aput(self.config, {**empty_checkpoint(), "id": name}, {}, {})

    async def durable(self) -> tuple[list[str], list[str], list[str]]:
        """The keys of the log, the checkpoints, and the channels of which writes are stored."""
        keys = [event.key for event in await log(self.stage, self.record.run_id)]
        async with self.stage.database.read() as session:
            states = list(await session.scalars(text("SELECT checkpoint_id FROM checkpoints ORDER BY 1")))
            writes = list(await session.scalars(text(
                f"SELECT channel FROM {self.stage.database.dialect.writes_table} ORDER BY 1")))
        return keys, states, writes


@pytest.fixture
async def turns(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Turns]:
    monkeypatch.setattr(linger, "MOMENT", 60.0)
    checkpoints = Checkpoints(stage.database)
    record, saver = await stage.record(), await checkpoints.saver()
    saver.hold_writes(["messages"], record)  # type: ignore[attr-defined]
    yield Turns(stage, checkpoints, record, saver)
    await checkpoints.close()


async def test_a_turn_and_its_state_are_durable_at_once(turns: Turns) -> None:
    told: list[str] = []
    turns.stage.writer.subscribe(lambda run, events: told.extend(event.key for event in events))
    await turns.hand_over(1)
    assert (await turns.durable(), told) == (([], [], []), [])
    await turns.put("1")
    assert await turns.durable() == (["t1"], ["1"], ["messages"])
    assert told == ["t1"]
    async with turns.stage.database.read() as session:
        run = await session.get_one(RunRow, turns.record.run_id)
    assert (run.turn, run.last_seq) == (1, 1)


async def test_turns_at_the_same_time_are_one_step(turns: Turns) -> None:
    await turns.hand_over(1)
    await turns.hand_over(2)
    await turns.put("1")
    assert await turns.durable() == (["t1", "t2"], ["1"], ["messages", "messages"])


async def test_a_turn_whose_state_is_long_in_coming_is_stored_alone(turns: Turns, monkeypatch: pytest.MonkeyPatch
                                                                    ) -> None:
    monkeypatch.setattr(linger, "MOMENT", 0.01)
    await turns.hand_over(1)
    async with asyncio.timeout(30):
        while await turns.durable() == ([], [], []):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await turns.durable() == (["t1"], [], ["messages", "turn"])
    monkeypatch.setattr(linger, "MOMENT", 60.0)
    await turns.hand_over(2)
    await turns.put("1")
    assert await turns.durable() == (["t1", "t2"], ["1"], ["messages", "messages", "turn"])


async def test_an_event_that_goes_with_no_state_takes_along_what_waits_for_one(turns: Turns) -> None:
    await turns.hand_over(1)
    await turns.record.commit([utterance(2, key="t2")])
    assert (await turns.durable())[0] == ["t1", "t2"]
    await turns.put("1")
    assert await turns.durable() == (["t1", "t2"], ["1"], ["messages"])


async def test_who_lost_the_run_stores_neither_events_nor_state(turns: Turns) -> None:
    await turns.hand_over(1)
    async with turns.stage.database.session() as session:
        await session.execute(update(RunRow).values(fence=RunRow.fence + 1))
    with pytest.raises(Fenced):
        await turns.put("1")
    await asyncio.sleep(0.1)
    assert await turns.durable() == ([], [], [])


async def test_a_turn_that_is_refused_leaves_no_state_and_the_run_can_fail(turns: Turns) -> None:
    turns.record.note(call(1, seed=2**70, ordinal=1))
    await turns.hand_over(1)
    with pytest.raises(StorageError):
        await turns.put("1")
    await asyncio.sleep(0.1)
    assert await turns.durable() == ([], [], [])
    turns.record._unwritten.clear()
    await turns.record.commit([RunFailed(key="failed", turn=0, error={"code": "storage.refused"})])
    assert await turns.durable() == (["failed"], [], [])


async def test_a_turn_that_could_not_be_stored_for_a_while_is_stored_with_the_next(
        turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, tries = turns.record._submit, []

    def away_at_first(*given: Any) -> Any:
        if given[1:]:   # else it is a call by itself
            tries.append(1)
        if len(tries) == 1:
            raise StorageError("the disk is full", code="storage.full")
        return submit(*given)

    monkeypatch.setattr(turns.record, "_submit", away_at_first)
    await turns.hand_over(1)
    await turns.put("1")
    assert len(tries) == 2
    assert await turns.durable() == (["t1"], ["1"], ["messages"])
