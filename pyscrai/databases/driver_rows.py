"""Statements handed to the driver as they are, compiled once: no type of ours and no result object in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache, lru_cache
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Change = Insert | Update | Delete

RUNS_AT_ONCE = 8
"""Runs whose rows are asked for together: a hop is much for the rows of one, and the rows of all are much to hold."""


@runtime_checkable
class Pipelined(Protocol):
    """A connection of a driver that sends statements together and waits once for all of them."""

    def pipeline(self) -> AbstractAsyncContextManager[Any]: ...

    def cursor(self) -> Any: ...

    async def execute(self, sql: Any, values: Any) -> Any: ...


@runtime_checkable
class OnOneThread(Protocol):
    """A connection of a driver whose statements run on a thread, to which any number of them is one hop."""

    async def with_cursor(self, work: Callable[[Any], T]) -> T: ...


async def driver_rows(session: AsyncSession, asked: Iterable[tuple[Select[Any], Mapping[str, Any]]]
                      ) -> Sequence[Rows]:
    """The rows of each statement, within the session's transaction: any number of them is asked for at once.

    Args:
        asked: statements, which stand at the top of a module or are made once, since each is compiled for as long as
            it is known; and their parameters by name, as the driver takes them.
    """
    connection = await session.connection()
    dialect = connection.dialect
    made = []
    for statement, values in asked:
        sql, given = _compiled(statement, dialect)
        made.append((sql, given(values)))
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if len(made) > 1 and _is(Pipelined, raw):
        async with raw.pipeline():
            cursors = [await raw.execute(*one) for one in made]
        return [await cursor.fetchall() for cursor in cursors]

    def fetch(cursor: Any) -> Sequence[Rows]:
        found = []
        for one in made:
            cursor.execute(*one)
            found.append(cursor.fetchall())
        return found

    return await _with_cursor(connection, raw, fetch)


def in_groups(ids: Collection[str], most: int) -> Iterator[Sequence[str]]:
    """The ids in groups of so many."""
    ordered = tuple(ids)
    return (ordered[start:start + most] for start in range(0, len(ordered), most))


async def driver_write(session: AsyncSession, steps: Iterable[tuple[Change, Sequence[Mapping[str, Any]]]]) -> None:
    """Run each statement once for each of its parameters, within the session's transaction.

    Args:
        steps: statements as for ``driver_rows``, and their parameters, again as the driver takes them.
    """
    connection = await session.connection()
    made = []
    for statement, rows in steps:
        sql, given = _compiled(statement, connection.dialect)
        made.append((sql, list(map(given, rows))))
    raw: Any = (await connection.get_raw_connection()).driver_connection
    if _is(Pipelined, raw):
        async with raw.pipeline(), raw.cursor() as cursor:
            for one in made:
                await cursor.executemany(*one)
        return

    def write(cursor: Any) -> None:
        for one in made:
            cursor.executemany(*one)

    await _with_cursor(connection, raw, write)


async def _with_cursor(connection: AsyncConnection, raw: Any, work: Callable[[Any], T]) -> T:
    if _is(OnOneThread, raw):
        done: T = await raw.with_cursor(work)
        return done

    def with_cursor(connection: Connection) -> T:
        cursor = connection.connection.cursor()
        try:
            return work(cursor)
        finally:
            cursor.close()

    return await connection.run_sync(with_cursor)


def _is(protocol: type, connection: object) -> bool:
    return _are(protocol, cast(Hashable, type(connection)))


@cache
def _are(protocol: type, kind: type) -> bool:
    """Whether the connections of a class are such; to look for the methods of a Protocol takes its time."""
    return issubclass(kind, protocol)


@lru_cache(maxsize=256)
def _compiled(statement: Select[Any] | Change, dialect: Dialect
              ) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """The SQL of a statement, and what makes values into its parameters: by name, or by place."""
    compiled: Any = statement.compile(dialect=dialect)
    own, places = compiled.params, compiled.positiontup
    if places is None:
        return str(compiled), lambda values: {name: values.get(name, value) for name, value in own.items()}
    return str(compiled), lambda values: tuple(map({**own, **values}.__getitem__, places))
