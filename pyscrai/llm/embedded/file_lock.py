"""File locks that the kernel releases when their process ends, however it ends."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Self

from pyscrai.errors import ConfigError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: commands that lock nothing work all the same
    fcntl = None

_POLL = 0.05
"""Seconds between tries: a blocking lock would need a thread that cannot be cancelled."""


class FileLock:
    """An advisory lock on a file, shared or exclusive, held until ``release``; one object is one holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free; taking it again in another mode changes the mode.

        Raises:
            ConfigError: the system has no such locks.
        """
        if fcntl is None:
            raise ConfigError("embedded models run on Linux and macOS; this system lacks the file locks that they need",
                              code="embedded.platform", cure="use an alias with a base_url: `pyscrai models detect`")
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def acquire(self, *, shared: bool = False, timeout: float | None = None) -> Self:
        """Wait for the lock.

        Raises:
            TimeoutError: it was not free within ``timeout`` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not await asyncio.to_thread(self.try_acquire, shared=shared):
            if until is not None and time.monotonic() > until:
                self.release()
                raise TimeoutError(f"{self.path} stayed locked for {timeout:g} s")
            await asyncio.sleep(_POLL)
        return self

    def release(self) -> None:
        """Give the lock up; harmless where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


@asynccontextmanager
async def locked(path: Path, *, timeout: float | None = None) -> AsyncIterator[None]:
    """Hold an exclusive lock on ``path`` inside the block."""
    lock = await FileLock(path).acquire(timeout=timeout)
    try:
        yield
    finally:
        lock.release()
