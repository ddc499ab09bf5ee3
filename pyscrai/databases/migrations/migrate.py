"""Brings a database to this PyScrAI's revision with Alembic, from the installed package, under a lock."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pyscrai.databases.dialects.dialect import Dialect
from pyscrai.errors import StorageError

SAVER_TABLES = frozenset({"checkpoints", "writes", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations"})
"""LangGraph's own tables in the same database: its savers keep them."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(dialect: Dialect) -> None:
    """Bring the tables up to date in one transaction. Another process that does the same waits, and finds it done.

    Raises:
        StorageError: the database cannot be used, or is of a revision that this PyScrAI does not know.
    """
    try:
        with dialect.migrating() as connection:
            _refuse_unknown(connection)
            command.upgrade(configuration(connection), "head")
    except SQLAlchemyError as error:
        raise dialect.explain(error) or StorageError(
            f"the tables could not be brought up to date: {error}", code="storage.migration") from error


def _refuse_unknown(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return
    try:
        ScriptDirectory.from_config(configuration()).get_revision(current)
    except CommandError as error:
        raise StorageError(f"the database is of the revision {current}, which this PyScrAI does not know: "
                           "a newer one made it", cure="install that PyScrAI, or name another database",
                           code="storage.newer") from error
