"""PostgreSQL: a server that many machines share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles

from pyscrai.databases.clock import DatabaseClock
from pyscrai.databases.columns import from_json, to_json
from pyscrai.databases.dialects.pooled_connections import PooledConnections
from pyscrai.databases.dialects.postgres_server import ORDER_LOCK
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import busy, full, locked, reason_of, schema, unreachable
from pyscrai.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol

    from pyscrai.databases.dialects.postgres_savers import PostgresSavers
    from pyscrai.databases.dialects.postgres_sink import PostgresSink

LOCK = 0x7079_7363_7261_6901
"""The advisory lock of those who migrate."""

CONNECTING: dict[str, Any] = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000}
"""How a connection notices that its server went away without a word, within half a minute."""

WRITE_TIMEOUT = 30.0
"""Seconds that one transaction of ours may take; afterwards it is broken off and made again."""

GONE = frozenset({"OperationalError", "InterfaceError"})
"""The driver's errors that tell of the connection and not of the statement; by name, since importing the driver costs
start-up time that who uses SQLite need not wait for."""

TOO_LARGE = "54"
"""The class of errors by which the server says that a value or statement is beyond its limits."""


class PostgresDialect:
    """A PostgreSQL database."""

    driver = "postgresql+psycopg"
    path: Path | None = None
    has_revision = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    sizes = ("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
             " AND relnamespace = current_schema()::regnamespace")
    writes_table = "checkpoint_writes"
    packable: Sequence[tuple[str, str]] = ()
    lock_texts: str | None = "LOCK TABLE llm_messages IN EXCLUSIVE MODE"
    session_timeout: float | None = WRITE_TIMEOUT
    # Each statement of a transaction that only reads sees what is committed by then anyhow (READ COMMITTED), so that
    # BEGIN and ROLLBACK would be two round trips for nothing; a rollback also makes psycopg forget what it prepared.
    reading: Mapping[str, Any] = MappingProxyType({"isolation_level": "AUTOCOMMIT"})
    order_events: str | None = f"SELECT pg_advisory_xact_lock({ORDER_LOCK})"
    tell_of_limits: str | None = "SELECT pg_notify('pyscrai_limits', '')"

    def __init__(self, url: URL) -> None:
        self.url = url.update_query_dict({name: str(value) for name, value in CONNECTING.items()
                                          if name not in url.query})
        shown = url.set(query={name: "***" if "password" in name else value for name, value in url.query.items()})
        self.name = shown.render_as_string(hide_password=True)

    @property
    def dsn(self) -> str:
        """The URL as libpq takes it, with its password: never show it."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def engine(self, kept: int, more: int) -> AsyncEngine:
        engine = create_async_engine(self.url, json_serializer=to_json, json_deserializer=from_json,
                                     pool_size=kept, max_overflow=more, pool_timeout=30, skip_autocommit_rollback=True)
        PooledConnections(engine.sync_engine).watch()
        return engine

    def writers_line(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()

    def prepare(self) -> None:
        """Nothing: the database itself is made by whoever runs the server."""

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection
        finally:
            engine.dispose()

    def wakeups(self) -> AsyncIterator[str]:
        from pyscrai.databases.dialects.postgres_wakeups import wakeups

        return wakeups(self.dsn)

    async def vacuum(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM (ANALYZE)"))

    async def backup(self, target: Path) -> None:
        password = self.url.password
        plain = self.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        try:
            process = await asyncio.create_subprocess_exec(
                "pg_dump", "--format=custom", "--file", str(target), plain, stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})})
        except FileNotFoundError as error:
            raise ConfigError("pg_dump is not installed", code="config.pg_dump",
                              cure="install PostgreSQL's client programs, of the server's version or later") from error
        _, told = await process.communicate()
        if process.returncode:
            raise unreachable(self.name, told.decode(errors="replace").strip().splitlines()[-1])

    def explain(self, error: BaseException) -> StorageError | None:
        if isinstance(error, PoolTimeout):
            return busy(self.name)
        if isinstance(error, TimeoutError):
            return unreachable(self.name, "it does not answer")
        driver = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        state = getattr(driver, "sqlstate", None) or ""
        reason = reason_of(error)
        if state in ("42P01", "42703"):  # undefined table, undefined column
            return schema(self.name)
        if state == "53100" or "no space left" in reason.lower():
            return full(f"the disk of the server of {self.name}")
        if state in ("55P03", "40P01", "40001"):  # lock not available, deadlock, serialization
            return locked(self.name)
        if isinstance(error, IntegrityError) or state.startswith(TOO_LARGE):
            return None
        gone = isinstance(error, DBAPIError) and error.connection_invalidated
        if gone or isinstance(error, OSError) or not GONE.isdisjoint(kind.__name__ for kind in type(driver).__mro__):
            return unreachable(self.name, reason)
        return None

    def sink(self) -> PostgresSink:
        # Imported here: who uses SQLite need not wait for this driver, a tenth of a second.
        from pyscrai.databases.dialects.postgres_sink import PostgresSink

        return PostgresSink(self.dsn, timeout=WRITE_TIMEOUT)

    async def savers(self, serde: SerializerProtocol, patience: Patience, *, pool_size: int) -> PostgresSavers:
        from pyscrai.databases.dialects.postgres_savers import PostgresSavers

        return await PostgresSavers.open(self, serde, patience, pool_size=pool_size)


@compiles(DatabaseClock, "postgresql")
def _clock(element: DatabaseClock, compiler: object, **_: object) -> str:
    return f"(clock_timestamp() + interval '{element.later.total_seconds():.3f} seconds')"
