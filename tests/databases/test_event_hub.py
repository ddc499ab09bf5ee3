"""One event that cannot be read or sent ends no stream but, at most, its own place in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from pyscrai.databases.api import event_hub
from pyscrai.databases.api.event_hub import Hub, Watcher
from pyscrai.databases.repositories.events import Events
from tests.databases.conftest import Stage, utterance


@pytest.fixture
async def hub(stage: Stage) -> AsyncIterator[Hub]:
    async with Hub(stage.database, stage.writer, lambda run_id, listener: None) as hub:
        yield hub


async def heard(watcher: Watcher, most: int) -> list[str]:
    """The keys of so many events that reach a watcher."""
    found: list[str] = []
    async with asyncio.timeout(10):
        while len(found) < most:
            await watcher.news.wait()
            watcher.news.clear()
            found += [bytes(chunk).split(b'"key":"')[1].split(b'"')[0].decode() for _, _, chunk in watcher.chunks]
            watcher.chunks.clear()
    return found


async def test_an_event_that_cannot_be_sent_is_passed_over(stage: Stage, hub: Hub, monkeypatch: pytest.MonkeyPatch
                                                           ) -> None:
    record = await stage.record()
    chunk = event_hub.event_chunk

    def poisoned(event: Any) -> bytes:
        if event.turn == 2:
            raise TypeError("str is not valid UTF-8: surrogates not allowed")
        return chunk(event)

    monkeypatch.setattr(event_hub, "event_chunk", poisoned)
    async with hub.watch(None) as watcher:
        watcher.lagging = False
        await record.commit([utterance(1), utterance(2), utterance(3)])
        assert await heard(watcher, 2) == ["t1.mayor", "t3.mayor"]


async def test_a_row_that_cannot_be_read_is_passed_over(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    record = await stage.record()
    async with Hub(stage.database, stage.writer, lambda run_id, listener: None) as hub, hub.watch(None) as watcher:
        watcher.lagging = False
        await record.commit([utterance(turn) for turn in range(1, 4)])
        assert len(await heard(watcher, 3)) == 3
        async with stage.database.session() as session:
            await session.execute(text("UPDATE events SET payload = '[1, 2' WHERE turn = 2"))
        hub._last -= 3  # as if another process had written them: they are read from the table
        hub._wake.set()
        assert await heard(watcher, 2) == ["t1.mayor", "t3.mayor"]


async def test_an_error_nobody_thought_of_does_not_end_the_loop(stage: Stage, hub: Hub, monkeypatch: pytest.MonkeyPatch
                                                                ) -> None:
    monkeypatch.setattr(event_hub, "LOOK", 0.01)
    record = await stage.record()
    since, failures = Events.since, iter([ZeroDivisionError(), MemoryError(), RecursionError()])

    async def broken(self: Events, *given: Any, **more: Any) -> Any:
        if (error := next(failures, None)) is not None:
            raise error
        return await since(self, *given, **more)

    async with hub.watch(None) as watcher:
        watcher.lagging = False
        monkeypatch.setattr(Events, "since", broken)
        monkeypatch.setattr(Events, "ids_since", broken)
        hub._last = -1  # a gap: it reads from the table
        await record.commit([utterance(1)])
        assert await heard(watcher, 1) == ["t1.mayor"]
