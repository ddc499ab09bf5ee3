"""What was accepted is done once, and never lost without a word: keys, replies, injects, steps."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pyscrai.databases.api import idempotency
from pyscrai.databases.columns import now
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.idempotency_keys import UNDER_WAY, IdempotencyKeys
from pyscrai.databases.tables import ControlRow, IdempotencyRow, RunRow
from pyscrai.errors import ModelRefused, StorageError
from pyscrai.services.run_registry import StoredRunRegistry
from tests.api.serving import TALK, Serving, serving


async def test_key_work_and_answer_are_one_transaction(both: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails before the commit leaves neither the work nor the key; a retry does it once."""
    run_id = await both.run(start=False)
    real = IdempotencyKeys.keep

    async def dies(self: IdempotencyKeys, *args: Any, **more: Any) -> None:
        await real(self, *args, **more)
        raise StorageError("the disk is gone")

    requests = (("/runs", {"template": "talk", "start": False}), (f"/runs/{run_id}/inject", {"text": "A bell."}),
                (f"/runs/{run_id}/roles/ann/take-over", None), (f"/runs/{run_id}/start", None))
    for path, body in requests:
        monkeypatch.setattr(IdempotencyKeys, "keep", dies)
        await both.post(path, body, 503, headers={"Idempotency-Key": path})
    async with both.services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyRow)) == 0
        assert await session.scalar(select(func.count()).select_from(ControlRow)) == 0
    assert len((await both.get("/runs"))["items"]) == 1
    assert await both.kinds(run_id) == []
    monkeypatch.setattr(IdempotencyKeys, "keep", real)
    for path, body in requests:
        first = await both.post(path, body, headers={"Idempotency-Key": path})
        assert await both.post(path, body, headers={"Idempotency-Key": path}) == first or path == "/runs"
    assert len((await both.get("/runs"))["items"]) == 2
    async with both.services.database.read() as session:
        assert Counter(control.kind for control in await Controls(session).list(run_id)) == {
            "inject": 1, "take_over": 1}
    assert (await both.settled(run_id))["status"] == "waiting"
    assert (await both.kinds(run_id)).count("control") == 1, "the start; the turn that takes the others waits"


async def test_the_same_request_at_once_is_done_once(both: Serving) -> None:
    made = await both.run()
    await both.settled(made)
    for path, body in (("/runs", {"template": "talk", "start": False}),
                       (f"/runs/{made}/fork", {"at_turn": 2, "start": False})):
        answers = await asyncio.gather(*(both.client.post(path, json=body, headers={"Idempotency-Key": f"k{path}"})
                                         for _ in range(8)))
        assert {answer.status_code for answer in answers} == {201}, answers[0].text
        assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert len((await both.get("/runs"))["items"]) == 3
    run_id = await both.run(start=False)
    answers = await asyncio.gather(*(both.client.post(f"/runs/{run_id}/inject", json={"text": "x"},
                                                      headers={"Idempotency-Key": "i"}) for _ in range(8)))
    assert len({answer.text for answer in answers}) == 1
    async with both.services.database.read() as session:
        assert len(await Controls(session).list(run_id)) == 1


async def test_a_step_that_comes_twice_is_one_step(server: Serving) -> None:
    run_id = await server.run(start=False)
    await server.post(f"/runs/{run_id}/step", None, 202)
    await server.settled(run_id)
    first = await server.client.post(f"/runs/{run_id}/step", headers={"Idempotency-Key": "s"})
    stepped = await server.settled(run_id)
    again = await server.client.post(f"/runs/{run_id}/step", headers={"Idempotency-Key": "s"})
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert (await server.settled(run_id))["turn"] == stepped["turn"] == 1


async def test_an_interview_that_comes_twice_is_paid_once(server: Serving) -> None:
    run_id = await server.run()
    await server.settled(run_id)
    body = {"role": "ann", "question": "Why?"}
    first = await server.post(f"/runs/{run_id}/interviews", body, 201, headers={"Idempotency-Key": "q"})
    asked = len(server.model.requests)
    assert await server.post(f"/runs/{run_id}/interviews", body, 201, headers={"Idempotency-Key": "q"}) == first
    assert len(server.model.requests) == asked


async def test_keys_are_kept_for_a_day(server: Serving) -> None:
    run_id = await server.run(start=False)
    for key in ("old", "new"):
        await server.post(f"/runs/{run_id}/inject", {"text": key}, 202, headers={"Idempotency-Key": key})
    async with server.services.database.session() as session:
        await session.execute(update(IdempotencyRow).where(IdempotencyRow.key.endswith("old")).values(
            created_at=now() - idempotency.KEPT - timedelta(minutes=1)))
    await idempotency.purge(server.services.database)
    async with server.services.database.read() as session:
        assert [key.rpartition(":")[2] for key in await session.scalars(select(IdempotencyRow.key))] == ["new"]


