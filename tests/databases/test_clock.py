"""The database's clock in statements: compiled once, and not mistaken for another time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.columns import now
from pyscrai.databases.database import Database


async def at(session: AsyncSession, later: timedelta) -> float:
    found = await session.scalar(select(DatabaseClock(later)))
    assert found is not None
    return (found - now()).total_seconds()


async def test_a_later_time_is_another_statement(database: Database) -> None:
    async with database.read() as session:
        assert abs(await at(session, timedelta())) < 5
        assert abs(await at(session, timedelta(hours=1)) - 3600) < 5
        assert abs(await at(session, timedelta(hours=-2)) + 7200) < 5
        assert abs(await at(session, timedelta(hours=1)) - 3600) < 5


async def test_a_statement_with_it_is_compiled_once(database: Database) -> None:
    async with database.read() as session:
        bind = session.get_bind()
        assert isinstance(bind, Engine)
        for _ in range(3):
            await at(session, timedelta(seconds=77))
        before = len(bind._compiled_cache or ())
        await at(session, timedelta(seconds=77))
        assert len(bind._compiled_cache or ()) == before
        assert select(DatabaseClock(timedelta(seconds=1)))._generate_cache_key() is not None
        assert select(DatabaseClock(timedelta(seconds=1)))._generate_cache_key() != select(
            DatabaseClock(timedelta(seconds=2)))._generate_cache_key()
