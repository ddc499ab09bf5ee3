"""A model's proposal waits for a person, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.serving import TALK, Serving


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
