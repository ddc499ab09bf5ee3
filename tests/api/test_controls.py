"""What may be asked of runs, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.serving import Serving


async def test_a_run_is_made_once_for_a_key(both: Serving) -> None:
    body = {"template": "talk", "seed": 3, "start": False}
    first = await both.post("/runs", body, 201, headers={"Idempotency-Key": "k1"})
    again = await both.client.post("/runs", json=body, headers={"Idempotency-Key": "k1"})
    assert again.json()["run_id"] == first["run_id"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await both.post("/runs", {**body, "seed": 4}, 422, headers={"Idempotency-Key": "k1"})
    assert other["code"] == "idempotency.reused"
    assert first["status"] == "pending"
    assert first["desired"] == "none"
    assert (await both.get("/runs"))["items"][0]["run_id"] == first["run_id"]


async def test_start_play_and_end(both: Serving) -> None:
    run_id = await both.run(start=False)
    accepted = await both.post(f"/runs/{run_id}/start", {"reason": "go"}, 202, headers={"X-Actor": "ann lee"})
    assert (accepted["actor"], accepted["desired"]) == ("ann lee", "run")
    done = await both.settled(run_id)
    assert (done["status"], done["turn"], done["live"]) == ("completed", 6, False)
    events = (await both.get(f"/runs/{run_id}/events", params={"kind": "control"}))["items"]
    assert [(event["source"], event["payload"]["action"], event["payload"]["arguments"]) for event in events] == [
        ("ann lee", "start", {"reason": "go"})]


async def test_pause_takes_effect_within_a_turn_and_resume_goes_on(both: Serving) -> None:
    both.model.gate.clear()
    run_id = await both.run()
    await both.asked()
    await both.post(f"/runs/{run_id}/pause", None, 202)
    both.model.gate.set()
    paused = await both.settled(run_id)
    assert (paused["status"], paused["desired"], paused["turn"]) == ("paused", "pause", 1)
    await both.post(f"/runs/{run_id}/resume", None, 202)
    assert (await both.settled(run_id))["status"] == "completed"
    assert (await both.kinds(run_id)).count("utterance") == 6


async def test_step_by_step(server: Serving) -> None:
    run_id = await server.run(start=False)
    for turn in (0, 1, 2):
        await server.post(f"/runs/{run_id}/step", None, 202)
        stepped = await server.settled(run_id)
        assert (stepped["status"], stepped["turn"]) == ("paused", turn)
    assert stepped["speakers"] == ["ann"]


@pytest.mark.parametrize("action", ["stop", "cancel"])
async def test_end_a_run(server: Serving, action: str) -> None:
    server.model.gate.clear()
    run_id = await server.run()
    await server.asked()
    await server.post(f"/runs/{run_id}/{action}", None, 202)
    if action == "stop":
        server.model.gate.set()
    ended = await server.settled(run_id)
    assert (ended["status"], ended["turn"]) == ("stopped", 1 if action == "stop" else 0)
    refused = await server.post(f"/runs/{run_id}/resume", None, 409)
    assert refused["code"] == "run.wrong_state"
    assert "fork" in refused["cure"]


async def test_what_does_not_fit_says_what_does(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    for action in ("start", "pause", "resume", "step", "stop", "cancel"):
        refused = await server.post(f"/runs/{run_id}/{action}", None, 409)
        assert refused["cure"] == "what fits: fork, regenerate, replay, delete"
    assert (await server.post(f"/runs/{run_id}/inject", {"text": "x"}, 409))["status"] == 409
    assert (await server.post(f"/runs/{run_id}/roles/ann/take-over", None, 409))["action"] == "take-over"
    assert (await server.post("/runs/run_000000000000/pause", None, 404))["code"] == "not_found"


async def test_an_inject_is_taken_by_the_next_turn(both: Serving) -> None:
    both.model.gate.clear()
    run_id = await both.run()
    await both.asked()
    both.model.asked.clear()
    body = {"text": "The lights go out.", "audience": ["bob"], "label": "dark", "set": {"trust": 2}}
    accepted = await both.post(f"/runs/{run_id}/inject", body, 202, headers={"X-Actor": "kim", "Idempotency-Key": "i"})
    again = await both.post(f"/runs/{run_id}/inject", body, 202, headers={"X-Actor": "kim", "Idempotency-Key": "i"})
    assert accepted == again
    both.model.gate.set()
    done = await both.settled(run_id)
    assert done["variables"] == {"trust": 2}
    events = (await both.get(f"/runs/{run_id}/events"))["items"]
    inject = next(event for event in events if event["kind"] == "inject")
    assert (inject["audience"], inject["payload"]["origin"]) == (["bob"], "kim")
    assert sum(event["kind"] == "inject" for event in events) == 1
    control = next(event for event in events if event["kind"] == "control")
    assert (control["source"], control["payload"]["action"]) == ("kim", "inject")
    prompts = ["".join(part for message in request.messages for part in message.parts)
               for request in both.model.requests]
    heard = [index for index, prompt in enumerate(prompts) if "The lights go out." in prompt]
    assert heard
    assert all(index % 2 for index in heard), "ann must not hear what is for bob"


@pytest.mark.parametrize(("body", "code"), [
    ({"text": "x", "audience": ["nobody"]}, "run.unknown_role"),
    ({"text": "x", "set": {"mood": 1}}, "run.unknown_variable"),
    ({"text": "x", "set": {"trust": 99}}, "run.bad_variable"), ({"text": ""}, "request.invalid"),
    ({"text": "x", "more": 1}, "request.invalid")])
async def test_injects_are_checked(server: Serving, body: Any, code: str) -> None:
    run_id = await server.run(start=False)
    assert (await server.post(f"/runs/{run_id}/inject", body, 422))["code"] == code


async def test_a_person_takes_a_role_over_answers_and_hands_it_back(both: Serving) -> None:
    run_id = await both.run(start=False)
    await both.post(f"/runs/{run_id}/roles/ann/take-over", None, 202, headers={"X-Actor": "kim"})
    await both.post(f"/runs/{run_id}/start", None, 202)
    waiting = await both.settled(run_id)
    assert (waiting["status"], waiting["desired"], waiting["turn"]) == ("waiting", "wait", 0)
    assert waiting["waiting"][0]["role"] == "ann"
    assert {member["role"]: member["played_by"] for member in waiting["cast"]} == {"ann": "kim", "bob": "model"}
    wrong = await both.post(f"/runs/{run_id}/roles/ann/reply", {"text": "x", "to": "bob"}, 422)
    assert wrong["code"] == "run.answer"
    assert (await both.post(f"/runs/{run_id}/roles/bob/reply", {"text": "x"}, 409))["code"] == "run.wrong_state"
    await both.post(f"/runs/{run_id}/roles/ann/reply", {"text": "Here I am."}, 202, headers={"X-Actor": "kim"})
    second = await both.settled(run_id)
    assert (second["status"], second["turn"]) == ("waiting", 2)
    await both.post(f"/runs/{run_id}/roles/ann/release", None, 202, headers={"X-Actor": "kim"})
    done = await both.settled(run_id)
    assert done["status"] == "completed"
    said = [(event["source"], event["payload"]["played_by"]) for event in (
        await both.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"]]
    assert said == [("ann", "kim"), ("bob", "model"), ("ann", "model"), ("bob", "model"), ("ann", "model"),
                    ("bob", "model")]
    actions = [event["payload"]["action"] for event in (
        await both.get(f"/runs/{run_id}/events", params={"kind": "control"}))["items"]]
    assert sorted(actions) == ["release", "reply", "start", "take_over"]


async def test_a_waiting_run_can_be_paused_and_resumed(server: Serving) -> None:
    run_id = await server.run(people={"bob": "kim"})
    assert (await server.settled(run_id))["status"] == "waiting"
    await server.post(f"/runs/{run_id}/pause", None, 202)
    assert (await server.settled(run_id))["status"] == "paused"
    assert (await server.post(f"/runs/{run_id}/roles/bob/reply", {"text": "x"}, 409))["code"] == "run.wrong_state"
    await server.post(f"/runs/{run_id}/resume", None, 202)
    assert (await server.settled(run_id))["status"] == "waiting"


async def test_fork_with_edits_leaves_the_original_as_it_is(both: Serving) -> None:
    run_id = await both.run()
    await both.settled(run_id)
    before = (await both.get(f"/runs/{run_id}/events"))["items"]
    calls = len(both.model.requests)
    fork = await both.post(f"/runs/{run_id}/fork", {"at_turn": 4, "name": "what if", "tags": ["if"], "edits": {
        "variables": {"trust": 1}, "injects": [{"text": "A knock."}], "seed": 9,
        "message": {"key": "t2", "text": "I never said that."}}}, 201)
    child = await both.settled(fork["run_id"])
    assert (child["status"], child["turn"], child["parent_run_id"], child["fork_turn"]) == ("completed", 6, run_id, 4)
    assert child["variables"] == {"trust": 1}
    assert len(both.model.requests) == calls + 2, "the shared past is not paid again"
    prompt = "".join(part for message in both.model.requests[-1].messages for part in message.parts)
    assert "I never said that." in prompt
    assert "A knock." in prompt
    assert (await both.get(f"/runs/{run_id}/events"))["items"] == before
    events = (await both.get(f"/runs/{fork['run_id']}/events"))["items"]
    assert [event["id"] for event in events if event["run_id"] == run_id] == [
        event["id"] for event in before if event["turn"] <= 4]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert next(event for event in events if event["key"] == "t2")["payload"]["text"] == "I never said that."
    refused = await both.post(f"/runs/{run_id}", None, 405)
    assert refused["code"] == "route.method"
    assert (await both.client.delete(f"/runs/{run_id}")).json()["code"] == "run.has_forks"
    assert (await both.client.delete(f"/runs/{fork['run_id']}")).status_code == 204
    assert (await both.client.delete(f"/runs/{run_id}")).status_code == 204
    await both.get(f"/runs/{run_id}", 404)


async def test_forks_of_forks(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    child = (await server.post(f"/runs/{run_id}/fork", {"at_turn": 4}, 201))["run_id"]
    await server.settled(child)
    grandchild = (await server.post(f"/runs/{child}/fork", {"at_turn": 2, "edits": {"seed": 5}}, 201))["run_id"]
    assert (await server.settled(grandchild))["status"] == "completed"
    said = (await server.get(f"/runs/{grandchild}/events", params={"kind": "utterance"}))["items"]
    assert [event["turn"] for event in said] == [1, 2, 3, 4, 5, 6]
    assert [event["run_id"] for event in said] == [run_id] * 2 + [grandchild] * 4


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"at_turn": 99}, 404, "not_found"), ({"at_turn": 6}, 409, "run.wrong_state"),
    ({"at_turn": 2, "edits": {"variables": {"trust": -1}}}, 422, "run.bad_variable"),
    ({"at_turn": 2, "edits": {"role_models": {"zoe": "gate"}}}, 422, "run.unknown_role"),
    ({"at_turn": 2, "edits": {"model": "nope"}}, 422, "config.unknown_alias"),
    ({"at_turn": 2, "edits": {"message": {"key": "t9", "text": "x"}}}, 404, "not_found"),
    ({"at_turn": 2, "edits": {"parameters": {"heat": 1}}}, 422, "run.unknown_parameter")])
async def test_forks_are_checked(server: Serving, body: Any, status: int, code: str) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    assert (await server.post(f"/runs/{run_id}/fork", body, status))["code"] == code
    assert len((await server.get("/runs"))["items"]) == 1


async def test_regenerate_a_turn(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    fork = await server.post(f"/runs/{run_id}/regenerate", {"turn": 3, "seed": 77}, 201)
    assert (await server.settled(fork["run_id"]))["fork_turn"] == 2
    both_said = [[event["payload"]["text"] for event in (await server.get(
        f"/runs/{each}/events", params={"kind": "utterance"}))["items"]] for each in (run_id, fork["run_id"])]
    assert both_said[0][:2] == both_said[1][:2]
    assert both_said[0][2] != both_said[1][2]


async def test_replay(both: Serving) -> None:
    run_id = await both.run()
    await both.settled(run_id)
    asked = len(both.model.requests)
    found = await both.post(f"/runs/{run_id}/replay", None, 200)
    assert (found["same"], found["difference"]) == (True, None)
    assert len(both.model.requests) == asked


async def test_a_failed_run_says_why_and_can_go_on(server: Serving) -> None:
    from pyscrai.errors import ModelRefused

    failing = [True]

    def script(request: Any) -> Any:
        return ModelRefused("no credit is left") if failing[0] else None

    server.model._function = script
    run_id = await server.run()
    failed = await server.settled(run_id)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "model.refused")
    failing[0] = False
    await server.post(f"/runs/{run_id}/resume", None, 202)
    assert (await server.settled(run_id))["status"] == "completed"


async def test_many_runs_are_asked_at_once(both: Serving) -> None:
    both.model.gate.clear()
    runs = [await both.run() for _ in range(3)]
    done = await both.run(start=False)
    await both.asked()
    answer = await both.post("/runs/many/pause", {"run_ids": [*runs, done, "run_000000000000"]}, 202)
    both.model.gate.set()
    assert answer["accepted"][:3] == runs
    assert {refusal["run_id"]: refusal["code"] for refusal in answer["refused"]} == {"run_000000000000": "not_found"}
    for run_id in (*runs, done):
        assert (await both.settled(run_id))["status"] == "paused"
    answer = await both.post("/runs/many/resume", {"run_ids": runs}, 202)
    assert answer["refused"] == []
    for run_id in runs:
        assert (await both.settled(run_id))["status"] == "completed"
    refused = await both.post("/runs/many/start", {"run_ids": runs}, 202)
    assert [refusal["code"] for refusal in refused["refused"]] == ["run.wrong_state"] * 3
