"""The look for more runs as soon as a place is free, where the last look left some behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pyscrai.errors import PyscraiError

TOGETHER = 0.05
"""Seconds for which places that become free are looked after together."""

_log = structlog.get_logger("pyscrai.manager")


class NextLook:
    """Looks once for places that become free at about the same time; the beat of the manager is far for a free one."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._task: asyncio.Task[None] | None = None
        self.worthwhile = False
        """Whether the last look filled every place, so that there may be more."""

    def soon(self) -> None:
        """Look soon, if that may find something."""
        if self.worthwhile and self._task is None:
            self._task = asyncio.create_task(self._wait_and_look(), name="pyscrai-next-look")

    def stop(self) -> None:
        """Look no more."""
        self.worthwhile = False
        if self._task is not None:
            self._task.cancel()

    async def _wait_and_look(self) -> None:
        try:
            await asyncio.sleep(TOGETHER)
            await self._look()
        except PyscraiError as error:   # the beat looks again
            _log.warning("manager.look_failed", code=error.code, error=str(error))
        except Exception:
            _log.exception("manager.look_failed")
        finally:
            self._task = None
