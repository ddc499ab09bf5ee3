"""Who may do what, and what no request gets past."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pyscrai.cli.commands.serve import refuse_open_doors
from pyscrai.config.server import is_loopback
from pyscrai.config.settings import load_settings
from pyscrai.databases.api.guard.host import Buckets
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import Keys
from pyscrai.errors import ConfigError
from tests.api.serving import Serving, serving


@pytest.fixture
async def locked(sqlite_url: str) -> AsyncIterator[tuple[Serving, dict[str, str]]]:
    """A server that asks for keys, and a key for each scope."""
    async with serving(sqlite_url, require_keys=True) as found:
        keys = {}
        async with found.services.database.session() as session:
            for scope in ("read", "control", "admin"):
                _, keys[scope] = await Keys(session).create(f"{scope}er", [scope])
        yield found, keys


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_keys_and_scopes(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    body = {"content": {"kind": "agent", "name": "a", "version": "1.0.0", "engine": "actor",
                        "personality": {"role": "a"}}}
    missing = await server.client.get("/runs")
    assert (missing.status_code, missing.json()["code"]) == (401, "auth.missing")
    assert missing.headers["www-authenticate"] == "Bearer"
    wrong = await server.client.get("/runs", headers=bearer("pyscrai_wrong"))
    assert (wrong.status_code, wrong.json()["code"]) == (401, "auth.unknown")
    assert (await server.client.get("/runs", headers={"X-API-Key": keys["read"]})).status_code == 200
    reading = await server.client.post("/templates", json=body, headers=bearer(keys["read"]))
    assert (reading.status_code, reading.json()["code"]) == (403, "auth.scope")
    assert (await server.client.post("/templates", json=body, headers=bearer(keys["control"]))).status_code == 201
    path = "/templates/agents/a/versions/1.0.0"
    assert (await server.client.delete(path, headers=bearer(keys["control"]))).status_code == 403
    assert (await server.client.delete(path, headers=bearer(keys["admin"]))).status_code == 204
    assert (await server.client.get("/health")).status_code == 200


async def test_the_record_names_the_key_and_not_what_a_client_says(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    own = bearer(keys["control"])
    body = {"content": {"kind": "scenario", "name": "talk", "version": "1.0.0", "premise": "x", "roles": {
        "ann": {"agent": {"engine": "actor", "personality": {"role": "a"}}}},
        "flow": {"start": "a", "phases": {"a": {"speakers": ["ann"], "next": [{"to": "end"}]}}}}}
    assert (await server.client.post("/templates", json=body, headers=own)).status_code == 201
    made = await server.client.post("/runs", json={"template": "talk", "start": False}, headers=own)
    run_id = made.json()["run_id"]
    await server.client.post(f"/runs/{run_id}/start", headers={**own, "X-Actor": "somebody else"})
    await server.context.manager.until_settled(run_id)
    events = (await server.client.get(f"/runs/{run_id}/events", headers=own)).json()["items"]
    assert {event["source"] for event in events if event["kind"] == "control"} == {"controler"}


async def test_a_revoked_key_works_no_longer(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    access = server.context.access
    assert (await server.client.get("/runs", headers=bearer(keys["read"]))).status_code == 200
    async with server.services.database.session() as session:
        await Keys(session).revoke("reader")
    access._known.clear()
    assert (await server.client.get("/runs", headers=bearer(keys["read"]))).status_code == 401


async def test_keys_are_hashed(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    async with server.services.database.read() as session:
        stored = [row.hash for row in await Keys(session).list()]
    assert not set(stored) & set(keys.values())
    assert all(len(found) == 64 for found in stored)


async def test_other_names_and_origins_are_refused(server: Serving) -> None:
    rebound = await server.client.get("/runs", headers={"Host": "attacker.example:80"})
    assert (rebound.status_code, rebound.json()["code"]) == (421, "request.host")
    foreign = await server.client.post("/runs", json={"template": "talk"}, headers={"Origin": "http://other.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "request.origin")
    own = await server.client.post("/runs", json={"template": "talk"}, headers={"Origin": server.url})
    assert own.status_code == 201
    asked = await server.client.options("/runs", headers={"Origin": "http://other.example",
                                                          "Access-Control-Request-Method": "GET"})
    assert "access-control-allow-origin" not in asked.headers


async def test_cors_by_choice(sqlite_url: str) -> None:
    async with serving(sqlite_url, cors_origins=["http://ours.example"]) as server:
        answer = await server.client.get("/runs", headers={"Origin": "http://ours.example"})
        assert answer.headers["access-control-allow-origin"] == "http://ours.example"
        other = await server.client.get("/runs", headers={"Origin": "http://other.example"})
        assert "access-control-allow-origin" not in other.headers


async def test_size_limits(sqlite_url: str) -> None:
    async with serving(sqlite_url, max_body_bytes=5_000) as server:
        large = await server.client.post("/templates", json={"source": "x" * 10_000})
        assert (large.status_code, large.json()["code"]) == (413, "request.too_large")

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 1_000

        chunked = await server.client.post("/templates", content=pieces(), headers={"content-type": "application/json"})
        assert (chunked.status_code, chunked.json()["code"]) == (413, "request.too_large")


async def test_rate_limits(sqlite_url: str) -> None:
    async with serving(sqlite_url, requests_per_minute=100) as server:
        answers = [await server.client.get("/health") for _ in range(15)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].json()["code"] == "request.rate"
        assert int(refused[0].headers["retry-after"]) >= 1


def test_buckets_refill() -> None:
    clock = [0.0]
    buckets = Buckets(600, lambda: clock[0])
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert 0 < buckets.take("a") <= 0.1
    assert buckets.take("b") == 0.0
    clock[0] += 0.2
    assert buckets.take("a") == 0.0


async def test_answers_say_how_they_may_be_used(server: Serving) -> None:
    headers = (await server.client.get("/health")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers or "pyscrai" not in headers["server"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
async def test_no_open_doors(sqlite_database: Database, host: str) -> None:
    settings = load_settings(database_url="sqlite:///unused.db", server={"host": host})
    with pytest.raises(ConfigError) as refused:
        await refuse_open_doors(settings, sqlite_database)
    assert refused.value.code == "config.no_keys"
    async with sqlite_database.session() as session:
        await Keys(session).create("ann", ["read"])
    await refuse_open_doors(settings, sqlite_database)
    async with sqlite_database.session() as session:
        await Keys(session).revoke("ann")
    with pytest.raises(ConfigError):
        await refuse_open_doors(settings, sqlite_database)


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True),
                                                ("127.1.2.3", True), ("0.0.0.0", False), ("10.0.0.1", False),
                                                ("example.org", False)])
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


async def test_errors_are_problem_documents(server: Serving) -> None:
    for answer in (await server.client.get("/nowhere"), await server.client.put("/runs"),
                   await server.client.post("/runs", content=b"{"), await server.client.post("/runs", json=[]),
                   await server.client.get("/runs/x"), await server.client.get("/runs/run_000000000000"),
                   await server.client.post("/runs", json={"template": "nope"}),
                   await server.client.post("/templates/validate", json={"source": "a: b: c"})):
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", body
        assert body["status"] == answer.status_code
        assert body["type"] == f"urn:pyscrai:problem:{body['code']}"
        assert {"title", "detail", "instance", "cure", "problems"} <= body.keys()
