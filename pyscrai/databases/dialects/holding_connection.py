"""The connection of a saver with which a run plays: it can hold statements until they are one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pyscrai.databases.dialects.grouped_connection import GroupedConnection, Job, StatementConnection
from pyscrai.databases.entry import StateRecord

TOGETHER = "UPDATE"
"""How a transaction of several statements is announced: one that writes."""


class HoldingConnection(StatementConnection):
    """Over the connection of all runs.

    Args:
        record: writes what is held in one transaction with what happened in the run.
    """

    def __init__(self, connection: GroupedConnection, record: StateRecord | None) -> None:
        self._connection, self._record = connection, record
        self._held: list[Job] | None = None

    def submit(self, sql: str, job: Job) -> asyncio.Future[list[Any]]:
        if self._held is None:
            return self._connection.submit(sql, job)
        self._held.append(job)
        done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        done.set_result([])
        return done

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """A block whose statements are one transaction, durable when it is left; for one task at a time."""
        self._held = held = list[Job]()
        try:
            yield
        finally:
            self._held = None
        await self._write(held)

    async def _write(self, held: Sequence[Job]) -> None:
        def all_of_it(connection: sqlite3.Connection) -> list[Any]:
            for job in held:
                job(connection)
            return []

        if self._record is not None:
            await self._record.store(held)
        elif held:
            await self._connection.submit(TOGETHER, all_of_it)
