"""A blocking connection to PostgreSQL in libpq's pipeline mode: statements go out together, each prepared once.

psycopg's cursors take some 50 µs of CPU a statement, which was more than all else that storing a turn took. Here a
statement is two calls of libpq.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

MOST_PREPARED = 256
"""Statements that are prepared on one connection; those beyond are parsed each time."""

READ = select.POLLIN
MARK = re.compile("%s")
FAILED = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE, ExecStatus.PIPELINE_ABORTED})


class StatementAnswer:
    """What a statement gave: its rows once they were exchanged, each value as the server writes it in text."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[tuple[bytes | None, ...]] = []


class ServerPipeline:
    """One connection, used by one thread. After an error it cannot be used any more and has to be closed.

    Statements that are sent up to one ``exchange`` are one transaction, unless BEGIN and COMMIT are among them.

    Args:
        settings: a statement that is executed at the beginning.

    Raises:
        psycopg.Error: the server cannot be reached; of a statement, in ``exchange``.
    """

    def __init__(self, dsn: str, settings: str = "") -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, client_encoding="utf8")
        try:
            if settings:
                self._connection.execute(settings)
            self._libpq = self._connection.pgconn
            self._libpq.enter_pipeline_mode()
            self._poll = select.poll()
            self._poll.register(self._libpq.socket, READ)
        except BaseException:
            self._connection.close()
            raise
        self._names: dict[str, bytes] = {}
        self._used: set[str] = set()
        self._sent: list[StatementAnswer | None] = []

    def send(self, sql: str, values: Sequence[Any] = ()) -> StatementAnswer:
        """Put a statement, whose parameters are marked ``%s``, into the next exchange, which gives it its answer."""
        parameters, formats = encoded(values)
        name = self._names.get(sql) or self._prepare(sql)
        if name is None:
            self._libpq.send_query_params(numbered(sql), parameters, param_formats=formats)
        else:
            self._libpq.send_query_prepared(name, parameters, formats)
        answer = StatementAnswer()
        self._sent.append(answer)
        return answer

    def exchange(self) -> None:
        """Let the server execute what was sent, and wait for all answers."""
        sent, self._sent = self._sent, []
        self._libpq.pipeline_sync()
        while self._libpq.flush():
            # The server may wait for its answers to be taken before it takes more.
            if self._wait(READ | select.POLLOUT) & ~select.POLLOUT:
                self._libpq.consume_input()
        for answer in sent:
            result = self._result()
            if answer is not None and (count := result.ntuples):
                columns = range(result.nfields)
                answer.rows = [tuple(result.get_value(row, column) for column in columns) for row in range(count)]
            self._next()  # None: the end of this answer
        self._result()  # of the transaction

    def descriptor(self) -> int | None:
        """The file descriptor of the socket, or None where it is closed."""
        return None if self._connection.closed else self._connection.fileno()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _prepare(self, sql: str) -> bytes | None:
        if sql not in self._used or len(self._names) == MOST_PREPARED:
            self._used.add(sql)
            return None
        name = self._names[sql] = b"s%d" % len(self._names)
        self._libpq.send_prepare(name, numbered(sql))
        self._sent.append(None)
        return name

    def _result(self) -> PGresult:
        result = self._next()
        if result is None:
            raise psycopg.OperationalError("the server gave no answer")
        if result.status in FAILED:
            raise error_from_result(result)
        return result

    def _next(self) -> PGresult | None:
        while self._libpq.is_busy():
            self._wait(READ)
            self._libpq.consume_input()
        return self._libpq.get_result()

    def _wait(self, events: int) -> int:
        if events == READ:
            return self._poll.poll()[0][1]
        socket = self._libpq.socket
        self._poll.modify(socket, events)
        try:
            return self._poll.poll()[0][1]
        finally:
            self._poll.modify(socket, READ)


@lru_cache(maxsize=1_024)
def numbered(sql: str) -> bytes:
    """A statement with libpq's marks in place of ``%s``."""
    number = count(1)
    return MARK.sub(lambda _: f"${next(number)}", sql).encode()


def encoded(values: Sequence[Any]) -> tuple[list[bytes | None], list[Format]]:
    """Parameters as libpq takes them: bytes as they are, all else as text whose type the server infers."""
    parameters: list[bytes | None] = []
    formats = []
    for value in values:
        if type(value) is bytes:
            parameters.append(value)
            formats.append(Format.BINARY)
        else:
            parameters.append(None if value is None else _text(value))
            formats.append(Format.TEXT)
    return parameters, formats


def _text(value: Any) -> bytes:
    if isinstance(value, str):
        if "\0" in value:  # libpq would end the text there
            raise psycopg.DataError("PostgreSQL text cannot hold NUL")
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return repr(value).encode()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, list):
        return _array(value)
    raise psycopg.ProgrammingError(f"cannot send a {type(value).__name__} to PostgreSQL")


def _array(items: Iterable[str | bytes]) -> bytes:
    texts = (rf"\x{item.hex()}" if isinstance(item, bytes) else item for item in items)
    return _text("{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "}")
