"""Writes of LangGraph's PostgreSQL savers, made in groups: one thread and one connection for all runs of a process.

The saver sends each row by itself, over a connection of the event loop: a checkpoint costs a dozen waits. Here the
statements of a checkpoint are one hop, whatever waits shares one transaction, and rows of one kind are one statement.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress

import psycopg
import structlog

from pyscrai.databases.batch import take_batch
from pyscrai.databases.dialects.many_rows import Statement, joined
from pyscrai.databases.dialects.server_pipeline import ServerPipeline
from pyscrai.databases.dialects.socket_guard import SocketGuard

LARGEST_GROUP = 64

CLOSING = 10.0
"""Seconds that the thread is given to finish what was handed over."""

Waiting = tuple[list[Statement], asyncio.Future[None]]

_log = structlog.get_logger("pyscrai.databases.checkpoints")


class GroupedWrites:
    """Makes lists of statements durable, each list as a whole.

    Args:
        timeout: seconds that one transaction may take.
    """

    def __init__(self, dsn: str, *, timeout: float) -> None:
        self._dsn = dsn
        self._server: ServerPipeline | None = None
        self._guard = SocketGuard(self._descriptor, timeout)
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pyscrai-checkpoints", daemon=True)
        self._thread.start()

    async def write(self, statements: list[Statement]) -> None:
        """Make statements durable. Raises what the driver raises."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((statements, done))
        await done

    async def close(self) -> None:
        """Finish what was handed over, then end; a server that does not answer is not waited for."""
        self._queue.put(None)
        if not await asyncio.to_thread(self._ended.wait, CLOSING):
            _log.error("checkpoints.cut_off")

    # -- on the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (group := take_batch(self._queue, LARGEST_GROUP)) is not None:
                self._perform(group)
        finally:
            self._hang_up()
            self._guard.close()
            self._ended.set()

    def _perform(self, group: list[Waiting]) -> None:
        try:
            self._write([statement for statements, _ in group for statement in statements])
        except Exception as error:
            self._hang_up()
            away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
            if len(group) == 1 or away:
                self._deliver(group, error)
            else:  # one of them cannot be done: the others shall not suffer for it
                for waiting in group:
                    self._perform([waiting])
        else:
            self._deliver(group, None)

    def _write(self, statements: list[Statement]) -> None:
        server = self._server = self._server or ServerPipeline(self._dsn)
        with self._guard.exchange():
            for sql, parameters in joined(statements):
                server.send(sql, parameters)
            server.exchange()

    def _deliver(self, group: list[Waiting], error: Exception | None) -> None:
        def settle() -> None:
            for _, done in group:
                if done.done():
                    continue
                if error is not None:
                    done.set_exception(error)
                else:
                    done.set_result(None)

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:
            _log.warning("checkpoints.unheard", results=len(group))

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(psycopg.Error):
                server.close()

    def _descriptor(self) -> int | None:
        return None if (server := self._server) is None else server.descriptor()
