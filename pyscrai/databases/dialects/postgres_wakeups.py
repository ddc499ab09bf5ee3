"""What PostgreSQL tells its clients by itself: that a run was made, or that something else is desired of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import structlog

CHANNELS = {"pyscrai_runs": "runs", "pyscrai_limits": "limits"}
"""What is told, by the channel on which it is; triggers of the tables tell of runs."""

QUIET = 30.0
"""Seconds after which a silent connection is tried."""

AGAIN = 1.0
"""Seconds before a lost connection is made anew."""

_log = structlog.get_logger("pyscrai.databases")


async def wakeups(dsn: str) -> AsyncIterator[str]:
    """One item for each thing that is told, and ``all`` whenever something may have been missed."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                for channel in CHANNELS:
                    await connection.execute(f"LISTEN {channel}")
                yield "all"
                while True:
                    async for notice in connection.notifies(timeout=QUIET, stop_after=1):
                        yield CHANNELS[notice.channel]
                    async with asyncio.timeout(QUIET):
                        await connection.execute("SELECT 1")
        except (psycopg.Error, OSError, TimeoutError) as error:
            _log.warning("wakeups.deaf", error=str(error))
        await asyncio.sleep(AGAIN)
