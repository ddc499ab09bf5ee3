"""How many runs are opened at the same time: opening costs CPU, playing hardly any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PATIENCE = 5.0
"""Seconds that a run which is open waits at most for others that are being opened."""


class OpenSlots:
    """Slots in which runs are opened, and the calm when none is taken or waited for."""

    def __init__(self, slots: int) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._wanted = 0
        self._calm = asyncio.Event()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Take a slot, when one is free."""
        self._wanted += 1
        self._calm.clear()
        try:
            async with self._slots:
                yield
        finally:
            self._wanted -= 1
            if not self._wanted:
                self._calm.set()

    async def calm(self) -> None:
        """Let a crowd of runs be opened before the first of them take their turns, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._calm.wait()
