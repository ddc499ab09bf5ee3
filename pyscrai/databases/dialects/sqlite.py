"""SQLite: one file, one writer at a time."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.columns import MILLISECOND, from_json, to_json
from pyscrai.databases.dialects.one_hop_connection import OneHopConnection, one_hop
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained, busy, damaged, full, locked, reason_of, schema, unreachable
from pyscrai.errors import StorageError

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from pyscrai.databases.dialects.sqlite_savers import SqliteSavers
    from pyscrai.databases.dialects.sqlite_sink import SqliteSink

PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA foreign_keys=ON",
)
"""What every connection of ours to a SQLite file sets; the first of them lets the second wait for its lock.

SQLite moves its log into the file every 1,000 pages. Many runs write the same pages again and again: at 4,000 (16 MB)
fewer of them are moved, and commits wait a quarter as often for the disk.
"""

READING_PRAGMAS = ("PRAGMA busy_timeout=10000", "PRAGMA query_only=ON")
"""What a connection sets to a file that this process may not write to."""


class SqliteDialect:
    """A SQLite file."""

    driver = "sqlite+aiosqlite"
    has_revision = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    sizes = ("SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name"
             " WHERE m.tbl_name NOT LIKE 'sqlite_%' GROUP BY m.tbl_name")
    writes_table = "writes"
    packable: Sequence[tuple[str, str]] = (("checkpoints", "checkpoint"), ("writes", "value"))
    lock_texts: str | None = None
    session_timeout: float | None = None
    reading: Mapping[str, Any] = MappingProxyType({"pyscrai_reads": True})
    order_events: str | None = None
    tell_of_limits: str | None = None

    def __init__(self, url: URL) -> None:
        if (url.database or ":memory:") == ":memory:":
            raise StorageError("a SQLite database in memory cannot be shared by the connections that a run needs",
                               cure="name a file; one in a temporary folder will do", code="storage.url")
        self.url = url
        self.file = Path(str(url.database))
        self.path: Path | None = self.file
        self.name = str(self.file)

    def engine(self, kept: int, more: int) -> AsyncEngine:
        # BEGIN is ours: the driver's own is deferred, and a transaction that reads before it writes would then
        # fail at once whenever another one wrote in between.
        engine = create_async_engine(self.url, json_serializer=to_json, json_deserializer=from_json,
                                     pool_size=kept, max_overflow=more,
                                     pool_timeout=30,
                                     connect_args={"isolation_level": None, "async_creator_fn": one_hop})
        event.listen(engine.sync_engine, "do_connect", self._connect)
        event.listen(engine.sync_engine, "connect", self._set_up)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine

    def writers_line(self) -> AbstractAsyncContextManager[object]:
        # SQLite has one writer at a time, and those who wait for it ask again and again, in no order. Within a process
        # they wait in line instead.
        return asyncio.Lock()

    def prepare(self) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make the folder {self.file.parent}: {error.strerror}",
                               cure="set PYSCRAI_DATABASE_URL or PYSCRAI_DATA_DIR to a place that can be written"
                               ) from error

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        engine = create_engine(self.url.set(drivername="sqlite"),
                               connect_args={"isolation_level": None, "timeout": 60})
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        # Stays with the file; it cannot be set within a transaction.
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    async def wakeups(self) -> AsyncIterator[str]:
        nothing: tuple[str, ...] = ()
        for each in nothing:
            yield each

    async def vacuum(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            for statement in ("VACUUM", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"):
                await (await raw.execute(statement)).close()

    async def backup(self, target: Path) -> None:
        def copy() -> None:
            with closing(self.connect()) as source, closing(sqlite3.connect(target)) as copied:
                source.backup(copied, pages=10_000)

        with Explained(self.explain):
            await asyncio.to_thread(copy)

    def explain(self, error: BaseException) -> StorageError | None:
        if isinstance(error, PoolTimeout):
            return busy(self.name)
        reason = reason_of(error)
        low = reason.lower()
        if "is locked" in low:
            return locked(self.name)
        if "no such table" in low or "no such column" in low:
            return schema(self.name)
        if "not a database" in low or "malformed" in low:
            return damaged(self.name)
        if "is full" in low or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
            return full(f"the disk of {self.file.absolute()}")
        if "readonly" in low:
            return StorageError(f"{self.name} can be read and not written to", cure="check who may write there, or set "
                                "PYSCRAI_DATABASE_URL", code="storage.readonly")
        if "unable to open" in low or isinstance(error, OSError):
            return StorageError(f"cannot open {self.name} for writing: {reason}", cure="check the path and who may "
                                "write there, or set PYSCRAI_DATABASE_URL", code="storage.unreachable")
        driver = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(driver, sqlite3.OperationalError) and not getattr(driver, "sqlite_errorname", "").startswith(
                "SQLITE_ERROR"):
            return unreachable(self.name, reason)  # an I/O error, say
        return None

    def sink(self) -> SqliteSink:
        from pyscrai.databases.dialects.sqlite_sink import SqliteSink

        return SqliteSink(self)

    async def savers(self, serde: SerializerProtocol, patience: Patience, *, pool_size: int) -> SqliteSavers:
        # Imported here: LangGraph's saver costs start-up time that who only reads events need not wait for.
        from pyscrai.databases.dialects.sqlite_savers import SqliteSavers

        return await SqliteSavers.open(self, serde, patience)

    def _connect(self, dialect: object, record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        if self.reads_only():
            arguments[0] = _reading_uri(self.file)
            options["uri"] = True

    def _set_up(self, connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in self.pragmas():
            cursor.execute(pragma)
        cursor.close()

    def pragmas(self) -> tuple[str, ...]:
        """The statements that a connection to the file begins with."""
        return READING_PRAGMAS if self.reads_only() else PRAGMAS

    def connect(self) -> sqlite3.Connection:
        """A connection of its own, for a thread that does nothing else."""
        where = _reading_uri(self.file) if self.reads_only() else self.file
        connection = sqlite3.connect(where, isolation_level=None, cached_statements=64, uri=isinstance(where, str))
        try:
            for pragma in self.pragmas():
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    def reads_only(self) -> bool:
        """Whether the file is there and this process may not write to it."""
        return is_read_only(self.file)


@cache
def is_read_only(file: Path) -> bool:
    """Whether a file is there and may not be written to, asked once in a process, before SQLite has it open.

    Asking opens and closes it, since ``os.access`` would block the loop of LangGraph's server. On POSIX a process that
    closes a file loses every lock that it holds on it, SQLite's too: whoever else had the database open and left it
    would then take the log away from under us.
    """
    try:
        os.close(os.open(file, os.O_RDWR))
    except FileNotFoundError:
        return False
    except OSError:
        return os.path.exists(file)     # not where its folder cannot be looked into, which SQLite tells
    return False


def _reading_uri(path: Path) -> str:
    """The address of a file that cannot be written to: where nothing was left in its log, it cannot change either."""
    log = path.with_name(f"{path.name}-wal")
    unchanging = not log.exists() or not log.stat().st_size
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if unchanging else ''}"


def _begin(connection: Connection) -> None:
    raw = cast(OneHopConnection, connection.connection.driver_connection)
    raw.begin = "BEGIN" if connection.get_execution_options().get("pyscrai_reads") else "BEGIN IMMEDIATE"


@compiles(DatabaseClock, "sqlite")
def _clock(element: DatabaseClock, compiler: object, **_: object) -> str:
    later = element.later // MILLISECOND
    return (f"(CAST(strftime('%s', 'now') AS INTEGER) * 1000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)"
            f" + {later})")
