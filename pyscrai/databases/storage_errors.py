"""What the database drivers' errors mean to a person."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pyscrai.errors import StorageError


class Explained:
    """Turns what the drivers raise into a ``StorageError`` that says what to do."""

    def __init__(self, database: str, *, sqlite: bool) -> None:
        self._database, self._sqlite = database, sqlite

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (SQLAlchemyError, OSError)) and not isinstance(error, IntegrityError):
            explained = explain(error, self._database, sqlite=self._sqlite)
            if explained is not None:
                raise explained from error


def explain(error: BaseException, database: str, *, sqlite: bool) -> StorageError | None:
    """What a driver's error means to a person, or None where it is a mistake of the program."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    low = reason.lower()
    if isinstance(error, PoolTimeout):
        return StorageError(f"all connections to {database} are busy", cure="try again", code="storage.busy")
    if "database is locked" in low or "database table is locked" in low:
        return StorageError(f"{database} is locked by another program", cure="close it, or try again",
                            code="storage.locked")
    if "no such table" in low or "no such column" in low or "undefinedtable" in low or (
            "relation" in low and "does not exist" in low):
        return StorageError(f"{database} has not the tables that this PyScrAI needs", cure="run `pyscrai db upgrade`",
                            code="storage.schema")
    if "file is not a database" in low or "malformed" in low:
        return StorageError(f"{database} is no SQLite database, or is damaged", cure="choose another file, or restore "
                            "a copy", code="storage.damaged")
    if "disk is full" in low or "disk full" in low or "no space left" in low:
        return StorageError(f"no room is left for {database}", cure="free some disk space", code="storage.full")
    if sqlite and ("unable to open" in low or "readonly" in low or isinstance(error, OSError)):
        return StorageError(f"cannot open {database} for writing: {reason}", cure="check the path and who may write "
                            "there, or set PYSCRAI_DATABASE_URL", code="storage.unreachable")
    gone = isinstance(error, DBAPIError) and (error.connection_invalidated or type(error).__name__ in (
        "OperationalError", "InterfaceError"))
    if gone or isinstance(error, OSError):
        return StorageError(f"cannot use {database}: {reason}", cure="check that the server runs and that "
                            "PYSCRAI_DATABASE_URL is right", code="storage.unreachable")
    return None
