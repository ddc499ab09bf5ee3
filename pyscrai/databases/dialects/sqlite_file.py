"""What the sink and the savers need of a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from pyscrai.errors import StorageError


class SqliteFile(Protocol):
    """A file, how it is connected to, and what its errors mean."""

    file: Path

    def connect(self) -> sqlite3.Connection:
        """A connection of its own, for a thread that does nothing else."""
        ...

    def pragmas(self) -> tuple[str, ...]:
        """The statements that a connection to the file begins with."""
        ...

    def reads_only(self) -> bool:
        """Whether the file is there and this process may not write to it."""
        ...

    def explain(self, error: BaseException) -> StorageError | None:
        """The meaning of a driver's error to a person, or None where it is a mistake of the program."""
        ...
