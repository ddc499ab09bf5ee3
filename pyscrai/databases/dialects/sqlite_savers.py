"""LangGraph's SQLite saver on our file, over a connection that commits in groups."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Self, cast

import aiosqlite
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pyscrai.databases.dialects.grouped_connection import GroupedConnection
from pyscrai.databases.dialects.holding_connection import HoldingConnection
from pyscrai.databases.dialects.patient_saver import PatientSaver
from pyscrai.databases.dialects.sqlite_file import SqliteFile
from pyscrai.databases.entry import StateRecord
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained


class SqliteSaver(PatientSaver, AsyncSqliteSaver):
    """The saver of one run."""

    def hold_writes(self, folded: Collection[str], record: StateRecord | None = None) -> None:
        super().hold_writes(folded)
        self.conn = cast(aiosqlite.Connection, HoldingConnection(cast(GroupedConnection, self.conn), record))
        if record is not None:
            record.goes_with_state = True

    def together(self) -> AbstractAsyncContextManager[None]:
        return cast(HoldingConnection, self.conn).together()


class SqliteSavers:
    """A saver for each run over one connection: a saver's lock would make runs wait for each other."""

    def __init__(self, dialect: SqliteFile, connection: GroupedConnection, serde: SerializerProtocol,
                 patience: Patience) -> None:
        self._dialect, self._connection, self._serde, self._patience = dialect, connection, serde, patience

    @classmethod
    async def open(cls, dialect: SqliteFile, serde: SerializerProtocol, patience: Patience) -> Self:
        """Create the saver's tables where they are missing, and connect.

        Raises:
            StorageError: the file cannot be opened.
        """
        with Explained(dialect.explain):
            if not dialect.reads_only():
                async with aiosqlite.connect(dialect.file) as connection:
                    # The saver itself sets WAL only: it would give up at the first lock.
                    for pragma in dialect.pragmas():
                        await connection.execute(pragma)
                    await AsyncSqliteSaver(connection, serde=serde).setup()
        return cls(dialect, GroupedConnection(dialect.connect), serde, patience)

    def saver(self) -> SqliteSaver:
        saver = SqliteSaver(cast(aiosqlite.Connection, self._connection), serde=self._serde)
        saver.is_setup = True
        saver.patience, saver.explain = self._patience, self._dialect.explain
        return saver

    async def close(self) -> None:
        await self._connection.close()
