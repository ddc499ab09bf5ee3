"""LangGraph's SQLite saver on our file, over a connection that commits in groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Self, cast

import aiosqlite
from langgraph.checkpoint.base import WRITES_IDX_MAP, get_checkpoint_metadata
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pyscrai.databases.columns import to_json
from pyscrai.databases.dialects.grouped_connection import GroupedConnection
from pyscrai.databases.dialects.held_writes import PutCheckpoint, StatePart
from pyscrai.databases.dialects.patient_saver import PatientSaver
from pyscrai.databases.dialects.sqlite_file import SqliteFile
from pyscrai.databases.entry import StateWrite
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained

PUT_CHECKPOINT = ("INSERT OR REPLACE INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id,"
                  " type, checkpoint, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)")
CHANGE = "UPDATE"
"""How a transaction of several statements is announced: one that writes."""

WRITE = ("INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value)"
         " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")


class SqliteSaver(PatientSaver, AsyncSqliteSaver):
    """The saver of one run."""

    def state_writes(self, part: StatePart) -> Sequence[StateWrite]:
        place = part.config["configurable"]
        thread, namespace = place["thread_id"], place["checkpoint_ns"]
        if isinstance(part, PutCheckpoint):
            about = to_json(get_checkpoint_metadata(part.config, part.metadata)).encode()
            return [_rows(PUT_CHECKPOINT, [(thread, namespace, part.checkpoint["id"], place.get("checkpoint_id"),
                                            *self.serde.dumps_typed(part.checkpoint), about)])]
        if not part.writes:
            return ()
        again = all(channel in WRITES_IDX_MAP for channel, _ in part.writes)
        return [_rows(f"INSERT OR {'REPLACE' if again else 'IGNORE'} {WRITE}", [
            (thread, namespace, place["checkpoint_id"], part.task_id, part.task_path,
             WRITES_IDX_MAP.get(channel, index), channel, *self.serde.dumps_typed(value))
            for index, (channel, value) in enumerate(part.writes)])]

    async def write(self, state: Sequence[StateWrite]) -> None:
        def all_of_it(connection: sqlite3.Connection) -> list[Any]:
            for write in state:
                write(connection)
            return []

        await cast(GroupedConnection, self.conn).submit(CHANGE, all_of_it)


def _rows(sql: str, rows: Sequence[tuple[Any, ...]]) -> StateWrite:
    return lambda connection: connection.executemany(sql, rows)


class SqliteSavers:
    """A saver for each run over one connection: a saver's lock would make runs wait for each other."""

    def __init__(self, dialect: SqliteFile, connection: GroupedConnection, serde: SerializerProtocol,
                 patience: Patience) -> None:
        self._connection = connection
        self._unused = SqliteSaver(cast(aiosqlite.Connection, connection), serde=serde)
        self._unused.is_setup = True
        self._unused.patience, self._unused.explain = patience, dialect.explain

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
        return self._unused.another()

    async def close(self) -> None:
        await self._connection.close()
