from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from pyscrai.databases.columns import now
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.databases.repositories.idempotency_keys import IdempotencyKeys
from pyscrai.errors import NotFound, RunError


async def test_a_key_is_told_once_and_never_stored(database: Database) -> None:
    async with database.session() as session:
        row, key = await ApiKeys(session).create("ci", ["read", "control", "read"])
        assert row.scopes == ["control", "read"]
        _, other = await ApiKeys(session).create("laptop", ["admin"])
    assert key != other
    async with database.session() as session:
        stored = (await session.execute(text("SELECT * FROM api_keys"))).all()
        assert key not in str(stored)
        found = await ApiKeys(session).find(key)
        assert found is not None
        assert found.name == "ci"
        assert await ApiKeys(session).find("pyscrai_wrong") is None
        assert not ApiKeys(session).is_noted(found)
        await ApiKeys(session).note_use(found.id)
        assert ApiKeys(session).is_noted(found)
        with pytest.raises(RunError, match="already"):
            await ApiKeys(session).create("ci", ["read"])


async def test_a_revoked_key_opens_nothing(database: Database) -> None:
    async with database.session() as session:
        _, key = await ApiKeys(session).create("ci", ["read"])
        await ApiKeys(session).revoke("ci")
        with pytest.raises(NotFound):
            await ApiKeys(session).revoke("nobody")
    async with database.read() as session:
        assert await ApiKeys(session).find(key) is None
        assert [row.name for row in await ApiKeys(session).list() if row.revoked_at] == ["ci"]


async def test_the_same_request_gets_the_same_answer(database: Database) -> None:
    async with database.session() as session:
        assert await IdempotencyKeys(session).find("k", "h") is None
        await IdempotencyKeys(session).keep("k", "h", status=201, response={"id": "run_1"})
    async with database.session() as session:
        row = await IdempotencyKeys(session).find("k", "h")
        assert row is not None
        assert (row.status, row.response) == (201, {"id": "run_1"})
        with pytest.raises(RunError) as caught:
            await IdempotencyKeys(session).find("k", "another")
        assert caught.value.code == "idempotency.reused"
        await IdempotencyKeys(session).purge(now() + timedelta(seconds=1))
    async with database.read() as session:
        assert await IdempotencyKeys(session).find("k", "h") is None
