"""A seat's token: it shows what one role hears of one run, takes its reply, and opens nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pyscrai.databases.api.app import create_app
from pyscrai.databases.repositories.api_keys import ApiKeys
from tests.api.serving import Serving, serving

SECRET, WHISPER, HIDDEN = "canary-secret-of-bob", "canary-whisper-to-bob", "canary-hidden-note"

DUEL: dict[str, Any] = {
    "kind": "scenario", "name": "duel", "version": "1.0.0", "premise": "Two people talk.", "max_turns": 6,
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10, "visible_to": ["bob"]},
                  "noise": {"type": "integer", "initial": 1, "minimum": 0, "maximum": 10, "visible_to": ["ann"]}},
    "roles": {name: {"human": "allowed", "secret": secret, "agent": {
        "engine": "actor", "personality": {"role": "a person"}, "model": "gate"}}
        for name, secret in (("ann", "ann knows"), ("bob", SECRET))},
    "injects": [{"at_turn": 1, "audience": ["bob"], "text": WHISPER, "label": HIDDEN}],
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "when": "turn >= 6 && vars.trust >= 0"}]}}},
}


@pytest.fixture
async def duel(sqlite_url: str) -> AsyncIterator[tuple[Serving, str, httpx.AsyncClient]]:
    """A server that asks for keys, a run of which ann is a person's, and that person's client."""
    async with serving(sqlite_url, require_keys=True) as found:
        async with found.services.database.session() as session:
            _, key = await ApiKeys(session).create("admin", ["admin"])
        found.client.headers["authorization"] = f"Bearer {key}"
        await found.post("/templates", {"content": DUEL}, 201)
        made = await found.post("/runs", {"template": "duel", "seed": 1, "people": {"ann": "kim"}}, 201)
        await found.settled(made["run_id"])
        seat = await found.post(f"/runs/{made['run_id']}/roles/ann/seat", {"person": "kim"}, 201)
        async with httpx.AsyncClient(base_url=found.client.base_url, timeout=30, headers={
                "authorization": f"Bearer {seat['token']}"}) as client:
            yield found, made["run_id"], client


async def test_a_seat_sees_hears_and_replies(duel: tuple[Serving, str, httpx.AsyncClient]) -> None:
    server, run_id, kim = duel
    view = (await kim.get("/seat")).json()
    assert (view["role"], view["person"], view["status"], view["secret"]) == ("ann", "kim", "asked", "ann knows")
    assert view["variables"] == {"noise": 1}
    assert view["request"]["turn"] == 1
    refused = await kim.post("/seat/reply", json={"text": "x", "to": "bob"})
    assert (refused.status_code, refused.json()["code"]) == (422, "run.answer")
    assert (await kim.post("/seat/reply", json={"text": "Here I am."})).status_code == 204
    await server.settled(run_id)
    lines = (await kim.get("/seat/lines")).json()["items"]
    assert [line["kind"] for line in lines] == ["run_started", "phase_entered", "utterance", "utterance"]
    said = (await server.get(f"/runs/{run_id}/events", params={"kind": "utterance"}))["items"]
    assert said[0]["payload"]["played_by"] == "kim"


async def test_nothing_that_another_role_alone_knows_reaches_a_seat(
        duel: tuple[Serving, str, httpx.AsyncClient]) -> None:
    server, run_id, kim = duel
    received = []
    for _ in range(3):
        await kim.post("/seat/reply", json={"text": "Go on."})
        await server.settled(run_id)
        received += [(await kim.get(path)).text for path in ("/seat", "/seat/lines", "/seat/stream?seconds=0.2")]
    everything = json.dumps(await server.get(f"/runs/{run_id}/events", params={"limit": 1000}))
    assert WHISPER in everything, "the canary was sent"
    for word in (SECRET, WHISPER, HIDDEN, "trust", "vars.", "admin", '"seed"', "gate"):
        assert not [text for text in received if word in text], word
    assert [text for text in received if "Go on." in text]


async def test_a_seat_opens_no_other_endpoint(duel: tuple[Serving, str, httpx.AsyncClient]) -> None:
    server, run_id, kim = duel
    document = create_app(server.services.settings).openapi()
    fill = {"{run_id}": run_id, "{role}": "ann", "{turn}": "0", "{call_id}": "1", "{action}": "pause",
            "{kind}": "scenarios", "{name}": "duel", "{version}": "1.0.0", "{experiment_id}": "1", "{reference}": "x"}
    tried = 0
    for path, methods in document["paths"].items():
        if path.startswith(("/api/v1/seat", "/api/v1/health")):     # health asks nobody for a key
            continue
        where = path.removeprefix("/api/v1")
        for name, value in fill.items():
            where = where.replace(name, value)
        for method in methods:
            answer = await kim.request(method, where, json={} if method in ("post", "put", "patch") else None)
            # A malformed request may be told so before it is asked who it is; it is never done.
            assert answer.status_code in (403, 422), (method, path, answer.status_code, answer.text[:200])
            assert "canary" not in answer.text
            tried += 1
    assert tried > 40


async def test_a_key_is_no_seat_and_a_revoked_token_ends(duel: tuple[Serving, str, httpx.AsyncClient]) -> None:
    server, run_id, kim = duel
    assert (await server.get("/seat", 403))["code"] == "auth.scope"
    bare = await kim.get("/seat", headers={"authorization": ""})
    assert bare.status_code == 401
    async with server.services.database.session() as session:
        await ApiKeys(session).revoke(f"kim@{run_id}/ann")
    server.context.access._verified.clear()
    assert (await kim.get("/seat")).status_code == 401


async def test_a_seat_is_offered_for_a_role_that_a_model_plays(duel: tuple[Serving, str, httpx.AsyncClient]) -> None:
    server, run_id, kim = duel
    again = await server.post(f"/runs/{run_id}/roles/ann/seat", {"person": "kim"}, 201)
    assert again["token"]
    taken = await server.post(f"/runs/{run_id}/roles/ann/seat", {"person": "lee"}, 422)
    assert taken["code"] == "run.seat_taken"
    await server.post(f"/runs/{run_id}/roles/bob/seat", {"person": "lee"}, 201)
    await kim.post("/seat/reply", json={"text": "Hello."})
    waiting = await server.settled(run_id)
    assert {each["role"]: each["played_by"] for each in waiting["cast"]} == {"ann": "kim", "bob": "lee"}
    assert (await server.post(f"/runs/{run_id}/roles/nobody/seat", None, 422))["code"] == "run.unknown_role"


COUNCIL: dict[str, Any] = {
    **DUEL, "name": "council", "variables": {}, "injects": [],
    "roles": {**{name: {"agent": {"engine": "actor", "personality": {"role": "a person"}, "model": "gate"},
                        "secret": f"canary-{name}", "human": "allowed"} for name in ("ann", "boss", "kit")},
              "god": {"agent": {"engine": "narrator", "personality": {"role": "the chair"}, "model": "gate"},
                      "secret": "canary-god", "approve": "boss"}},
    "flow": {"start": "talk", "phases": {"talk": {
        "speakers": ["ann", "kit", "god"], "order": "moderated", "moderator": "god", "audience": ["all"],
        "next": [{"to": "end", "after_turns": 3}]}}}}


async def test_proposals_are_decided_at_the_seat_of_the_role_that_approves(sqlite_url: str) -> None:
    """The role that approves takes no turn of its own."""
    async with serving(sqlite_url) as server:
        await server.post("/templates", {"content": COUNCIL}, 201)
        made = await server.post("/runs", {"template": "council", "seed": 1, "people": {
            "boss": "kim", "ann": "lee"}}, 201)
        run_id = made["run_id"]
        await server.settled(run_id)
        kim, lee = ({"authorization": f"Bearer {token}"} for token in [
            (await server.post(f"/runs/{run_id}/roles/{role}/seat", {"person": person}, 201))["token"]
            for role, person in (("boss", "kim"), ("ann", "lee"))])
        async with httpx.AsyncClient(base_url=server.client.base_url, timeout=30) as client:
            view = (await client.get("/seat", headers=kim)).json()
            assert view["status"] == "asked"
            asked = view["request"]
            assert (asked["role"], asked["task"], asked["about"]) == ("god", "approve", "moderate")
            assert asked["proposal"]["next"] in asked["schema"]["properties"]["edited"]["properties"]["next"]["enum"]
            assert "canary-god" not in json.dumps(view), "of the role that proposes the seat learns the proposal alone"
            other = (await client.get("/seat", headers=lee)).json()
            assert (other["status"], other["request"]) == ("going_on", None)
            body = {"decision": "edit", "edited": {"next": "ann"}}
            assert (await client.post("/seat/reply", headers=lee, json=body)).status_code == 409
            wrong = await client.post("/seat/reply", headers=kim, json={"decision": "edit", "edited": {"next": "boss"}})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "run.answer")
            assert (await client.post("/seat/reply", headers=kim, json={"role": "ann", **body})).status_code == 409
            assert (await client.post("/seat/reply", headers=kim, json={"role": "god", **body})).status_code == 204
            await server.settled(run_id)
            own = (await client.get("/seat", headers=lee)).json()["request"]
            assert (own["role"], own["task"], own["proposal"]) == ("ann", "speak", None)
            assert (await client.post("/seat/reply", headers=lee, json={"text": "Here."})).status_code == 204
            [item] = (await server.settled(run_id))["waiting"]
            assert (item["task"], item["about"], item["by"]) == ("approve", "moderate", "boss")
            assert {"proposal", "schema"} <= item.keys(), "operators see it too"
            await server.post(f"/runs/{run_id}/roles/god/reply", {"decision": "reject"}, 202)
            await server.settled(run_id)
        chosen = (await server.get(f"/runs/{run_id}/events", params={"kind": "speaker_chosen"}))["items"]
        assert [(event["payload"]["chosen"], event["payload"]["reason"]) for event in chosen][:2] == [
            ("ann", "kim chose"), ("kit", "round robin")]


async def test_a_variable_of_those_who_are_in_the_room_now_is_shown_to_no_seat_outside(sqlite_url: str) -> None:
    play = {**DUEL, "name": "room", "injects": [],
            "groups": {"early": {"of": ["ann", "bob"], "when": "phase_turns < 1"}},
            "variables": {"word": {"type": "string", "initial": "canary-early", "visible_to": ["early"]}},
            "flow": {"start": "talk", "phases": {"talk": {"speakers": ["bob", "ann"], "next": [
                {"to": "end", "after_turns": 4}]}}}}
    async with serving(sqlite_url) as server:
        await server.post("/templates", {"content": play}, 201)
        made = await server.post("/runs", {"template": "room", "seed": 1, "people": {"ann": "kim"}}, 201)
        await server.settled(made["run_id"])
        seat = await server.post(f"/runs/{made['run_id']}/roles/ann/seat", {"person": "kim"}, 201)
        async with httpx.AsyncClient(base_url=server.client.base_url, timeout=30, headers={
                "authorization": f"Bearer {seat['token']}"}) as kim:
            view = (await kim.get("/seat")).json()
            assert (view["status"], view["turn"]) == ("asked", 1)
            assert view["variables"] == {}


@pytest.mark.parametrize("last", ["²", "9" * 5_000, "9" * 25, "-1", "1e3"])
async def test_an_id_to_go_on_from_that_is_none_is_refused(
        duel: tuple[Serving, str, httpx.AsyncClient], last: str) -> None:
    _, _, kim = duel
    answer = await kim.get("/seat/stream?seconds=0.1", headers=[(b"last-event-id", last.encode("latin-1"))])
    assert answer.status_code == 422
