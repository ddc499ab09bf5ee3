"""Server-sent events: each event once and in order, whatever happens to the connection or the other end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from pyscrai.databases.api import event_hub as hubs
from pyscrai.databases.api.event_hub import Hub
from pyscrai.databases.api.event_stream import follow
from pyscrai.databases.database import Database
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.errors import StorageError
from pyscrai.factories.services import open_services
from pyscrai.services.outside_events import note_events
from tests.api.serving import Serving, read_stream, serving


async def test_a_stream_has_every_event_once_and_ends_with_the_run(both: Serving) -> None:
    both.model.gate.clear()
    run_id = await both.run()
    reading = asyncio.create_task(read_stream(both.client, f"/runs/{run_id}/stream"))
    await both.asked()
    both.model.gate.set()
    async with asyncio.timeout(20):
        found = await reading
    logged = (await both.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    assert [event["id"] for event in found] == [event["id"] for event in logged]
    assert [event["sse_id"] for event in found] == [str(event["id"]) for event in logged]
    assert [event["sse_event"] for event in found] == [event["kind"] for event in logged]
    assert found[-1]["kind"] == "run_completed"


async def test_reconnecting_misses_nothing_and_repeats_nothing(server: Serving) -> None:
    server.model.gate.clear()
    run_id = await server.run()
    found: list[dict[str, Any]] = []
    for turns in (1, 2, 1, 2):
        server.model.let(turns)
        last = found[-1]["id"] if found else None
        async with asyncio.timeout(20):
            found += await read_stream(server.client, f"/runs/{run_id}/stream", last=last, most=2)
    server.model.gate.set()
    async with asyncio.timeout(20):
        found += await read_stream(server.client, f"/runs/{run_id}/stream", last=found[-1]["id"])
    logged = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    assert [event["id"] for event in found] == [event["id"] for event in logged]
    done = await server.client.get(f"/runs/{run_id}/stream", headers={"Last-Event-ID": str(found[-1]["id"])})
    assert done.status_code == 204, "a browser stays away when nothing is left"


async def test_across_a_restart(database_url: str) -> None:
    async with serving(database_url) as first:
        first.model.gate.clear()
        run_id = await first.run()
        first.model.let(2)
        async with asyncio.timeout(20):
            found = await read_stream(first.client, f"/runs/{run_id}/stream", most=3)
    async with serving(database_url) as second, asyncio.timeout(20):
        found += await read_stream(second.client, f"/runs/{run_id}/stream", last=found[-1]["id"])
        logged = (await second.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    assert [event["id"] for event in found] == [event["id"] for event in logged]
    kinds = [event["kind"] for event in found]
    assert kinds.count("utterance") == 6
    assert kinds[-1] == "run_completed"
    assert "run_resumed" in kinds


async def test_a_fork_streams_its_shared_past_first(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    fork = (await server.post(f"/runs/{run_id}/fork", {"at_turn": 3}, 201))["run_id"]
    async with asyncio.timeout(20):
        found = await read_stream(server.client, f"/runs/{fork}/stream")
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    assert {event["run_id"] for event in found} == {run_id, fork}


async def test_the_stream_of_all_runs(server: Serving) -> None:
    reading = asyncio.create_task(read_stream(server.client, "/stream", most=20, after=0))
    runs = [await server.run() for _ in range(2)]
    for run_id in runs:
        await server.settled(run_id)
    async with asyncio.timeout(20):
        found = await reading if not reading.done() else reading.result()
    assert {event["run_id"] for event in found} == set(runs)
    assert [event["id"] for event in found] == sorted({event["id"] for event in found})


async def test_tokens_come_beside_the_events_and_only_while_someone_listens(server: Serving) -> None:
    server.model.gate.clear()
    run_id = await server.run()
    await server.asked()
    reading = asyncio.create_task(read_stream(server.client, f"/runs/{run_id}/stream", tokens=True))
    await _until(lambda: server.context.hub.watching == 1)
    server.model.gate.set()
    async with asyncio.timeout(20):
        found = await reading
    tokens = [event for event in found if event["sse_event"] == "token"]
    assert tokens
    assert all(event["sse_id"] is None for event in tokens)
    said = {event["turn"]: event["payload"]["text"] for event in found if event["sse_event"] == "utterance"}
    for turn in {event["turn"] for event in tokens}:
        assert "".join(event["text"] for event in tokens if event["turn"] == turn) == said[turn]
    assert len(server.context.manager.listeners) == 0, "streaming is asked for only while someone listens"


async def test_bad_ids_are_refused(server: Serving) -> None:
    run_id = await server.run(start=False)
    for given in ("x", "-1", str(2**70)):
        answer = await server.client.get(f"/runs/{run_id}/stream", headers={"Last-Event-ID": given})
        assert answer.status_code == 422
    assert (await server.client.get("/runs/run_000000000000/stream")).status_code == 404


async def test_events_of_another_process_are_seen(database_url: str) -> None:
    async with serving(database_url) as server:
        run_id = await server.run(start=False)
        reading = asyncio.create_task(read_stream(server.client, f"/runs/{run_id}/stream", most=2))
        settings = server.services.settings
        async with open_services(settings, library=False) as elsewhere, asyncio.timeout(20):
            from pyscrai.events import Control

            for number in range(2):
                await note_events(elsewhere, run_id, [Control(key=f"c{number}", turn=0, action="look", actor="kim")])
            found = await reading
    assert [event["key"] for event in found] == ["c0", "c1"]


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for what only the other end of a connection knows."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# -- the hub, without a network ---------------------------------------------------------------------------------------


def _event(number: int, run_id: str = "run_a") -> StoredEvent:
    return StoredEvent(number, run_id, number, f"k{number}", "utterance", number, "", "ann", "all", {"text": "x" * 50},
                       datetime.now(UTC))


class Log:
    """A log in memory that a hub and its watchers read."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []

    async def read(self, after: int) -> Sequence[StoredEvent]:
        await asyncio.sleep(0)
        return [event for event in self.events if event.id > after][:10]


