"""Statements handed to the driver as they are, compiled once: no type of ours and no result object in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Change = Insert | Update | Delete


async def driver_rows(session: AsyncSession, statements: Sequence[Select[Any]], values: Mapping[str, Any]
                      ) -> Sequence[Rows]:
    """The rows of each statement, within the session's transaction.

    Args:
        statements: they stand at the top of a module, or are made once: each is compiled for as long as it is known.
        values: their parameters by name, as the driver takes them.
    """
    def fetch(cursor: Any, dialect: Dialect) -> Sequence[Rows]:
        found = []
        for statement in statements:
            sql, given = _compiled(statement, dialect)
            cursor.execute(sql, given(values))
            found.append(cursor.fetchall())
        return found

    return await _with_cursor(session, fetch)


async def driver_write(session: AsyncSession, steps: Iterable[tuple[Change, Sequence[Mapping[str, Any]]]]) -> None:
    """Run each statement once for each of its parameters, within the session's transaction.

    Args:
        steps: statements as for ``driver_rows``, and their parameters, again as the driver takes them.
    """
    def write(cursor: Any, dialect: Dialect) -> None:
        for statement, rows in steps:
            sql, given = _compiled(statement, dialect)
            cursor.executemany(sql, list(map(given, rows)))

    await _with_cursor(session, write)


async def _with_cursor(session: AsyncSession, work: Callable[[Any, Dialect], T]) -> T:
    def with_cursor(connection: Connection) -> T:
        cursor = connection.connection.cursor()
        try:
            return work(cursor, connection.dialect)
        finally:
            cursor.close()

    return await (await session.connection()).run_sync(with_cursor)


@lru_cache(maxsize=256)
def _compiled(statement: Select[Any] | Change, dialect: Dialect
              ) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """The SQL of a statement, and what makes values into its parameters: by name, or by place."""
    compiled: Any = statement.compile(dialect=dialect)
    own, places = compiled.params, compiled.positiontup
    if places is None:
        return str(compiled), lambda values: {name: values.get(name, value) for name, value in own.items()}
    return str(compiled), lambda values: tuple(values[name] if name in values else own[name] for name in places)
