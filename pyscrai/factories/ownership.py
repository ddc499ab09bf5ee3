"""One process at a time plays a run: a lease that is renewed while it plays, and taken over at once from the dead."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from pyscrai.databases.repositories.leases import Leases
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.session import Database
from pyscrai.errors import WrongState

TTL = timedelta(seconds=30)


def owner_name() -> str:
    """A name for this process that another one on the machine can check: host, process, its start, and a token."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether an owner was a process of this machine that runs no more; False where that cannot be told."""
    host, pid, started, *_ = [*owner.split("/"), "", ""]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(started) and _started(int(pid)) != started


@asynccontextmanager
async def own(database: Database, run_id: str, *, lost: Callable[[], None] | None = None) -> AsyncIterator[int]:
    """Hold a run; gives the fence with which its record writes.

    Args:
        lost: called when the lease could not be renewed because another process took the run.

    Raises:
        WrongState: another living process plays the run.
    """
    owner = owner_name()
    fence = await acquire(database, run_id, owner)
    renewing = asyncio.create_task(_renew(database, run_id, owner, lost))
    try:
        yield fence
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        async with database.session() as session:
            await Leases(session).release(run_id, owner, fence)


async def acquire(database: Database, run_id: str, owner: str) -> int:
    """Take a run, at once from a dead owner; the fence with which it is written to.

    Raises:
        NotFound: there is no such run.
        WrongState: another living process plays it.
    """
    async with database.session() as session:
        leases = Leases(session)
        fence = await leases.acquire(run_id, owner, TTL)
        if fence is None:
            row = await Runs(session).get(run_id)
            if row.owner and is_dead(row.owner):
                await leases.release(run_id, row.owner, row.fence)
                fence = await leases.acquire(run_id, owner, TTL)
    if fence is None:
        raise WrongState(f"{run_id} is being played by another process", code="run.taken",
                         cure="pause or stop it there; a process that died is replaced within half a minute")
    return fence


async def _renew(database: Database, run_id: str, owner: str, lost: Callable[[], None] | None) -> None:
    while True:
        await asyncio.sleep(TTL.total_seconds() / 3)
        async with database.session() as session:
            held = await Leases(session).renew(owner, [run_id], TTL)
        if not held:
            if lost is not None:
                lost()
            return


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty where that cannot be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
