"""Bounded connections: how large a request's head may be, and how long a client may keep the server waiting."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from pyscrai.databases.api.guard.size import LONGEST_HEAD, LONGEST_URL

HEAD_TIMEOUT = 10.0
"""Seconds in which the head of a request must have come, from its first byte or from the connection's begin."""

BODY_TIMEOUT = 60.0
"""Seconds in which the body of a request must have come."""

STALLED = 30.0
"""Seconds after which a client that reads nothing of its answer is cut off."""

_Protocol: Any = AutoHTTPProtocol


class BoundedConnection(_Protocol):  # type: ignore[misc]
    """uvicorn's HTTP connection, with bounds. Each is checked where the bytes come in, before anything is kept."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._head_bytes = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._wait(HEAD_TIMEOUT)

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_longer()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        is_heading = before is None or not before.more_body
        if is_heading and self._waiting is None:
            self._wait(HEAD_TIMEOUT)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.cycle is not before:
            self._no_longer()
            self._head_bytes = 0
        elif is_heading:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD + LONGEST_URL:
                self.send_400_response("The head of the request is too large.")
                return
        if self.cycle is not None and self.cycle.more_body:
            if self._waiting is None:
                self._wait(BODY_TIMEOUT)
        elif self.cycle is not before or not is_heading:
            self._no_longer()

    def on_message_begin(self) -> None:
        self._header_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._header_bytes += len(url)
        if self._header_bytes > LONGEST_HEAD + LONGEST_URL:
            raise ValueError("the address is too long")  # the parser makes it a request that is refused with 400
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > LONGEST_HEAD + LONGEST_URL:
            raise ValueError("the headers are too large")
        super().on_header(name, value)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self._too_slow)

    def _no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        self._waiting = None
        self.transport.close()
