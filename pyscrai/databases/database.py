"""A database: its connections, its transactions, and its readiness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from pyscrai.databases.dialects.dialect import dialect_of
from pyscrai.databases.migrations.revision import REVISION
from pyscrai.databases.patience import DEFAULT, Patience
from pyscrai.databases.storage_errors import Explained
from pyscrai.open_files import database_connections

T = TypeVar("T")


class Database:
    """A SQLite file or a PostgreSQL database, by SQLAlchemy's asynchronous URL.

    Nothing is opened before the first transaction. One object serves a whole process.

    Args:
        patience: seconds that what a run records is held while storage is away.

    Raises:
        StorageError: the URL is of no kind that is known.
    """

    def __init__(self, url: str, *, patience: float = DEFAULT) -> None:
        self.dialect = dialect_of(url)
        self.patience = Patience(patience)
        self._engine = self.dialect.engine(*database_connections())
        self._reading: AsyncEngine = self._engine.execution_options(**self.dialect.reading)
        self._line = self.dialect.writers_line()

    @property
    def path(self) -> Path | None:
        """The file that holds it, where there is one."""
        return self.dialect.path

    def __str__(self) -> str:
        return self.dialect.name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: committed at the end, rolled back when an error leaves it.

        Raises:
            StorageError: the database cannot be reached, is locked, or lacks our tables.
        """
        with self._explained(others=True):
            async with (self._line, asyncio.timeout(self.dialect.session_timeout),
                        AsyncSession(self._engine, expire_on_commit=False) as session, session.begin()):
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; in SQLite it is one transaction, and never waits for one that writes.

        Raises:
            StorageError: as for ``session``.
        """
        with self._explained(others=True):
            async with AsyncSession(self._reading, expire_on_commit=False, autoflush=False) as session:
                yield session

    async def reading(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Read for a run that plays: while storage is away, it is tried again.

        Raises:
            StorageError: storage stayed away for longer than the database's patience.
        """
        async def once() -> T:
            async with self.read() as session:
                return await work(session)

        return await self.patience(once, "read")

    async def writing(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """One transaction of a run that plays; the work must be one that can be done twice.

        Raises:
            StorageError: storage stayed away for longer than the database's patience.
        """
        async def once() -> T:
            async with self.session() as session:
                return await work(session)

        return await self.patience(once, "write")

    async def prepare(self) -> None:
        """Make the database ready: create the file and its folder, bring the tables up to date.

        Safe when several processes do it at once; a look at one row when there is nothing to do.

        Raises:
            StorageError: unreachable, or made by a newer PyScrAI.
        """
        self.dialect.prepare()
        if await self.revision() == REVISION:
            return
        # Alembic costs a tenth of a second to import: only for those who migrate.
        from pyscrai.databases.migrations.migrate import upgrade

        await asyncio.to_thread(upgrade, self.dialect)

    async def revision(self) -> str | None:
        """The revision of the tables, or None where there are none.

        Raises:
            StorageError: the database cannot be reached.
        """
        with self._explained():
            async with self._reading.connect() as connection:
                if (await connection.execute(text(self.dialect.has_revision))).scalar() is None:
                    return None
                found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
                return found

    async def vacuum(self) -> None:
        """Give the room of what was deleted back to the disk.

        Raises:
            StorageError: the database cannot be used, or others keep it from being rewritten.
        """
        with self._explained():
            async with self._line:
                await self.dialect.vacuum(self._engine)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    def _explained(self, *, others: bool = False) -> Explained:
        return Explained(self.dialect.explain, others=others)
