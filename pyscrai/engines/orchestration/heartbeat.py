"""A heartbeat: work that is done again and again while a process lives, whatever happens in one beat of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from pyscrai.errors import PyscraiError

Work = Callable[[], Awaitable[None]]

_log = structlog.get_logger("pyscrai.heartbeat")


class Heartbeat:
    """Does some work every so many seconds, from ``start`` to ``stop``. What fails is logged and done again.

    Args:
        at_once: the first beat does not wait.
    """

    def __init__(self, seconds: float, *work: Work, at_once: bool = False) -> None:
        self._seconds, self._work, self._at_once = seconds, work, at_once
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat."""
        self._task = asyncio.create_task(self._beat(), name="pyscrai-heartbeat")

    async def stop(self) -> None:
        """End; a beat under way is cut off."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _beat(self) -> None:
        wait = 0.0 if self._at_once else self._seconds
        while True:
            await asyncio.sleep(wait)
            wait = self._seconds
            for work in self._work:
                try:
                    await work()
                except PyscraiError as error:
                    _log.warning("heartbeat.failed", code=error.code, error=str(error))
                except Exception:
                    _log.exception("heartbeat.failed")
