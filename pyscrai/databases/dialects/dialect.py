"""What differs between the kinds of database, chosen once by the URL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from pyscrai.databases.dialects.postgres import PostgresDialect
from pyscrai.databases.dialects.sqlite import SqliteDialect
from pyscrai.databases.entry import Sink
from pyscrai.databases.patience import Patience
from pyscrai.errors import StorageError


class Savers(Protocol):
    """LangGraph's savers for one database."""

    def saver(self) -> BaseCheckpointSaver[str]: ...

    async def close(self) -> None: ...


class Dialect(Protocol):
    """One database of one kind: how it is connected to, asked, locked, written to, and what its errors mean."""

    url: URL
    name: str
    """The database as it is shown to people, without a password."""
    path: Path | None
    """The file that holds it, where there is one."""
    has_revision: str
    """SQL that gives a row where the tables were created."""
    sizes: str
    """SQL that gives each table with the bytes that it and its indexes take."""
    writes_table: str
    """Where LangGraph's saver keeps what tasks wrote."""
    packable: Sequence[tuple[str, str]]
    """The saver's tables with a rowid, and the column of a value that nobody but the saver reads."""
    lock_texts: str | None
    """SQL that keeps others from storing texts until the transaction ends; None where only one can write anyway."""
    session_timeout: float | None
    """Seconds that one transaction which writes may take, where the database could leave its client without an
    answer."""

    reading: Mapping[str, Any]
    """The engine's execution options for transactions that only read."""
    order_events: str | None
    """SQL with which a transaction begins that adds events, so that their ids become visible in their order; None where
    there is one writer at a time."""

    def engine(self, kept: int, more: int) -> AsyncEngine:
        """SQLAlchemy's engine.

        Args:
            kept: connections that stay open.
            more: connections that may be opened beside them when all are busy.
        """
        ...

    def writers_line(self) -> AbstractAsyncContextManager[object]:
        """The lock that a transaction which writes holds while it runs."""
        ...

    def prepare(self) -> None:
        """Make whatever must exist before the first connection.

        Raises:
            StorageError: it cannot be made.
        """
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """A transaction that keeps out everybody else who migrates."""
        ...

    tell_of_limits: str | None
    """SQL that tells all processes to take their parts of a model's limits again; None where nothing can be told."""

    def wakeups(self) -> AsyncIterator[str]:
        """Notices of other processes: ``runs`` may be due, ``limits`` are to be taken again; ``all`` where something
        may have been missed. Nothing where the database does not tell.
        """
        ...

    async def vacuum(self, engine: AsyncEngine) -> None:
        """Give the room of what was deleted back to the disk."""
        ...

    async def backup(self, target: Path) -> None:
        """Write all of the database into a file, while it is used.

        Raises:
            StorageError: it cannot be read or written.
            ConfigError: a program that this needs is missing.
        """
        ...

    def explain(self, error: BaseException) -> StorageError | None:
        """The meaning of a driver's error to a person, or None where it is a mistake of the program."""
        ...

    def sink(self) -> Sink:
        """The sink that writes the record."""
        ...

    async def savers(self, serde: SerializerProtocol, patience: Patience, *, pool_size: int) -> Savers:
        """Connect the savers, and bring their tables up to date. What they write waits while storage is away.

        Raises:
            StorageError: the database cannot be reached.
        """
        ...


KINDS: dict[str, Callable[[URL], Dialect]] = {
    SqliteDialect.driver: SqliteDialect,
    PostgresDialect.driver: PostgresDialect,
}


def dialect_of(url: str) -> Dialect:
    """The dialect for a database URL.

    Raises:
        StorageError: the URL is of no known kind.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError("the database URL cannot be read", cure="write sqlite+aiosqlite:///FILE or "
                           "postgresql+psycopg://USER@HOST/NAME", code="storage.url") from error
    kind = KINDS.get(parsed.drivername)
    if kind is None:
        raise StorageError(f"a database of the kind {parsed.drivername!r} is not known",
                           cure=f"use {' or '.join(KINDS)}", code="storage.url")
    return kind(parsed)
