"""The connection of a saver with which a run plays: what tasks wrote is stored with the next statement that is run."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from pyscrai.databases.dialects.grouped_connection import GroupedConnection, Job, StatementConnection
from pyscrai.databases.dialects.held_writes import HeldWrites

HELD = "INSERT OR IGNORE INTO writes"
"""How the statement of what a task wrote begins; what interrupts or fails a task begins otherwise and is not held."""

NOTHING = "UPDATE writes SET idx = idx WHERE 0"
"""A statement that stores what is held and nothing else."""


class HoldingConnection(StatementConnection):
    """Over the connection of all runs. What is held is one transaction with the statement that it waited for."""

    def __init__(self, connection: GroupedConnection, held: HeldWrites[Job]) -> None:
        self._connection, self._held = connection, held

    def submit(self, sql: str, job: Job) -> asyncio.Future[list[Any]]:
        if sql.startswith(HELD):
            self._held.hold(job)
            done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
            done.set_result([])
            return done
        held = self._held.take()
        if not held:
            return self._connection.submit(sql, job)

        def all_of_it(connection: sqlite3.Connection) -> list[Any]:
            for one in held:
                one(connection)
            return job(connection)

        def settle(future: asyncio.Future[list[Any]]) -> None:
            if future.cancelled() or future.exception() is not None:
                self._held.give_back(held)

        stored = self._connection.submit(NOTHING, all_of_it)
        stored.add_done_callback(settle)
        return stored
