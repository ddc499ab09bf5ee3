"""Texts that others send are read and checked in a thread of their own, one after the other.

What one of them may cost is bounded (docs/limits.md); that many come at once must not take the threads that everything
else in the process waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pyscrai.errors import RunError

Done = TypeVar("Done")

MOST_WAITING = 20
"""Texts that wait for their turn; another one is refused."""


class ForeignTexts:
    """The thread in which texts of others are read."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pyscrai-texts")
        self._waiting = 0

    async def work(self, work: Callable[[], Done]) -> Done:
        """Do work on a text.

        Raises:
            RunError: many texts wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise RunError(f"{self._waiting} texts wait to be checked", code="request.busy", retry_after=5,
                           cure="send it again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Give up what waits; what is being done ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
