"""Says in the log when the process is about to run out of open files: without one nobody can connect."""

from __future__ import annotations

import asyncio
import time

import structlog

from pyscrai.open_files import RESERVE, allowed, used

AGAIN = 60.0
"""Seconds after which a shortage that lasts is told again."""

_log = structlog.get_logger("pyscrai.server")


async def tell_of_shortage(every: float = 1.0) -> None:
    """Look at how many files are open, for ever."""
    told = -AGAIN
    while True:
        try:
            found = used()
        except OSError:  # to look takes one too
            found = allowed()
        if found is None:
            return
        if found > allowed() - RESERVE and time.monotonic() - told > AGAIN:
            told = time.monotonic()
            _log.error("server.open_files", used=found, allowed=allowed(),
                       cure="raise the limit (`ulimit -n`), or lower --capacity and the aliases' limits")
        await asyncio.sleep(every)
