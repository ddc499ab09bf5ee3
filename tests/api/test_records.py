"""What runs recorded, over HTTP."""

from __future__ import annotations

import json
from typing import Any

from pyscrai.databases.repositories.events import Events
from pyscrai.exports.event_line import event_line, public_event
from tests.api.serving import TALK, Serving, read_stream


async def ended(server: Serving, **more: Any) -> str:
    run_id = await server.run(**more)
    assert (await server.settled(run_id))["status"] == "completed"
    return run_id


async def test_events_by_range_and_filter(both: Serving) -> None:
    run_id = await ended(both)
    path = f"/runs/{run_id}/events"
    everything = (await both.get(path))["items"]
    assert [event["seq"] for event in everything] == list(range(1, len(everything) + 1))
    first = await both.get(path, params={"limit": 4})
    second = await both.get(path, params={"limit": 1000, "after_seq": first["next"]})
    assert first["items"] + second["items"] == everything
    assert second["next"] is None
    newest = (await both.get(path, params={"limit": 2, "newest": True}))["items"]
    assert newest == everything[-2:]
    said = (await both.get(path, params={"kind": "utterance", "source": "ann", "from_turn": 2, "to_turn": 5}))["items"]
    assert [event["turn"] for event in said] == [3, 5]


async def test_runs_are_listed_by_page_and_filter(both: Serving) -> None:
    runs = [await both.run(start=False, tags=["x", f"n{number}"], name=f"r{number}") for number in range(5)]
    await both.post(f"/runs/{runs[0]}/start", None, 202)
    await both.settled(runs[0])
    first = await both.get("/runs", params={"limit": 2})
    second = await both.get("/runs", params={"limit": 2, "cursor": first["next"]})
    third = await both.get("/runs", params={"limit": 2, "cursor": second["next"]})
    assert [run["run_id"] for page in (first, second, third) for run in page["items"]] == runs[::-1]
    assert third["next"] is None

    async def found(**params: Any) -> list[str]:
        return [run["run_id"] for run in (await both.get("/runs", params=params))["items"]]

    assert await found(status="completed") == [runs[0]]
    assert await found(status=["completed", "pending"], tag="n1") == [runs[1]]
    assert await found(tag=["x", "n2"]) == [runs[2]]
    assert await found(template="talk", version="1.0.0") == runs[::-1]
    assert await found(template="other") == []
    assert await found(until="2020-01-01T00:00:00Z") == []
    assert await found(since="2020-01-01T00:00:00") == runs[::-1]
    counts = await both.get("/runs/counts")
    assert (counts["completed"], counts["pending"]) == (1, 4)


async def test_transcript_calls_and_states(server: Serving) -> None:
    run_id = await ended(server)
    lines = (await server.get(f"/runs/{run_id}/transcript"))["lines"]
    assert [line["tone"] for line in lines].count("speech") == 6
    calls = (await server.get(f"/runs/{run_id}/calls", params={"prompts": True}))["items"]
    assert len(calls) == 6
    assert "Two people talk." in json.dumps(calls[0]["messages"])
    bare = (await server.get(f"/runs/{run_id}/calls", params={"role": "bob"}))["items"]
    assert [call["turn"] for call in bare] == [2, 4, 6]
    assert bare[0]["messages"] is None
    one = await server.get(f"/runs/{run_id}/calls/{calls[2]['id']}")
    assert one["messages"] == calls[2]["messages"]
    other = await server.run(start=False)
    assert (await server.client.get(f"/runs/{other}/calls/{calls[2]['id']}")).status_code == 404
    state = await server.get(f"/runs/{run_id}/states/3")
    assert state["state"]["turn"] == 3
    assert [line["id"] for line in state["changed"]["messages"]["added"]] == ["t3"]
    assert state["changed"]["turn"] == {"before": 2, "after": 3}
    assert (await server.get(f"/runs/{run_id}/states/0"))["changed"] is None
    await server.get(f"/runs/{run_id}/states/7", 404)


