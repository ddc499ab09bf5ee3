"""Connections to PostgreSQL: asked about only where there is doubt, and no transaction where nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import func, literal, select, text

from pyscrai.databases.database import Database
from pyscrai.databases.dialects import pooled_connections
from pyscrai.databases.dialects.postgres import PostgresDialect
from pyscrai.databases.driver_rows import driver_rows
from pyscrai.errors import StorageError

ONE = select(literal(1))


@pytest.fixture
async def server(make_url: Any) -> AsyncIterator[Database]:
    async with Database(make_url("postgres")) as database:
        yield database


@pytest.fixture
def questions(server: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    asked: list[object] = []
    dialect = server._engine.dialect
    ping = type(dialect).do_ping
    monkeypatch.setattr(type(dialect), "do_ping", lambda self, connection: asked.append(1) or ping(self, connection))
    return asked


async def one(database: Database) -> Any:
    async with database.read() as session:
        return await session.scalar(text("SELECT pg_backend_pid()"))


async def test_a_connection_that_was_just_used_is_taken_without_a_question(
        server: Database, questions: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    pid = await one(server)
    assert await one(server) == pid
    assert questions == []
    monkeypatch.setattr(pooled_connections, "TRUSTED", 0.0)
    assert await one(server) == pid
    assert len(questions) == 1


@pytest.mark.parametrize("trusted", [0.0, 60.0])
async def test_connections_that_the_server_ended_are_replaced(
        server: Database, monkeypatch: pytest.MonkeyPatch, trusted: float) -> None:
    monkeypatch.setattr(pooled_connections, "TRUSTED", trusted)
    pid = await one(server)
    dialect = server.dialect
    assert isinstance(dialect, PostgresDialect)
    with psycopg.connect(dialect.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert await one(server) != pid
    async with server.session() as session:
        await session.execute(text("CREATE TABLE kept (n integer)"))


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("more", [0, 2])
async def test_a_connection_that_broke_in_use_is_replaced(server: Database, writes: bool, more: int) -> None:
    """Also where it broke under a statement that goes to the driver as it is, of which SQLAlchemy does not know."""
    dialect = server.dialect
    assert isinstance(dialect, PostgresDialect)
    kill = select(func.pg_terminate_backend(func.pg_backend_pid()))
    with pytest.raises(StorageError) as failed:
        async with server.session() if writes else server.read() as session:
            await driver_rows(session, [(each, {}) for each in (kill, *[ONE] * more)])
    assert failed.value.passes
    async with server.read() as session:
        assert await driver_rows(session, [(ONE, {})]) == [[(1,)]]
    async with server.session() as session:
        assert await driver_rows(session, [(ONE, {}), (ONE, {})]) == [[(1,)], [(1,)]]


async def test_reading_opens_no_transaction(server: Database) -> None:
    async def status(session: Any) -> TransactionStatus:
        await session.execute(text("SELECT 1"))
        raw = await (await session.connection()).get_raw_connection()
        found: TransactionStatus = raw.driver_connection.info.transaction_status
        return found

    async with server.read() as session:
        assert await status(session) == TransactionStatus.IDLE
    async with server.session() as session:
        assert await status(session) == TransactionStatus.INTRANS
    async with server.read() as session:
        assert await status(session) == TransactionStatus.IDLE


async def test_what_is_refused_in_a_pipeline_leaves_the_connection_of_use(server: Database) -> None:
    wrong = select(literal(1) / literal(0))
    for opened in (server.read, server.session):
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with opened() as session:
                await driver_rows(session, [(ONE, {}), (wrong, {}), (ONE, {})])
        async with opened() as session:
            assert await driver_rows(session, [(ONE, {}), (ONE, {})]) == [[(1,)], [(1,)]]


async def test_what_failed_within_a_transaction_is_rolled_back(server: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with server.session() as session:
            await session.execute(text("CREATE TABLE kept (n integer)"))
            raise ZeroDivisionError
    async with server.read() as session:
        assert await session.scalar(text("SELECT to_regclass('kept')")) is None
