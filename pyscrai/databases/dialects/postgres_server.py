"""What the sink and the savers need of a PostgreSQL server."""

from __future__ import annotations

from typing import Protocol

from pyscrai.errors import StorageError

ORDER_LOCK = 0x7079_7363_7261_6903
"""The advisory lock that a transaction which adds events holds, so that their ids become visible in their order: a
reader who goes on from the last id that it saw must never miss a smaller one that was committed later."""


class PostgresServer(Protocol):
    """How a server is connected to, how long it may keep its client waiting, and what its errors mean."""

    @property
    def dsn(self) -> str:
        """The address for the driver."""
        ...

    session_timeout: float | None

    def explain(self, error: BaseException) -> StorageError | None:
        """The meaning of a driver's error to a person, or None where it is a mistake of the program."""
        ...
