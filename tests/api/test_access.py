"""Who may do what, and what no request gets past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pyscrai.cli.server import refuse_open_doors
from pyscrai.config.server import is_loopback
from pyscrai.config.settings import load_settings
from pyscrai.databases.api import event_hub as hubs
from pyscrai.databases.api.access import AccessError
from pyscrai.databases.api.guard.rate import Buckets, network_of
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.errors import ConfigError
from tests.api.serving import TALK, Serving, serving


@pytest.fixture
async def locked(sqlite_url: str) -> AsyncIterator[tuple[Serving, dict[str, str]]]:
    """A server that asks for keys, and a key for each scope."""
    async with serving(sqlite_url, require_keys=True) as found:
        keys = {}
        async with found.services.database.session() as session:
            for scope in ("read", "control", "admin"):
                _, keys[scope] = await ApiKeys(session).create(f"{scope}er", [scope])
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
        await ApiKeys(session).revoke("reader")
    access._verified.clear()
    assert (await server.client.get("/runs", headers=bearer(keys["read"]))).status_code == 401


async def test_keys_are_hashed(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    async with server.services.database.read() as session:
        stored = [row.hash for row in await ApiKeys(session).list()]
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


@pytest.mark.parametrize("name", ["Host", "Origin"])
@pytest.mark.parametrize("value", ["[", "[::1", "a]b[", "http://[", "[v1.x]:99999", "::::", "%zz", "a:b:c", "\xff"])
async def test_odd_hosts_and_origins_are_refused_or_served(server: Serving, name: str, value: str) -> None:
    answer = await server.client.post("/runs", json={"template": "talk", "start": False},
                                      headers={name: value.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code in (400, 403, 421), answer.text
    assert answer.json()["code"].startswith("request.")


async def test_large_heads_are_refused(server: Serving) -> None:
    for path, headers, status in (("/runs?name=" + "x" * 20_000, {}, 414), ("/runs", {"x-more": "x" * 70_000}, 431)):
        answer = await server.client.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "target"), [
    ("/redoc", "/api/v1/docs"), ("/api", "/api/v1/docs"), ("/api/v1/", "/api/v1/docs"),
    ("/openapi.json", "/api/v1/openapi.json")])
async def test_where_people_look_first_leads_to_the_reference(server: Serving, path: str, target: str) -> None:
    answer = await server.client.get(server.url + path, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.url.path == target
    missing = await server.client.get("/nothing")
    named = missing.json()["cure"].removeprefix("see ").split(" ")[0]
    assert (await server.client.get(server.url + named)).status_code == 200, "the cure leads somewhere"


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


async def test_made_up_keys_have_the_rate_of_their_address(sqlite_url: str) -> None:
    async with serving(sqlite_url, requests_per_minute=100, require_keys=True) as server:
        async with server.services.database.session() as session:
            _, key = await ApiKeys(session).create("ann", ["read"])
        for _ in range(5):  # verified from its first answer on
            assert (await server.client.get("/runs", headers=bearer(key))).status_code == 200
        made_up = [(await server.client.get("/runs", headers=bearer(f"pyscrai_{number}"))).status_code
                   for number in range(30)]
        assert set(made_up) == {401, 429}
        assert made_up.count(401) <= 20
        header = [(await server.client.get("/runs", headers={"X-API-Key": f"x{number}"})).status_code
                  for number in range(5)]
        assert header.count(429) >= 2
        assert (await server.client.get("/runs", headers=bearer(key))).status_code == 200, "ann has a rate of her own"


@pytest.mark.parametrize(("address", "client"), [
    ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", ""), ("unix", "unix")])
def test_who_counts_as_one_client(address: str, client: str) -> None:
    assert network_of(address) == client


async def test_a_flood_of_made_up_keys_forgets_no_good_one(locked: tuple[Serving, dict[str, str]]) -> None:
    server, keys = locked
    access = server.context.access
    await access.caller(keys["read"], None)
    for number in range(1_200):
        access._unknown[f"made up {number}"] = 0.0
    with pytest.raises(AccessError):
        await access.caller("one more", None)
    assert access.verified(keys["read"]) == "reader"
    assert access.verified("one more") is None
    assert keys["read"] not in repr(await access.caller(keys["read"], None))


@pytest.mark.parametrize("path", ["/runs/{run_id}/stream", "/stream"])
async def test_a_revoked_key_ends_its_streams(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(hubs, "KEY_CHECK", 0.1)
    async with serving(sqlite_url, require_keys=True) as server:
        async with server.services.database.session() as session:
            _, ann = await ApiKeys(session).create("ann", ["admin"])
            _, bob = await ApiKeys(session).create("bob", ["read"])
        await server.client.post("/templates", json={"content": TALK}, headers=bearer(ann))
        made = await server.client.post("/runs", json={"template": "talk", "start": False}, headers=bearer(ann))
        address = path.format(run_id=made.json()["run_id"])

        async def follow(key: str) -> None:
            async with server.client.stream("GET", address, headers=bearer(key)) as answer:
                async for _ in answer.aiter_bytes():
                    pass

        streams = [asyncio.create_task(follow(key)) for key in (ann, bob)]
        async with asyncio.timeout(20):
            while server.context.hub.watching < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with server.services.database.session() as session:
            await ApiKeys(session).revoke("bob")
        async with asyncio.timeout(30):
            await streams[1]
        assert not streams[0].done()
        streams[0].cancel()


async def test_as_many_streams_as_the_server_keeps(sqlite_url: str) -> None:
    async with serving(sqlite_url, max_streams=1) as server:
        run_id = await server.run(start=False)
        async with server.client.stream("GET", f"/runs/{run_id}/stream") as answer:
            pieces = answer.aiter_bytes()
            await anext(pieces)
            for path in (f"/runs/{run_id}/stream", "/stream"):
                refused = await server.client.get(path)
                assert (refused.status_code, refused.json()["code"]) == (429, "request.streams")
        async with asyncio.timeout(20):
            while server.context.hub.watching:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with server.client.stream("GET", f"/runs/{run_id}/stream") as answer:
            assert answer.status_code == 200


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
        await ApiKeys(session).create("ann", ["read"])
    await refuse_open_doors(settings, sqlite_database)
    async with sqlite_database.session() as session:
        await ApiKeys(session).revoke("ann")
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
        assert body["type"] == f"/docs/errors/{body['code']}/"
        assert {"title", "detail", "instance", "cure", "problems"} <= body.keys()
