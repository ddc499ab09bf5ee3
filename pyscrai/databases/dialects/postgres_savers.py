"""LangGraph's PostgreSQL saver over a pool of connections."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

from langgraph.checkpoint.base import WRITES_IDX_MAP, get_serializable_checkpoint_metadata
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from pyscrai.databases.columns import to_json
from pyscrai.databases.dialects.grouped_writes import GroupedWrites
from pyscrai.databases.dialects.held_writes import PutCheckpoint, StatePart, TaskWrites
from pyscrai.databases.dialects.many_rows import Statement
from pyscrai.databases.dialects.patient_saver import PatientSaver
from pyscrai.databases.dialects.postgres_server import PostgresServer
from pyscrai.databases.entry import StateWrite
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained

LOCK = 0x7079_7363_7261_6902
"""The advisory lock of those who set the saver's tables up."""

CONNECTION: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
"""What the saver asks of its connections."""

WAITING = 30.0
"""Seconds that a saver waits for a connection to become free."""

CLOSING = 5.0
"""Seconds that the pool's own tasks are given to end."""

PLAIN = frozenset({type(None), bool, int, float, str})
STORED_PLAIN = (str, int, float)
"""Values that stand in the checkpoint itself: the types of nearly all, and of those that are derived from them."""

Row = dict[str, Any]


class PostgresSaver(PatientSaver, AsyncPostgresSaver):
    """The saver of one run: what it writes goes along with what others write at the time.

    It encodes where it is: LangGraph's own takes two hops to threads for each turn.
    """

    writes: GroupedWrites

    def state_writes(self, part: StatePart) -> Sequence[StateWrite]:
        found = self._checkpoint(part) if isinstance(part, PutCheckpoint) else self._of_task(part)
        return [partial(_put, statement) for statement in found]

    async def write(self, state: Sequence[StateWrite]) -> None:
        statements: list[Statement] = []
        for write in state:
            write(statements)
        if statements:
            await self.writes.write(statements)

    def _checkpoint(self, put: PutCheckpoint) -> list[Statement]:
        place, checkpoint = put.config["configurable"], put.checkpoint
        thread, namespace = place["thread_id"], place["checkpoint_ns"]
        plain = {name: value for name, value in checkpoint["channel_values"].items()
                 if type(value) in PLAIN or isinstance(value, STORED_PLAIN)}
        blobs = {name: value for name, value in checkpoint["channel_values"].items() if name not in plain}
        # Where a channel made of what was written to it stands whole, the checkpoint says so.
        whole = {name: True for name, value in blobs.items() if isinstance(value, _DeltaSnapshot)}
        versions = {name: version for name, version in put.new_versions.items() if name in blobs}
        statements: list[Statement] = []
        if versions:
            statements += [(self.UPSERT_CHECKPOINT_BLOBS_SQL, row)
                           for row in self._dump_blobs(thread, namespace, blobs, versions)]
        statements.append((self.UPSERT_CHECKPOINTS_SQL, (
            thread, namespace, checkpoint["id"], place.get("checkpoint_id"),
            to_json({**checkpoint, "channel_values": {**plain, **whole}}),
            to_json(get_serializable_checkpoint_metadata(put.config, put.metadata)))))
        return statements

    def _of_task(self, part: TaskWrites) -> list[Statement]:
        place = part.config["configurable"]
        again = all(channel in WRITES_IDX_MAP for channel, _ in part.writes)
        sql = self.UPSERT_CHECKPOINT_WRITES_SQL if again else self.INSERT_CHECKPOINT_WRITES_SQL
        return [(sql, row) for row in self._dump_writes(
            place["thread_id"], place["checkpoint_ns"], place["checkpoint_id"], part.task_id, part.task_path,
            part.writes)]


def _put(statement: Statement, statements: list[Statement]) -> None:
    statements.append(statement)


class PostgresSavers:
    """A saver for each run: a saver holds a lock of its own, and one for all would make runs wait for each other."""

    def __init__(self, dialect: PostgresServer, pool: AsyncConnectionPool[AsyncConnection[Row]],
                 serde: SerializerProtocol, patience: Patience) -> None:
        self._pool = pool
        self._writes = GroupedWrites(dialect.dsn, timeout=dialect.session_timeout or WAITING)
        self._unused = PostgresSaver(pool, serde=serde)
        self._unused.patience, self._unused.explain = patience, dialect.explain
        self._unused.timeout, self._unused.writes = dialect.session_timeout, self._writes

    @classmethod
    async def open(cls, dialect: PostgresServer, serde: SerializerProtocol, patience: Patience, *, pool_size: int
                   ) -> Self:
        """Connect, and bring the saver's tables up to date.

        Raises:
            StorageError: the server cannot be reached.
        """
        with Explained(dialect.explain):
            await _set_up(dialect.dsn, serde)
        pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            dialect.dsn, min_size=1, max_size=pool_size, kwargs=CONNECTION, open=False, timeout=WAITING,
            check=AsyncConnectionPool.check_connection)
        await pool.open()
        return cls(dialect, pool, serde, patience)

    def saver(self) -> PostgresSaver:
        return self._unused.another()

    async def close(self) -> None:
        await self._writes.close()
        await self._pool.close(timeout=CLOSING)


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
