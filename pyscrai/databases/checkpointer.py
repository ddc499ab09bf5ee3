"""LangGraph's own savers in our database, set up so that many runs can use them at once."""

from __future__ import annotations

import asyncio
from typing import Any

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from pyscrai.databases.session import PRAGMAS, Database
from pyscrai.errors import StorageError

LOCK = 0x7079_7363_7261_6902
"""The PostgreSQL advisory lock of those who set the saver's tables up."""

CONNECTION: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
"""What LangGraph's PostgreSQL saver asks of its connections."""


class Checkpoints:
    """The checkpoints of all runs of this process.

    State is JSON-plain, so the serializer is strict: a checkpoint can name no type to be imported.
    """

    def __init__(self, database: Database, *, pool_size: int = 10) -> None:
        self._database, self._pool_size = database, pool_size
        self._serde = JsonPlusSerializer(allowed_msgpack_modules=None)
        self._opening = asyncio.Lock()
        self._sqlite: AsyncSqliteSaver | None = None
        self._pool: AsyncConnectionPool[AsyncConnection[dict[str, Any]]] | None = None

    async def prepare(self) -> None:
        """Bring the saver's own tables up to date; safe when several processes do it at once.

        Raises:
            StorageError: the database cannot be reached.
        """
        async with self._opening:
            if self._database.is_sqlite:
                self._sqlite = self._sqlite or await self._open_sqlite()
            else:
                self._pool = self._pool or await self._open_pool()

    async def saver(self, run_id: str) -> BaseCheckpointSaver[str]:
        """The saver for one run: SQLite's is shared, PostgreSQL's is the run's own over a shared pool.

        Each PostgreSQL saver holds one lock of its own, which would make runs wait for each other.

        Raises:
            StorageError: the database cannot be reached.
        """
        if self._sqlite is None and self._pool is None:
            await self.prepare()
        if self._sqlite is not None:
            return self._sqlite
        assert self._pool is not None
        return AsyncPostgresSaver(self._pool, serde=self._serde)

    async def delete(self, run_id: str) -> None:
        """Forget the checkpoints of a run."""
        await (await self.saver(run_id)).adelete_thread(run_id)

    async def close(self) -> None:
        """Close the connections; the savers that were handed out cannot be used any more."""
        if self._sqlite is not None:
            await self._sqlite.conn.close()
            self._sqlite = None
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def _open_sqlite(self) -> AsyncSqliteSaver:
        try:
            connection = await aiosqlite.connect(str(self._database.path))
            for pragma in PRAGMAS:
                await connection.execute(pragma)
            saver = AsyncSqliteSaver(connection, serde=self._serde)
            await saver.setup()
        except aiosqlite.Error as error:
            raise StorageError(f"cannot open {self._database} for checkpoints: {error}",
                               cure="check the path and who may write there", code="storage.unreachable") from error
        return saver

    async def _open_pool(self) -> AsyncConnectionPool[AsyncConnection[dict[str, Any]]]:
        try:
            await self._set_up()
        except OperationalError as error:
            raise StorageError(f"cannot use {self._database}: {str(error).strip()}",
                               cure="check that the server runs and that PYSCRAI_DATABASE_URL is right",
                               code="storage.unreachable") from error
        pool: AsyncConnectionPool[AsyncConnection[dict[str, Any]]] = AsyncConnectionPool(
            self._database.dsn, min_size=1, max_size=self._pool_size, kwargs=CONNECTION, open=False,
            check=AsyncConnectionPool.check_connection)
        await pool.open()
        return pool

    async def _set_up(self) -> None:
        async with await AsyncConnection.connect(self._database.dsn, **CONNECTION) as connection:
            saver = AsyncPostgresSaver(connection, serde=self._serde)
            if await self._is_current(connection, len(saver.MIGRATIONS)):
                return
            # Asked for again and again instead of waited for: the saver creates indexes concurrently, which waits
            # for every transaction that is older, a waiting one included.
            while not await _value(connection, f"SELECT pg_try_advisory_lock({LOCK}) AS value"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            try:
                await saver.setup()
            finally:
                await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")

    @staticmethod
    async def _is_current(connection: AsyncConnection[dict[str, Any]], migrations: int) -> bool:
        if not await _value(connection, "SELECT to_regclass('checkpoint_migrations') IS NOT NULL AS value"):
            return False
        newest = await _value(connection, "SELECT max(v) AS value FROM checkpoint_migrations")
        return newest is not None and newest >= migrations - 1


async def _value(connection: AsyncConnection[dict[str, Any]], query: str) -> Any:
    row = await (await connection.execute(query)).fetchone()
    return row and row["value"]
