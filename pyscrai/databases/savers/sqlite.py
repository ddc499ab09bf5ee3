"""LangGraph's SQLite saver on our file."""

from __future__ import annotations

from typing import Self

import aiosqlite
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pyscrai.databases.session import PRAGMAS, Database
from pyscrai.errors import StorageError


class SqliteSavers:
    """One saver that all runs share."""

    def __init__(self, saver: AsyncSqliteSaver) -> None:
        self._saver = saver

    @classmethod
    async def open(cls, database: Database, serde: SerializerProtocol) -> Self:
        """Connect, and create the saver's tables where they are missing.

        Raises:
            StorageError: the file cannot be opened.
        """
        connection = await aiosqlite.connect(str(database.path))
        try:
            # The saver itself sets WAL only: it would give up at the first lock.
            for pragma in PRAGMAS:
                await connection.execute(pragma)
            saver = AsyncSqliteSaver(connection, serde=serde)
            await saver.setup()
        except aiosqlite.Error as error:
            await connection.close()
            raise StorageError(f"cannot open {database} for checkpoints: {error}",
                               cure="check the path and who may write there", code="storage.unreachable") from error
        return cls(saver)

    def saver(self) -> AsyncSqliteSaver:
        return self._saver

    async def close(self) -> None:
        await self._saver.conn.close()
