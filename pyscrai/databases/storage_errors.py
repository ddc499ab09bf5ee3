"""Storage errors in words. Each dialect tells which of them an error of its driver is."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from pyscrai.errors import PyscraiError, StorageError


class Explained:
    """A block whose driver errors become a ``StorageError`` that says what to do.

    Args:
        others: what else happens in the block, such as the writing of files: its errors are left as they are.
    """

    def __init__(self, explain: Callable[[BaseException], StorageError | None], *, others: bool = False) -> None:
        self._explain, self._others = explain, others

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._others and isinstance(error, OSError) and not isinstance(error, TimeoutError):
            return  # drivers have errors of their own kinds
        if isinstance(error, Exception) and not isinstance(error, (PyscraiError, IntegrityError)):
            explained = self._explain(error)
            if explained is not None:
                raise explained from error


def reason_of(error: BaseException) -> str:
    """The first line of what the driver says."""
    return next(iter(str(getattr(error, "orig", None) or error).strip().splitlines()), type(error).__name__)


def unreachable(database: str, reason: str) -> StorageError:
    """It gives no answer, or refuses the connection."""
    return StorageError(f"cannot use {database}: {reason}", cure="check that the server runs and that "
                        "PYSCRAI_DATABASE_URL is right", code="storage.unreachable")


def busy(database: str) -> StorageError:
    """No connection became free in time."""
    return StorageError(f"all connections to {database} are busy", cure="try again", code="storage.busy")


def locked(database: str) -> StorageError:
    """Somebody else holds a lock."""
    return StorageError(f"{database} is locked by another program", cure="close it, or try again",
                        code="storage.locked")


def full(disk: str) -> StorageError:
    """There is no space for what is written."""
    return StorageError(f"{disk} is full", cure="free some disk space", code="storage.full")


def schema(database: str) -> StorageError:
    """Tables or columns are missing."""
    return StorageError(f"{database} lacks tables that this version needs", cure="run `pyscrai db upgrade`",
                        code="storage.schema")


def damaged(database: str) -> StorageError:
    """The file is something else, or broken."""
    return StorageError(f"{database} is no SQLite database, or is damaged", cure="choose another file, or restore "
                        "a copy", code="storage.damaged")
