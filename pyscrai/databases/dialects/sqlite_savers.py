"""LangGraph's SQLite saver on our file, over a connection that commits in groups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, cast

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pyscrai.databases.columns import to_json
from pyscrai.databases.dialects.grouped_connection import GroupedConnection, StatementConnection
from pyscrai.databases.dialects.holding_connection import HoldingConnection
from pyscrai.databases.dialects.patient_saver import PatientSaver
from pyscrai.databases.dialects.sqlite_file import SqliteFile
from pyscrai.databases.entry import StateRecord
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained

PUT_CHECKPOINT = ("INSERT OR REPLACE INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id,"
                  " type, checkpoint, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)")
WRITE = ("INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value)"
         " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")


class DirectSaver(AsyncSqliteSaver):
    """LangGraph's saver with what it writes handed over as rows: its lock and its cursors have nothing to do here."""

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                   new_versions: ChannelVersions) -> RunnableConfig:
        place = config["configurable"]
        thread, namespace = place["thread_id"], place["checkpoint_ns"]
        about = to_json(get_checkpoint_metadata(config, metadata)).encode()
        await self._hand_over(PUT_CHECKPOINT, [(thread, namespace, checkpoint["id"], place.get("checkpoint_id"),
                                          *self.serde.dumps_typed(checkpoint), about)])
        return {"configurable": {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str,
                          task_path: str = "") -> None:
        place = config["configurable"]
        again = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        await self._hand_over(f"INSERT OR {'REPLACE' if again else 'IGNORE'} {WRITE}", [
            (place["thread_id"], place["checkpoint_ns"], place["checkpoint_id"], task_id, task_path,
             WRITES_IDX_MAP.get(channel, index), channel, *self.serde.dumps_typed(value))
            for index, (channel, value) in enumerate(writes)])

    async def _hand_over(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        await cast(StatementConnection, self.conn).submit(
            sql, lambda connection: connection.executemany(sql, rows).fetchall())


class SqliteSaver(PatientSaver, DirectSaver):
    """The saver of one run."""

    def hold_writes(self, folded: Collection[str], record: StateRecord | None = None, *, is_new: bool = False) -> None:
        super().hold_writes(folded, is_new=is_new)
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
