"""A model's proposal waits for a person, over HTTP."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from pyscrai.engines.ports.model import ModelRequest
from tests.api.serving import TALK, Serving, serving


@pytest.mark.parametrize(("body", "said"), [
    ({"decision": "edit", "edited": {"text": "Softly."}}, ["Softly."]), ({"decision": "reject", "reason": "no"}, [])])
async def test_proposals_are_decided_over_http(server: Serving, body: Any, said: list[str]) -> None:
    roles: Any = {**TALK["roles"], "ann": {**TALK["roles"]["ann"], "approve": True}}  # type: ignore[index]
    await server.post("/templates", {"content": {**TALK, "name": "approved", "roles": roles}}, 201)
    run_id = (await server.post("/runs", {"template": "approved", "start": False}, 201))["run_id"]
    for _ in range(2):
        await server.post(f"/runs/{run_id}/step", None, 202)
        waiting = await server.settled(run_id)
    assert (waiting["status"], waiting["waiting"][0]["task"]) == ("waiting", "approve")
    await server.post(f"/runs/{run_id}/roles/ann/reply", body, 202, headers={"X-Actor": "kim"})
    assert (await server.settled(run_id))["status"] == "paused"
    events = (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"]
    assert [event["payload"]["text"] for event in events] == said


def rolls(request: ModelRequest) -> Any:
    """Ann's wish to roll once a turn."""
    if "use" not in (request.schema or {}).get("properties", {}):
        return None
    text = "".join(message.content for message in request.messages)
    decided = re.findall(r"\[Ann (?:uses|may not use) dice", text)
    done = len(decided) > text.count("\nAnn (privately): ")
    return {"use": None if done else {"tool": "dice", "arguments": {"count": 1, "sides": 6, "open": True}}}


async def test_the_use_of_a_tool_is_decided_over_http_and_at_a_seat(sqlite_url: str) -> None:
    roles: Any = {**TALK["roles"], "ann": {  # type: ignore[index]
        **TALK["roles"]["ann"], "human": "no", "secret": "canary-ann", "tools": ["dice"], "approve": "boss"},
        "boss": TALK["roles"]["bob"]}  # type: ignore[index]
    flow = {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "audience": ["ann", "bob"], "next": [
        {"to": "end", "after_rounds": 2}]}}}
    async with serving(sqlite_url, script=rolls) as server:
        await server.post("/templates", {"content": {**TALK, "name": "rolls", "roles": roles, "flow": flow}}, 201)
        run_id = (await server.post("/runs", {"template": "rolls", "people": {"boss": "kim"}}, 201))["run_id"]
        [asked] = (await server.settled(run_id))["waiting"]
        assert (asked["about"], asked["proposal"]["tool"]) == ("tool", "dice")
        where = f"/runs/{run_id}/roles/ann/reply"
        wrong = {"decision": "edit", "edited": {"arguments": {"count": 1, "sides": 0, "open": True}}}
        assert (await server.post(where, wrong, 422))["code"] == "run.answer"
        edited = {"count": 1, "sides": 20, "open": True}
        await server.post(where, {"decision": "edit", "edited": {"arguments": edited}}, 202, headers={"X-Actor": "kim"})
        [asked] = (await server.settled(run_id))["waiting"]
        assert asked["about"] == "speak"

        token = (await server.post(f"/runs/{run_id}/roles/boss/seat", {"person": "kim"}, 201))["token"]
        kim = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=server.client.base_url, timeout=30) as client:
            await client.post("/seat/reply", headers=kim, json={"decision": "accept"})
            await server.settled(run_id)
            view = (await client.get("/seat", headers=kim)).json()
            request = view["request"]
            assert (request["role"], request["about"], request["detail"]) == ("ann", "tool", "tool0")
            editable = request["schema"]["properties"]["edited"]["properties"]["arguments"]
            assert set(editable["properties"]) == set(edited)
            assert "canary-ann" not in json.dumps(view)
            body = {"decision": "reject", "reason": "no dice"}
            assert (await client.post("/seat/reply", headers=kim, json=body)).status_code == 204
            assert (await server.settled(run_id))["waiting"][0]["about"] == "speak"
            assert (await client.post("/seat/reply", headers=kim, json={"decision": "accept"})).status_code == 204
            assert (await server.settled(run_id))["status"] == "completed"
            lines = (await client.get("/seat/stream", headers=kim, params={"seconds": 0.2})).text
        events = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
        [called] = [event for event in events if event["kind"] == "tool_called"]
        assert called["payload"]["arguments"] == edited
        [refused] = [event for event in events if event["kind"] == "tool_refused"]
        assert (refused["payload"]["person"], refused["payload"]["reason"], refused["audience"]) == (
            "kim", "no dice", ["ann"])
        assert "no dice" not in lines, "the role alone is told"
        decisions = [(event["payload"]["actor"], event["payload"]["action"]) for event in events
                     if event["kind"] == "control" and "proposal" in event["payload"]["arguments"]]
        assert decisions == [("kim", "edit"), ("kim", "accept"), ("kim", "reject"), ("kim", "accept")]
        replayed = await server.post(f"/runs/{run_id}/replay", None, 200)
        assert replayed["same"], replayed