async def test_what_an_earlier_version_left_under_way_is_done_again(server: Serving) -> None:
    run_id = await server.run(start=False)
    async with server.services.database.session() as session:
        session.add(IdempotencyRow(key="local:k", request_hash="h", status=UNDER_WAY, response={}))
    await server.post(f"/runs/{run_id}/inject", {"text": "x"}, 202, headers={"Idempotency-Key": "k"})


# -- replies ----------------------------------------------------------------------------------------------------------


async def test_of_different_replies_to_one_turn_one_counts(both: Serving) -> None:
    run_id = await both.run(people={"ann": "kim"})
    await both.settled(run_id)
    answers = await asyncio.gather(*(both.client.post(
        f"/runs/{run_id}/roles/ann/reply", json={"text": f"I am {name}."}, headers={"X-Actor": name})
        for name in ("one", "two", "three", "four")))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {202: 1, 409: 3}, [answer.text for answer in answers]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "run.answered", "run.wrong_state"}
    winner = next(answer.json()["actor"] for answer in answers if answer.status_code == 202)
    await both.settled(run_id)
    events = (await both.get(f"/runs/{run_id}/events"))["items"]
    said = [event["payload"] for event in events if event["kind"] == "utterance" and event["turn"] == 1]
    assert [(each["text"], each["played_by"]) for each in said] == [(f"I am {winner}.", winner)]
    replied = [event["source"] for event in events if event["kind"] == "control"]
    assert replied == [winner], "only what counted is in the record"


async def test_the_same_reply_twice_is_one_reply(server: Serving) -> None:
    run_id = await server.run(people={"ann": "kim"})
    await server.settled(run_id)
    server.model.gate.clear()
    for _ in range(2):
        await server.post(f"/runs/{run_id}/roles/ann/reply", {"text": "Here."}, 202, headers={"Idempotency-Key": "r"})
    server.model.gate.set()
    await server.settled(run_id)
    assert (await server.kinds(run_id)).count("control") == 1


