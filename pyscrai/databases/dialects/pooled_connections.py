"""The connections of a pool to PostgreSQL: which of them are asked whether the server is still there."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

TRUSTED = 2.0
"""Seconds after its last use that a connection is taken without a question; a question costs a round trip."""

USED = "pyscrai_used"


class PooledConnections:
    """Asks the server over a connection that was idle, or on whose socket something came meanwhile: its end, say."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def watch(self) -> None:
        """Look at each connection that is taken from the pool from now on."""
        event.listen(self._engine, "checkin", self._put_back)
        event.listen(self._engine, "checkout", self._take)

    def _put_back(self, connection: Any, record: Any) -> None:
        record.info[USED] = time.monotonic()

    def _take(self, connection: Any, record: Any, _: Any) -> None:
        used = record.info.get(USED)
        if used is None or (time.monotonic() - used < TRUSTED and _is_silent(connection)):
            return
        dialect = self._engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, connection, None):
                raise InvalidatePoolError from error
            raise


def _is_silent(connection: Any) -> bool:
    socket = connection.driver_connection.pgconn.socket
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return not poll.poll(0)
