"""A SQLite connection for LangGraph's saver that commits in groups: the part of aiosqlite's interface that it uses.

aiosqlite hands every call to its thread on its own: a checkpoint costs seven hops and two commits. Here a statement
is one hop that brings its rows back with it, whatever waits shares one transaction, and ``commit`` has nothing left
to do, because a write answers when its transaction is durable.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, Self

import structlog

from pyscrai.databases.batch import take_batch

LARGEST_GROUP = 128

CLOSING = 10.0
"""Seconds that the thread is given to finish what was handed over."""

Job = Callable[[sqlite3.Connection], list[Any]]
Waiting = tuple[Job, asyncio.Future[list[Any]], bool]
"""What to do, whom to tell, and whether it writes."""
Results = list[tuple[asyncio.Future[list[Any]], "list[Any] | BaseException"]]

_log = structlog.get_logger("pyscrai.databases.checkpoints")


class GroupedConnection:
    """One thread and one connection for the checkpoints of all runs.

    Args:
        connect: opens the connection, on the thread; made again when the one before broke.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pyscrai-checkpoints", daemon=True)
        self._thread.start()

    def submit(self, sql: str, job: Job) -> asyncio.Future[list[Any]]:
        """Let the thread do a statement's job within its next transaction; the rows that it gives."""
        done: asyncio.Future[list[Any]] = self._loop.create_future()
        self._queue.put((job, done, not sql.lstrip().startswith(("SELECT", "WITH"))))
        return done

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Executing:
        """Run a statement: awaited, or as an asynchronous context manager, it gives a cursor with the rows."""
        return _Executing(Cursor(self), sql, parameters)

    def cursor(self) -> _Opening:
        """A cursor, as an asynchronous context manager."""
        return _Opening(Cursor(self))

    async def commit(self) -> None:
        """Nothing is left to commit."""

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    async def close(self) -> None:
        """Finish what was handed over, then end; a disk that does not answer is not waited for."""
        self._queue.put(None)
        if not await asyncio.to_thread(self._ended.wait, CLOSING):
            _log.error("checkpoints.cut_off")

    # -- on the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            while (group := take_batch(self._queue, LARGEST_GROUP)) is not None:
                try:
                    connection = connection or self._connect()
                    results = self._perform(connection, group)
                    if any(isinstance(result, sqlite3.DatabaseError) for _, result in results):
                        _close(connection)
                        connection = None
                except Exception as error:
                    results = [(done, error) for _, done, _ in group]
                self._deliver(results)
        finally:
            _close(connection)
            self._ended.set()

    def _perform(self, connection: sqlite3.Connection, group: list[Waiting]) -> Results:
        results: Results = []
        failed = None
        try:
            connection.execute("BEGIN IMMEDIATE" if any(writes for _, _, writes in group) else "BEGIN")
            for job, done, _ in group:
                try:
                    results.append((done, job(connection)))
                except Exception as error:
                    failed = error
                    break
            if failed is None:
                connection.execute("COMMIT")
                return results
        except Exception as error:
            _roll_back(connection)
            return [(done, error) for _, done, _ in group]
        _roll_back(connection)
        if len(group) == 1:
            return [(group[0][1], failed)]
        # One of them cannot be done: the others shall not suffer for it.
        return [result for waiting in group for result in self._perform(connection, [waiting])]

    def _deliver(self, results: Results) -> None:
        def settle() -> None:
            for done, result in results:
                if done.done():
                    continue
                if isinstance(result, BaseException):
                    done.set_exception(result)
                else:
                    done.set_result(result)

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:
            # The loop ended without closing the connection: there is nobody left to tell.
            _log.warning("checkpoints.unheard", results=len(results))


def _roll_back(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.rollback()


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):
            connection.close()


class Cursor:
    """The rows of the last statement, already fetched."""

    def __init__(self, connection: GroupedConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement."""
        self._rows = await self._connection.submit(
            sql, lambda connection: connection.execute(sql, parameters).fetchall())
        return self

    async def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.pop(0) if self._rows else None

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows, self._rows = self._rows, []
        return rows

    async def __aiter__(self) -> AsyncIterator[Any]:
        rows, self._rows = self._rows, []
        for row in rows:
            yield row


class _Opening:
    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Cursor:
        return self._cursor

    async def __aexit__(self, *_: object) -> None:
        return None


class _Executing(_Opening):
    def __init__(self, cursor: Cursor, sql: str, parameters: Sequence[Any]) -> None:
        super().__init__(cursor)
        self._sql, self._parameters = sql, parameters

    def __await__(self) -> Generator[Any, None, Cursor]:
        return self._cursor.execute(self._sql, self._parameters).__await__()

    async def __aenter__(self) -> Cursor:
        return await self._cursor.execute(self._sql, self._parameters)