async def test_a_person_lets_the_model_play_one_turn(server: Serving) -> None:
    run_id = await server.run(people={"ann": "kim"})
    await server.settled(run_id)
    refused = await server.post(f"/runs/{run_id}/roles/ann/reply", {"release": True, "text": "x"}, 422)
    assert refused["code"] == "request.invalid"
    await server.post(f"/runs/{run_id}/roles/ann/reply", {"release": True}, 202)
    waiting = await server.settled(run_id)
    assert (waiting["status"], waiting["turn"]) == ("waiting", 2), "the next turn is the person's again"
    said = (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"]
    assert [event["payload"]["played_by"] for event in said] == ["model", "model"]


async def test_a_step_that_waits_for_a_person_ends_with_the_reply(both: Serving) -> None:
    run_id = await both.run(people={"ann": "kim"}, start=False)
    await both.post(f"/runs/{run_id}/step", None, 202)
    await both.settled(run_id)
    accepted = await both.post(f"/runs/{run_id}/step", None, 202)
    waiting = await both.settled(run_id)
    assert accepted["desired"] == "step"
    assert (waiting["status"], waiting["desired"]) == ("waiting", "wait_step")
    await both.post(f"/runs/{run_id}/roles/ann/reply", {"text": "Here."}, 202)
    stepped = await both.settled(run_id)
    assert (stepped["status"], stepped["turn"], stepped["desired"]) == ("paused", 1, "pause")


async def test_a_run_that_waits_can_be_told_to_step(server: Serving) -> None:
    run_id = await server.run(people={"ann": "kim"})
    assert (await server.settled(run_id))["desired"] == "wait"
    assert (await server.post(f"/runs/{run_id}/step", None, 202))["desired"] == "wait_step"
    await server.post(f"/runs/{run_id}/roles/ann/reply", {"text": "Here."}, 202)
    assert (await server.settled(run_id))["turn"] == 1


async def test_a_reply_does_not_take_back_an_accepted_pause(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await server.run(people={"ann": "kim"})
    await server.settled(run_id)
    wake = server.context.manager.wake
    monkeypatch.setattr(server.context.manager, "wake", lambda *args, **more: None)
    await server.post(f"/runs/{run_id}/pause", None, 202)
    await server.post(f"/runs/{run_id}/roles/ann/reply", {"text": "Here."}, 202)
    monkeypatch.setattr(server.context.manager, "wake", wake)
    wake(run_id, "pause")
    assert (await server.settled(run_id))["status"] == "paused"
    await server.post(f"/runs/{run_id}/resume", None, 202)
    assert (await server.settled(run_id))["turn"] == 2, "the reply was not lost"


# -- injects ----------------------------------------------------------------------------------------------------------

REPORTED = {**TALK, "name": "reported", "roles": {**TALK["roles"], "eye": {  # type: ignore[dict-item]
    "agent": {"engine": "analyst", "personality": {"role": "an observer"}, "model": "gate",
              "failure": {"retries": 0, "backoff": 0}}}},
    "analysis": {"by": "eye", "report": True}}


async def test_an_inject_accepted_while_the_report_is_written_is_told_not_to_be_applied(both: Serving) -> None:
    await both.post("/templates", {"content": REPORTED}, 201)
    both.model.gate.clear()
    run_id = (await both.post("/runs", {"template": "reported"}, 201))["run_id"]
    both.model.let(6)
    async with asyncio.timeout(20):
        while (await both.get(f"/runs/{run_id}"))["turn"] < 6:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await both.asked()
    accepted = await both.post(f"/runs/{run_id}/inject", {"text": "Too late.", "label": "late"}, 202,
                               headers={"X-Actor": "kim"})
    both.model.gate.set()
    assert (await both.settled(run_id))["status"] == "completed"
    events = (await both.get(f"/runs/{run_id}/events"))["items"]
    [told] = [event for event in events if event["kind"] == "not_applied"]
    assert (told["source"], told["payload"]["action"]) == ("kim", "inject")
    assert told["payload"]["arguments"]["label"] == "late"
    assert told["key"] == f"c{accepted['control_id']}.not_applied"
    assert "Too late." not in [event["payload"].get("text") for event in events]
    assert (await both.post(f"/runs/{run_id}/inject", {"text": "x"}, 409))["code"] == "run.wrong_state"
    lines = (await both.get(f"/runs/{run_id}/transcript"))["lines"]
    assert any("was not applied" in line["text"] for line in lines)


async def test_every_accepted_inject_is_applied_or_told(both: Serving) -> None:
    run_id = await both.run()
    accepted = []
    for number in range(60):
        answer = await both.client.post(f"/runs/{run_id}/inject", json={"text": f"bell {number}"})
        if answer.status_code == 409:
            break
        accepted.append(f"bell {number}")
    await both.settled(run_id)
    events = (await both.get(f"/runs/{run_id}/events", params={"limit": 1000}))["items"]
    applied = [event["payload"]["text"] for event in events if event["kind"] == "inject"]
    told = [event["payload"]["arguments"]["text"] for event in events if event["kind"] == "not_applied"]
    assert applied + told == accepted


async def test_what_a_dead_process_left_untold_is_told_at_the_next_start(sqlite_url: str) -> None:
    async with serving(sqlite_url) as first:
        run_id = await first.run()
        await first.settled(run_id)
        async with first.services.database.session() as session:
            await Controls(session).add(run_id, "inject", {"text": "Too late."}, actor="kim")
    async with serving(sqlite_url) as second:
        assert (await second.kinds(run_id)).count("not_applied") == 1


async def test_a_failed_run_that_was_asked_to_go_on_goes_on_after_a_crash(sqlite_url: str) -> None:
    async with serving(sqlite_url, script=[ModelRefused("no")]) as first:
        run_id = await first.run()
        failed = await first.settled(run_id)
        assert (failed["status"], failed["desired"]) == ("failed", "none")
        first.context.manager.wake = lambda *args, **more: None  # type: ignore[method-assign]
        await first.post(f"/runs/{run_id}/resume", None, 202)
    async with serving(sqlite_url) as second:
        assert (await second.settled(run_id))["status"] == "completed"


async def test_a_run_that_has_ended_for_good_is_never_marked_failed(server: Serving, monkeypatch: pytest.MonkeyPatch
                                                                    ) -> None:
    async def breaks(self: StoredRunRegistry, run_id: str) -> None:
        raise ZeroDivisionError("after the end")

    monkeypatch.setattr(StoredRunRegistry, "_refuse_waiting", breaks)
    server.model.gate.clear()
    run_id = await server.run()
    server.model.let(6)
    async with server.services.database.session() as session:
        await session.execute(update(RunRow).where(RunRow.id == run_id).values(controls_waiting=1))
    monkeypatch.setattr(Controls, "take", _nothing)
    server.model.gate.set()
    assert (await server.settled(run_id))["status"] == "completed"
    assert "run_failed" not in await server.kinds(run_id)


async def _nothing(self: Controls, run_id: str, turn: int) -> tuple[()]:
    return ()


async def test_people_play_what_the_template_lets_them_play(server: Serving) -> None:
    roles: Any = {name: {**role, "human": "no"} for name, role in TALK["roles"].items()}  # type: ignore[attr-defined]
    await server.post("/templates", {"content": {**TALK, "name": "closed", "roles": roles}}, 201)
    run_id = (await server.post("/runs", {"template": "closed", "start": False}, 201))["run_id"]
    refused = await server.post(f"/runs/{run_id}/roles/ann/take-over", None, 422)
    told = await server.post("/runs", {"template": "closed", "people": {"ann": "kim"}}, 422)
    assert (refused["code"], refused["cure"]) == (told["code"], told["cure"]) == (
        "run.no_human", "set `human: allowed` for it in the template")
