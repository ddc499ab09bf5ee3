"""Breaks off a blocking exchange with a server that does not answer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LOOK = 1.0
"""Seconds between two looks at the clock."""


class SocketGuard:
    """Shuts a socket down when an exchange over it takes too long: whoever waits on it then gets an error.

    A server that was stopped, or whose machine was unplugged, gives a blocking client no error of its own for minutes.

    Args:
        descriptor: the file descriptor of the socket in use, or None where there is none.
    """

    def __init__(self, descriptor: Callable[[], int | None], seconds: float) -> None:
        self._descriptor, self._seconds = descriptor, seconds
        self._lock = threading.Lock()
        self._until: float | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Bound what is exchanged in this block."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="pyscrai-socket-guard", daemon=True)
            self._thread.start()
        with self._lock:
            self._until = time.monotonic() + self._seconds
        try:
            yield
        finally:
            # Under the lock, so that the descriptor is never that of another file by now.
            with self._lock:
                self._until = None

    def close(self) -> None:
        """End the watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK):
            with self._lock:
                if self._until is None or time.monotonic() < self._until:
                    continue
                self._until = None
                descriptor = self._descriptor()
                if descriptor is not None:
                    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as double:
                        double.shutdown(socket.SHUT_RDWR)
