"""A connection of aiosqlite on which a statement is one hop to its thread.

aiosqlite makes a cursor, runs the statement, fetches its rows and closes the cursor in a hop each, and a hop costs
more than most of our statements do. Here all of it is one; beginning a transaction goes along with its first
statement, and ending one that is over is none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")

AT_ONCE = 500
"""Rows that come back with the statement; more of them are another hop."""


class OneHopConnection(aiosqlite.Connection):
    """A connection for SQLAlchemy's aiosqlite dialect, which uses cursors, ``commit`` and ``rollback`` of it."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=AT_ONCE)
        self._thread.daemon = True
        self.begin: str | None = None
        """The statement that begins a transaction and is run in front of the next one."""
        self._asked = self._done = 0
        """Pieces of work that were handed to the thread, counted here, and that it did, counted there."""

    def cursor(self) -> OneHopCursor:  # type: ignore[override]
        return OneHopCursor(self)

    async def commit(self) -> None:
        if not self._is_over():
            await self.on_thread(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        if not self._is_over():
            await self.on_thread(sqlite3.Connection.rollback)

    async def on_thread(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Do a piece of work on the connection's thread."""
        connection = self._conn

        def counted() -> Any:
            try:
                return work(connection)
            finally:
                self._done += 1

        self._asked += 1
        return await self._execute(counted)  # type: ignore[no-untyped-call]

    async def with_cursor(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Do a piece of work with a cursor, within the transaction: any number of statements is one hop."""
        def opened(connection: sqlite3.Connection) -> T:
            self.begin_on(connection)
            with closing(connection.cursor()) as cursor:
                return work(cursor)

        done: T = await self.on_thread(opened)
        return done

    def begin_on(self, connection: sqlite3.Connection) -> None:
        """Begin the transaction if its first statement is about to be run; called on the thread."""
        begin, self.begin = self.begin, None
        if begin is not None:
            connection.execute(begin)

    def _is_over(self) -> bool:
        """Whether no transaction is open, and no statement that nobody waits for any more may open one."""
        self.begin = None
        return self._asked == self._done and self._connection is not None and not self._connection.in_transaction


class OneHopCursor:
    """A cursor that exists on the thread only while a statement gives more rows than come back at once."""

    arraysize = 1

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._open: sqlite3.Cursor | None = None
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement; its first rows come with it."""
        await self._connection.on_thread(partial(self._run, sqlite3.Cursor.execute, sql, parameters))
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        """Run a statement once for each row of parameters."""
        await self._connection.on_thread(partial(self._run, sqlite3.Cursor.executemany, sql, rows))
        return self

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows, self._rows = self._rows, []
        if (cursor := self._open) is not None:
            self._open = None
            rows += await self._connection.on_thread(lambda _: cursor.fetchall())
        return rows

    async def close(self) -> None:
        """Let go of the rows that are left."""
        self._rows = []
        if (cursor := self._open) is not None:
            self._open = None
            await self._connection.on_thread(lambda _: cursor.close())

    def _run(self, run: Callable[..., Any], sql: str, parameters: Any, connection: sqlite3.Connection) -> None:
        """Run a statement, on the thread."""
        self._connection.begin_on(connection)
        cursor = run(connection.cursor(), sql, parameters)
        self.description = cursor.description
        self._rows = cursor.fetchmany(AT_ONCE) if cursor.description else []
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        self._open = cursor if len(self._rows) == AT_ONCE else None


def one_hop(database: str, **options: Any) -> OneHopConnection:
    """A connection that opens when it is awaited; takes what ``sqlite3.connect`` does."""
    return OneHopConnection(partial(sqlite3.connect, database, **options))
