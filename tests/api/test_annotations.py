"""Notes on events, over HTTP: kept, exported, gone with their run, and no part of the play."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from pyscrai.databases.tables import AnnotationRow
from pyscrai.services.run_seals import verify_run
from tests.api.serving import Serving


async def test_notes_are_kept_exported_and_removed(both: Serving) -> None:
    run_id = await both.run()
    await both.settled(run_id)
    before = await both.get(f"/runs/{run_id}")
    event = (await both.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"][1]
    made = await both.post(f"/runs/{run_id}/annotations", {
        "key": event["key"], "text": " Here the mood turns. ", "tags": ["turning", "turning", "mood"]}, 201,
        headers={"X-Actor": "kim"})
    assert (made["author"], made["text"], made["tags"]) == ("kim", "Here the mood turns.", ["turning", "mood"])
    other = await both.post(f"/runs/{run_id}/annotations", {"key": event["key"], "tags": ["odd"]}, 201)
    assert (await both.get(f"/runs/{run_id}/annotations"))["items"] == [made, other]
    assert await both.get(f"/runs/{run_id}") == before
    assert (await verify_run(both.services, run_id)).problems == ()
    document: Any = (await both.client.get(f"/runs/{run_id}/export", params={"format": "json"})).json()
    assert [note["text"] for note in document["annotations"]] == ["Here the mood turns.", ""]
    assert (await both.client.delete(f"/runs/{run_id}/annotations/{other['id']}")).status_code == 204
    assert (await both.client.delete(f"/runs/{run_id}/annotations/{other['id']}")).status_code == 404
    await both.client.delete(f"/runs/{run_id}")
    async with both.services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AnnotationRow)) == 0


async def test_what_cannot_be_noted_is_refused(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    key = (await server.get(f"/runs/{run_id}/events"))["items"][0]["key"]
    path = f"/runs/{run_id}/annotations"
    assert (await server.post(path, {"key": "nothing", "text": "x"}, 404))["cure"]
    assert (await server.post(path, {"key": key, "text": "  "}, 422))["code"] == "run.note"
    await server.post(path, {"key": key, "text": "x" * 4_001}, 422)
    await server.post("/runs/run_000000000000/annotations", {"key": key, "text": "x"}, 404)
    await server.get("/runs/run_000000000000/annotations", 404)
    elsewhere = await server.run()
    made = await server.post(path, {"key": key, "text": "x"}, 201)
    assert (await server.client.delete(f"/runs/{elsewhere}/annotations/{made['id']}")).status_code == 404


async def test_a_line_of_a_shared_past_is_noted_in_the_fork_alone(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    fork = (await server.post(f"/runs/{run_id}/fork", {"at_turn": 3}, 201))["run_id"]
    await server.settled(fork)
    line = (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"][0]
    await server.post(f"/runs/{fork}/annotations", {"key": line["key"], "text": "shared"}, 201)
    assert (await server.get(f"/runs/{run_id}/annotations"))["items"] == []
    assert len((await server.get(f"/runs/{fork}/annotations"))["items"]) == 1