@pytest.fixture
async def hub(sqlite_database: Database) -> AsyncIterator[Hub]:
    writer = RecordWriter(sqlite_database)
    async with Hub(sqlite_database, writer, lambda run_id, listener: None) as hub:
        yield hub
    await writer.close()


async def test_a_slow_watcher_loses_its_queue_and_nothing_else(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "QUEUE", 5)
    log = Log()
    stream = follow(hub, "run_a", 0, log.read)
    assert await anext(stream) == b"retry: 1000\n\n"
    seen: list[int] = []

    def take(piece: bytes) -> None:
        seen.extend(int(line[4:]) for line in piece.split(b"\n") if line.startswith(b"id: "))

    log.events.append(_event(1))
    take(await anext(stream))
    for number in range(2, 60):
        log.events.append(_event(number))
        hub._publish(_event(number))
        if number % 25 == 0:
            take(await anext(stream))
    async with asyncio.timeout(30):
        while seen[-1] < 59:
            take(await anext(stream))
    assert seen == list(range(1, 60))
    await stream.aclose()  # type: ignore[attr-defined]


async def test_many_streams_get_larger_pieces_less_often(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "CROWD", 3)
    async with hub.watch(None), hub.watch(None):
        assert hub.pause == 0.0
        async with hub.watch(None):
            assert 0.0 < hub.pause < 0.01
    hub._watchers[None] = {hubs.Watcher(None) for _ in range(5_000)}
    assert hub.pause == 1.0
    hub._watchers.clear()


async def test_a_watcher_that_goes_is_forgotten(server: Serving) -> None:
    run_id = await server.run(start=False)
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as client, client.stream(
            "GET", f"/runs/{run_id}/stream") as answer:
        await anext(answer.aiter_bytes())
        assert server.context.hub.watching == 1
    await _until(lambda: server.context.hub.watching == 0)


async def test_gaps_are_filled_from_the_table(server: Serving) -> None:
    """An event of another process may have a smaller id than one of ours that is heard of before it."""
    hub = server.context.hub
    run_id = await server.run(start=False)
    async with open_services(server.services.settings, library=False) as elsewhere:
        from pyscrai.events import Control

        async with hub.watch(None) as watcher:
            watcher.lagging = False
            await note_events(elsewhere, run_id, [Control(key="theirs", turn=0, action="look", actor="kim")])
            await note_events(server.services, run_id, [Control(key="ours", turn=0, action="look", actor="kim")])
            async with asyncio.timeout(20):
                while len(watcher.chunks) < 2:
                    await watcher.news.wait()
                    watcher.news.clear()
            ids = [number for number, _, _ in watcher.chunks]
    async with server.services.database.read() as session:
        assert ids == [event.id for event in await Events(session).read(run_id)]


async def test_a_stream_that_storage_cuts_off_ends_and_can_be_gone_on_with(
        server: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    logged = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]

    async def away(*_: Any, **__: Any) -> Any:
        raise StorageError("the database is away", code="storage.unreachable")

    for path, cut in ((f"/runs/{run_id}/stream", "read"), ("/stream", "since")):
        with monkeypatch.context() as storage:
            storage.setattr(Events, cut, away)
            async with asyncio.timeout(10):
                assert await read_stream(server.client, path, stay=True) == []
        found = await read_stream(server.client, path, last=logged[0]["id"], most=2, stay=True)
        assert [event["id"] for event in found] == [event["id"] for event in logged[1:3]]
    told = "".join(capsys.readouterr())
    assert told.count("api.stream_ended") == 2
    assert "Traceback" not in told
