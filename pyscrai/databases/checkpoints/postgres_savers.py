"""LangGraph's PostgreSQL saver over a pool of connections."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from pyscrai.databases.database import Database
from pyscrai.errors import StorageError

LOCK = 0x7079_7363_7261_6902
"""The advisory lock of those who set the saver's tables up."""

CONNECTION: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
"""What the saver asks of its connections."""

Row = dict[str, Any]


class PostgresSavers:
    """A saver for each run: a saver holds a lock of its own, and one for all would make runs wait for each other."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Row]], serde: SerializerProtocol) -> None:
        self._pool, self._serde = pool, serde

    @classmethod
    async def open(cls, database: Database, serde: SerializerProtocol, *, pool_size: int) -> Self:
        """Connect, and bring the saver's tables up to date.

        Raises:
            StorageError: the server cannot be reached.
        """
        try:
            await _set_up(database.dsn, serde)
        except OperationalError as error:
            raise StorageError(f"cannot use {database}: {str(error).strip()}",
                               cure="check that the server runs and that PYSCRAI_DATABASE_URL is right",
                               code="storage.unreachable") from error
        pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            database.dsn, min_size=1, max_size=pool_size, kwargs=CONNECTION, open=False,
            check=AsyncConnectionPool.check_connection)
        await pool.open()
        return cls(pool, serde)

    def saver(self) -> AsyncPostgresSaver:
        return AsyncPostgresSaver(self._pool, serde=self._serde)

    async def close(self) -> None:
        await self._pool.close()


async def _set_up(dsn: str, serde: SerializerProtocol) -> None:
    async with await AsyncConnection.connect(dsn, **CONNECTION) as connection:
        saver = AsyncPostgresSaver(connection, serde=serde)
        if await _is_current(connection, len(saver.MIGRATIONS)):
            return
        # Asked for again and again instead of waited for: the saver creates indexes concurrently, which waits for
        # every transaction that is older, a waiting one included.
        while not await _value(connection, f"SELECT pg_try_advisory_lock({LOCK}) AS value"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        try:
            await saver.setup()
        finally:
            await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")


async def _is_current(connection: AsyncConnection[Row], migrations: int) -> bool:
    if not await _value(connection, "SELECT to_regclass('checkpoint_migrations') IS NOT NULL AS value"):
        return False
    newest = await _value(connection, "SELECT max(v) AS value FROM checkpoint_migrations")
    return newest is not None and newest >= migrations - 1


async def _value(connection: AsyncConnection[Row], query: str) -> Any:
    row = await (await connection.execute(query)).fetchone()
    return row and row["value"]