async def test_what_a_role_knew(server: Serving) -> None:
    content = {**TALK, "name": "whispers", "variables": {
        "trust": {"type": "integer", "initial": 5, "visible_to": ["ann"]}}}
    content["roles"] = {**TALK["roles"], "eve": {**TALK["roles"]["ann"], "secret": "Eve knows."}}  # type: ignore[dict-item]
    content["flow"] = {"start": "talk", "phases": {"talk": {
        "speakers": ["ann", "bob", "eve"], "audience": ["ann", "bob"], "next": [{"to": "end", "when": "turn >= 6"}]}}}
    await server.post("/templates", {"content": content}, 201)
    run_id = await ended(server, template="whispers")

    async def heard(role: str, turn: int) -> list[str]:
        found = await server.get(f"/runs/{run_id}/roles/{role}/view", params={"turn": turn})
        return [event["key"] for event in found["events"] if event["kind"] == "utterance"]

    assert await heard("bob", 4) == ["t1", "t2", "t3", "t4"]
    assert await heard("eve", 4) == ["t3"]
    eve = await server.get(f"/runs/{run_id}/roles/eve/view")
    assert (eve["secret"], eve["variables"], eve["turn"]) == ("Eve knows.", {}, 6)
    assert (await server.get(f"/runs/{run_id}/roles/ann/view"))["variables"] == {"trust": 5}
    assert (await server.get(f"/runs/{run_id}/roles/zoe/view", 404))["code"] == "not_found"
    lines = (await server.get(f"/runs/{run_id}/transcript", params={"heard_by": "eve"}))["lines"]
    assert [line["turn"] for line in lines if line["tone"] == "speech"] == [3, 6]


async def test_interviews_leave_the_run_unchanged(both: Serving) -> None:
    run_id = await ended(both)
    before = [await both.get(f"/runs/{run_id}{path}") for path in ("/events", "/states/6", "/metrics")]
    for number in range(2):
        body = {"role": "ann", "question": f"What do you want? {number}", "turn": 2}
        answer = await both.post(f"/runs/{run_id}/interviews", body, 201)
        assert answer["turn"] == 2
        assert answer["answer"]
    prompt = "".join(part for message in both.model.requests[-1].messages for part in message.parts)
    assert "What do you want? 1" in prompt
    said = [event["payload"]["text"] for event in before[0]["items"] if event["kind"] == "utterance"]
    assert [text in prompt for text in said] == [True, True, False, False, False, False]
    assert [await both.get(f"/runs/{run_id}{path}") for path in ("/events", "/states/6", "/metrics")] == before
    asked = (await both.get(f"/runs/{run_id}/interviews"))["items"]
    assert [(call["turn"], call["ordinal"]) for call in asked] == [(2, 0), (2, 1)]
    assert (await both.post(f"/runs/{run_id}/replay", None, 200))["same"] is True
    unknown = await both.post(f"/runs/{run_id}/interviews", {"role": "zoe", "question": "?"}, 404)
    assert unknown["code"] == "not_found"


