"""One process at a time plays a run: a lease that is renewed while it plays, and taken over at once from the dead."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog

from pyscrai.databases.coalescer import Together
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.claims import Claim, Claims
from pyscrai.databases.repositories.desired_states import DesiredStates
from pyscrai.databases.repositories.leases import Leases
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import RunRow
from pyscrai.errors import Fenced, PyscraiError, StorageError, WrongState, no_run

TTL = timedelta(seconds=12)
"""How long a run stays with a process that says nothing: with a beat of three seconds a lost one goes on elsewhere
within 15 s."""

_log = structlog.get_logger("pyscrai.ownership")


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that this process holds, and the fence with which it is written to."""

    run_id: str
    fence: int
    row: RunRow | None = None
    """Where it was read just now."""


class Ownership:
    """The runs that this process holds. They are taken, renewed and given back together: one statement for all.

    Who is not renewed in time is shut out by the fence of whoever takes the run then.
    """

    def __init__(self, database: Database) -> None:
        self.owner = owner_name()
        self._database = database
        self._acquiring = Together(self._acquire)
        self._releasing = Together(self._release)
        self._held: set[tuple[str, int]] = set()
        self._left: set[tuple[str, int]] = set()
        """Runs that could not be given back, because storage was away."""
        self._claimed: dict[str, int] = {}
        """Runs that were taken and are not opened yet, with their fences."""
        self._claiming = asyncio.Lock()
        self._good: dict[str, float] = {}
        """Until when, by this process's clock, a run is surely still held."""
        self._renewing: asyncio.Task[None] | None = None

    async def claim(self, room: int, *, fits: Callable[[str], bool] = lambda needs: True,
                    dead: Collection[str] = ()) -> Sequence[Claim]:
        """Take runs that are due, as many as there is room for; ``acquire`` then gives their fences.

        Args:
            fits: whether this process can play what needs this.
            dead: owners that are known to be gone.

        Raises:
            StorageError: storage is away.
        """
        await self.release_left()
        async with self._claiming:
            begun = time.monotonic()
            async with self._database.session() as session:
                claims = await Claims(session).take(self.owner, room, TTL, fits=fits, dead=dead)
            for claim in claims:
                self._claimed[claim.run_id] = claim.fence
                self._good[claim.run_id] = begun + TTL.total_seconds()
        return claims

    async def acquire(self, run_id: str) -> HeldRun:
        """Take a run, at once from a dead owner.

        Raises:
            NotFound: there is no such run.
            WrongState: another living process, or another part of this one, plays it.
        """
        async with self._claiming:  # a claim that is under way may take this very run, for us
            claimed = self._claimed.pop(run_id, None)
        if claimed is not None and time.monotonic() < self._good.get(run_id, 0.0):
            return HeldRun(run_id, claimed)
        taking = self._acquiring(run_id)
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # It is taken all the same, together with others, and whoever asked will not give it back.
            with suppress(PyscraiError):
                await self.release(run_id, (await taking).fence)
            raise

    async def release(self, run_id: str, fence: int) -> None:
        """Give a run back, if it is still held; later, if storage is away."""
        self._good.pop(run_id, None)
        try:
            await self._releasing((run_id, fence))
        except StorageError as error:
            if not error.passes:
                raise
            _log.warning("leases.not_released", run_id=run_id, code=error.code)
            self._left.add((run_id, fence))

    async def release_left(self) -> None:
        """Give back what could not be given back when its time came.

        Raises:
            StorageError: storage is still away.
        """
        if self._left:
            left = tuple(self._left)
            await self._release(left)
            self._left.difference_update(left)

    async def renew(self, run_ids: Collection[str]) -> Sequence[str]:
        """Hold runs for longer; the ids of those that are still held."""
        begun = time.monotonic()
        async with self._database.session() as session:
            held = await Leases(session).renew(self.owner, run_ids, TTL)
        self._good.update((run_id, begun + TTL.total_seconds()) for run_id in held if run_id in self._good)
        return held

    async def assure(self, run_id: str, fence: int) -> None:
        """See that a run is still ours, before something is written that has no fence of its own.

        A process that was suspended for longer than its leases last finds it out here. It costs nothing while the
        last renewal is young.

        Raises:
            Fenced: another process plays it.
        """
        begun = time.monotonic()
        if begun < self._good.get(run_id, 0.0):
            return
        now = await self._database.reading(lambda session: DesiredStates(session).fence(run_id))
        if now != fence:
            raise Fenced(f"run {run_id} is played by another process now, or was deleted", run_id=run_id)
        # Nobody took it: it can be written to for as long as a statement takes.
        self._good[run_id] = begun + 1.0

    @asynccontextmanager
    async def hold(self, run_id: str) -> AsyncIterator[HeldRun]:
        """Hold a run and renew its lease until the block is left.

        Raises:
            NotFound: there is no such run.
            WrongState: another living process plays it.
        """
        run = await self.acquire(run_id)
        self._held.add((run_id, run.fence))
        if self._renewing is None:
            # Outside of the run that happens to be the first one, whose context it would keep.
            self._renewing = asyncio.create_task(self._keep(), context=Context())
        try:
            yield run
        finally:
            self._held.discard((run_id, run.fence))
            await self.release(run_id, run.fence)

    async def close(self) -> None:
        """Renew nothing any more, and give back what was taken and never opened."""
        claimed, self._claimed = tuple(self._claimed.items()), {}
        if claimed:
            with suppress(StorageError):
                await self._release(claimed)
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(TTL.total_seconds() / 3)
            if self._held:
                try:
                    await self.renew([run_id for run_id, _ in self._held])
                except StorageError as error:  # there is time for another try before the leases run out
                    _log.warning("leases.not_renewed", runs=len(self._held), error=error.message)

    async def _acquire(self, run_ids: Sequence[str]) -> Sequence[HeldRun | Exception]:
        await self.release_left()
        begun = time.monotonic()
        async with self._database.session() as session:
            leases = Leases(session)
            taken = await leases.acquire(run_ids, self.owner, TTL)
            there = set(taken)
            if missing := set(run_ids) - there:
                rows = await Runs(session).some(missing)
                there.update(row.id for row in rows)
                if dead := [row for row in rows if row.owner and is_dead(row.owner)]:
                    for row in dead:
                        await leases.release(str(row.owner), [(row.id, row.fence)])
                    taken |= await leases.acquire([row.id for row in dead], self.owner, TTL)
        self._good.update(dict.fromkeys(taken, begun + TTL.total_seconds()))
        held = {run_id: HeldRun(run_id, row.fence, row) for run_id, row in taken.items()}
        # Asked for twice at once, a run goes to the first.
        return [held.pop(run_id) if run_id in held else _taken(run_id) if run_id in there else no_run(run_id)
                for run_id in run_ids]

    async def _release(self, held: Sequence[tuple[str, int]]) -> Sequence[None]:
        async with self._database.session() as session:
            await Leases(session).release(self.owner, held)
        return [None] * len(held)


def _taken(run_id: str) -> WrongState:
    return WrongState(f"{run_id} is being played by another process", code="run.taken",
                      cure="pause or stop it there; a process that died is replaced within 15 seconds")


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


def _started(pid: int) -> str:
    """The start of a process in the kernel's ticks; empty where that cannot be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
