from __future__ import annotations

import asyncio

import pytest

from pyscrai.databases.database import Database
from pyscrai.databases.recording.run_inbox import RunInbox
from pyscrai.databases.repositories.controls import Controls
from pyscrai.errors import NotFound
from tests.databases.conftest import Stage, utterance


async def put(stage: Stage, run_id: str, text: str) -> None:
    async with stage.database.session() as session:
        await Controls(session).add(run_id, "inject", {"text": text}, actor="ann")


async def taken(inbox: RunInbox, turn: int) -> list[str]:
    return [command["payload"]["text"] for command in await inbox.take(turn)]


async def test_a_command_goes_to_the_next_turn_and_stays_with_it(stage: Stage) -> None:
    record = await stage.record()
    inbox = await stage.inbox(record)
    assert await inbox.take(1) == ()
    await put(stage, record.run_id, "rain")
    await put(stage, record.run_id, "snow")
    await record.commit([utterance(1)])
    assert record.controls_waiting == 2
    [first, _] = await inbox.take(2)
    assert (first["kind"], first["actor"], first["payload"]) == ("inject", "ann", {"text": "rain"})
    assert await inbox.take(3) == ()
    await put(stage, record.run_id, "hail")
    # The process dies and the turn is played again.
    again = await stage.record(record.run_id)
    inbox = await stage.inbox(again)
    assert await taken(inbox, 2) == ["rain", "snow", "hail"]
    assert await taken(inbox, 2) == ["rain", "snow", "hail"]
    async with stage.database.read() as session:
        assert [control.turn for control in await Controls(session).list(record.run_id)] == [2, 2, 2]


async def test_a_turn_for_which_nothing_waits_does_not_ask_the_database(stage: Stage, monkeypatch: pytest.MonkeyPatch
                                                                        ) -> None:
    record = await stage.record()
    inbox = await stage.inbox(record)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "session", lambda self: pytest.fail("asked"))
        assert await inbox.take(1) == ()
    await put(stage, record.run_id, "rain")
    await record.commit([utterance(1)])
    assert await taken(inbox, 2) == ["rain"]


async def test_commands_that_come_while_others_are_taken_are_not_lost(stage: Stage) -> None:
    record = await stage.record()
    inbox = await stage.inbox(record)

    async def put_all() -> None:
        for number in range(20):
            await put(stage, record.run_id, str(number))

    async def take_all() -> list[str]:
        found: list[str] = []
        for turn in range(1, 200):
            await record.commit([utterance(turn)])
            found += await taken(inbox, turn)
            if len(found) == 20:
                break
        return found

    _, found = await asyncio.gather(put_all(), take_all())
    rest = await stage.record(record.run_id)
    found += [] if len(found) == 20 else await taken(await stage.inbox(rest), 1000)
    assert found == [str(number) for number in range(20)]


async def test_a_command_for_no_run_is_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await put(stage, "run_000000000000", "rain")
