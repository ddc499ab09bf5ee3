"""Waiting for storage that is away: a run does not end because a disk was full for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import structlog

from pyscrai.errors import StorageError

T = TypeVar("T")

DEFAULT = 120.0
"""Seconds that a run which plays waits for its storage."""

_log = structlog.get_logger("pyscrai.databases")


def waits() -> Iterator[float]:
    """Seconds between the tries, for ever."""
    yield from (0.02, 0.1, 0.3, 0.7)
    while True:
        yield 1.5


class Patience:
    """Tries again for so many seconds what storage does not take."""

    def __init__(self, seconds: float = DEFAULT) -> None:
        self.seconds = seconds

    async def __call__(self, work: Callable[[], Awaitable[T]], what: str) -> T:
        """Do a piece of work that may be done twice; ``what`` names it in the log.

        Raises:
            StorageError: storage stayed away, or refused it for a reason that does not pass.
        """
        until = time.monotonic() + self.seconds
        for wait in waits():
            try:
                return await work()
            except StorageError as error:
                if not error.passes or time.monotonic() + wait > until:
                    raise
                _log.warning("storage.away", what=what, code=error.code, error=error.message)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")
