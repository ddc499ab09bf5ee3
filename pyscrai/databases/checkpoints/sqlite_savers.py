"""LangGraph's SQLite saver on our file, over a connection that commits in groups."""

from __future__ import annotations

from typing import Self, cast

import aiosqlite
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pyscrai.databases.checkpoints.grouped_connection import GroupedConnection
from pyscrai.databases.database import PRAGMAS, Database
from pyscrai.errors import StorageError


class SqliteSavers:
    """A saver for each run over one connection: a saver's lock would make runs wait for each other."""

    def __init__(self, connection: GroupedConnection, serde: SerializerProtocol) -> None:
        self._connection, self._serde = connection, serde

    @classmethod
    async def open(cls, database: Database, serde: SerializerProtocol) -> Self:
        """Create the saver's tables where they are missing, and connect.

        Raises:
            StorageError: the file cannot be opened.
        """
        assert database.path is not None
        try:
            async with aiosqlite.connect(database.path) as connection:
                # The saver itself sets WAL only: it would give up at the first lock.
                for pragma in PRAGMAS:
                    await connection.execute(pragma)
                await AsyncSqliteSaver(connection, serde=serde).setup()
        except aiosqlite.Error as error:
            raise StorageError(f"cannot open {database} for checkpoints: {error}",
                               cure="check the path and who may write there", code="storage.unreachable") from error
        return cls(GroupedConnection(database.path, PRAGMAS), serde)

    def saver(self) -> AsyncSqliteSaver:
        saver = AsyncSqliteSaver(cast(aiosqlite.Connection, self._connection), serde=self._serde)
        saver.is_setup = True
        return saver

    async def close(self) -> None:
        await self._connection.close()
