"""A database: its connections, its transactions, and its readiness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from pyscrai.databases.columns import to_json
from pyscrai.databases.migrations.revision import REVISION
from pyscrai.databases.storage_errors import Explained
from pyscrai.errors import StorageError

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+psycopg"

PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)
"""What every connection of ours to a SQLite file sets; the first of them lets the second wait for its lock."""


class Database:
    """A SQLite file or a PostgreSQL database, by SQLAlchemy's asynchronous URL.

    Nothing is opened before the first transaction. One object serves a whole process.

    Raises:
        StorageError: the URL is of no kind that is known.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.drivername == SQLITE
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 20, "pool_timeout": 30}
        if self.is_sqlite:
            # BEGIN is ours: the driver's own is deferred, and a transaction that reads before it writes would then
            # fail at once whenever another one wrote in between.
            pool["connect_args"] = {"isolation_level": None}
        else:
            pool["pool_pre_ping"] = True
        self._engine = create_async_engine(self.url, json_serializer=to_json, **pool)
        # SQLite has one writer at a time, and those who wait for it ask again and again, in no order. Within a process
        # they wait in line instead; PostgreSQL needs no line.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._reading: AsyncEngine = self._engine.execution_options(pyscrai_reads=True)
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _set_pragmas)
            event.listen(self._engine.sync_engine, "begin", _begin)

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        return Path(str(self.url.database)) if self.is_sqlite else None

    @property
    def dsn(self) -> str:
        """The PostgreSQL URL as libpq takes it, with its password: never show it."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def __str__(self) -> str:
        return str(self.path) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: committed at the end, rolled back when an error leaves it.

        Raises:
            StorageError: the database cannot be reached, is locked, or has not our tables.
        """
        with self._explained():
            async with self._turn, AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One transaction that only reads; in SQLite it never waits for one that writes.

        Raises:
            StorageError: as for ``session``.
        """
        with self._explained():
            async with AsyncSession(self._reading, expire_on_commit=False, autoflush=False) as session:
                yield session

    async def prepare(self) -> None:
        """Make the database ready: create the file and its folder, bring the tables up to date.

        Safe when several processes do it at once; a look at one row when there is nothing to do.

        Raises:
            StorageError: unreachable, or made by a newer PyScrAI.
        """
        if self.path is not None:
            self._make_folder(self.path.parent)
        if await self.revision() == REVISION:
            return
        # Alembic costs a tenth of a second to import: only for those who migrate.
        from pyscrai.databases.migrations.migrate import upgrade

        await asyncio.to_thread(upgrade, self.url)

    async def revision(self) -> str | None:
        """The revision of the tables, or None where there are none.

        Raises:
            StorageError: the database cannot be reached.
        """
        with self._explained():
            async with self._reading.connect() as connection:
                if not await _has_revision(connection, sqlite=self.is_sqlite):
                    return None
                found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
                return found

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make the folder {folder}: {error.strerror}",
                               cure="set PYSCRAI_DATABASE_URL or PYSCRAI_DATA_DIR to a place that can be written"
                               ) from error

    def _explained(self) -> Explained:
        return Explained(str(self), sqlite=self.is_sqlite)


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError("the database URL cannot be read", cure="write sqlite+aiosqlite:///FILE or "
                           "postgresql+psycopg://USER@HOST/NAME", code="storage.url") from error
    if parsed.drivername not in (SQLITE, POSTGRESQL):
        raise StorageError(f"a database of the kind {parsed.drivername!r} is not known",
                           cure=f"use {SQLITE} or {POSTGRESQL}", code="storage.url")
    if parsed.drivername == SQLITE and (parsed.database or ":memory:") == ":memory:":
        raise StorageError("a SQLite database in memory cannot be shared by the connections that a run needs",
                           cure="name a file; one in a temporary folder will do", code="storage.url")
    return parsed


def _set_pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("pyscrai_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


async def _has_revision(connection: AsyncConnection, *, sqlite: bool) -> bool:
    query = ("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'" if sqlite
             else "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL")
    return (await connection.execute(text(query))).scalar() is not None