async def test_metrics_and_exports(server: Serving) -> None:
    run_id = await ended(server)
    metrics = (await server.get(f"/runs/{run_id}/metrics"))["metrics"]
    assert (metrics["run"]["turns"], metrics["ann"]["turns"], metrics["run"]["calls"]) == (6, 3, 6)
    for name, begins in (("json", "{"), ("jsonl", "{"), ("markdown", "#"), ("html", "<!")):
        answer = await server.client.get(f"/runs/{run_id}/export", params={"format": name})
        assert answer.status_code == 200
        assert answer.text.lstrip().lower().startswith(begins)
        assert run_id in answer.headers["content-disposition"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    table = await server.client.get(f"/runs/{run_id}/export", params={"format": "parquet"})
    assert table.content.startswith(b"PAR1")
    rows = await server.client.get(f"/runs/{run_id}/export", params={"format": "csv"})
    assert rows.text.startswith('"run_id","seq"')
    chats = (await server.client.get(f"/runs/{run_id}/export", params={"format": "chat"})).text.splitlines()
    assert [json.loads(chat)["messages"][0]["role"] for chat in chats] == ["system"] * 2
    log = await server.client.get(f"/runs/{run_id}/export", params={"format": "inspect"})
    assert (log.content[:2], log.headers["content-type"]) == (b"PK", "application/vnd.inspect.eval+zip")
    assert f"{run_id}.eval" in log.headers["content-disposition"]
    await server.get(f"/runs/{run_id}/report", 404)
    assert (await server.get(f"/runs/{run_id}/measurements"))["items"] == []


async def test_exports_escape_what_models_write(server: Serving) -> None:
    server.model._function = lambda request: "<script>alert(1)</script> [x](javascript:alert(1))"
    run_id = await ended(server)
    page = (await server.client.get(f"/runs/{run_id}/export", params={"format": "html"})).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_a_run_is_measured_again(server: Serving) -> None:
    run_id = await ended(server)
    refused = await server.post(f"/runs/{run_id}/measure", {}, 422)
    assert refused["code"] == "run.no_analysis"
    eye = {"agent": {"engine": "analyst", "personality": {"role": "an observer"}, "model": "gate"}}
    await server.post("/templates", {"content": {**TALK, "name": "measured", "roles": {**TALK["roles"], "eye": eye},
                                                 "analysis": {"by": "eye", "report": False, "measures": [
                                                     {"name": "calm", "scale": [1, 5], "rubric": "How calm."}]}}}, 201)
    measured = await ended(server, template="measured")
    assert (await server.post(f"/runs/{measured}/measure", {}, 200))["measurements"] == []
    again = await server.post(f"/runs/{measured}/measure", {"measures": ["calm"]}, 200)
    assert [(item["measure"], item["of"]) for item in again["measurements"]] == [("calm", None)]
    assert again["missing"] == []
    assert again["report"] is None
    assert len((await server.get(f"/runs/{measured}/measurements"))["items"]) == 2
    await server.post(f"/runs/{measured}/measure", {"measures": ["none"]}, 422)


async def test_the_fleet_is_seen_and_shares_are_treated(server: Serving) -> None:
    assert (await server.client.get("/health/live")).status_code == 204
    assert (await server.client.get("/health/ready")).status_code == 204
    await server.post("/runs", {"template": "talk", "seed": 1, "start": False}, 201)
    changed = await server.client.put("/fleet/shares/ann", json={"weight": 2.5, "held": True})
    assert changed.json() == {"share": "ann", "waiting": 0, "playing": 0, "weight": 2.5, "priority": 0, "held": True,
                              "budget_usd": None, "spent_usd": 0.0}
    fleet = await server.get("/fleet")
    assert [(worker["kind"], worker["capacity"]) for worker in fleet["workers"]] == [("serve", 500)]
    assert fleet["shares"][0]["held"] is True
    assert (await server.client.put("/fleet/shares/ann", json={"weight": 0})).status_code == 422


async def test_an_event_has_one_public_form(server: Serving) -> None:
    """The same JSON from the log, from its stream and from exports."""
    run_id = await server.run()
    await server.settled(run_id)
    listed = (await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    streamed = await read_stream(server.client, f"/runs/{run_id}/stream")
    assert [{name: value for name, value in event.items() if not name.startswith("sse_")}
            for event in streamed] == listed
    exported = (await server.client.get(f"/runs/{run_id}/export", params={"format": "json"})).json()
    assert exported["events"] == listed
    async with server.services.database.read() as session:
        stored = await Events(session).read(run_id)
    assert [public_event(event_line(event)) for event in stored] == [event.as_dict() for event in stored] == listed
