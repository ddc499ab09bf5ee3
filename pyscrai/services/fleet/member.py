"""A process as a member of the fleet: it tells of itself, and is told when a run is due."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

import structlog

from pyscrai import __version__
from pyscrai.databases.repositories.workers import Presence, Workers
from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.engines.orchestration.heartbeat import Heartbeat
from pyscrai.errors import PyscraiError, StorageError
from pyscrai.factories.services import Services
from pyscrai.services.fleet.shared_limits import SharedLimits

BEAT = 3.0
"""Seconds between two signs of life."""

TTL = timedelta(seconds=4 * BEAT)

REST = 0.03
"""Seconds between two looks for runs that are due, however many are made at once."""

Kind = Literal["serve", "worker"]

_log = structlog.get_logger("pyscrai.fleet")


class FleetMember:
    """Tells the fleet of this process, and looks for due runs when the database says so; a context manager.

    Without a word from the database the manager's own beat finds them.

    Args:
        limits: this process's parts of the models' limits, taken again when the database says so.
        alive: a file that is touched with each beat, also while the database is away, for a liveness probe.
    """

    def __init__(self, services: Services, manager: EngineManager, kind: Kind, *, limits: SharedLimits | None = None,
                 aliases: Collection[str] = (), labels: Collection[str] = (), alive: Path | None = None) -> None:
        self._limits, self._alive = limits, alive
        self._database, self._manager, self._kind = services.database, manager, kind
        self._id = services.ownership.owner
        self._aliases = tuple(sorted(aliases or services.settings.models))
        self._labels = tuple(sorted(labels))
        self._heartbeat = Heartbeat(BEAT, self._touch, self._beat)
        self._due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._beat()
        await self._touch()
        self._heartbeat.start()
        if self._manager.capacity:
            self._tasks.append(asyncio.create_task(self._look(), name="pyscrai-look"))
        if self._manager.capacity or self._limits is not None:
            self._tasks.append(asyncio.create_task(self._listen(), name="pyscrai-listen"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._heartbeat.stop()
        try:
            async with self._database.session() as session:
                await Workers(session).leave(self._id)
        except StorageError as error:
            _log.warning("fleet.not_left", code=error.code)

    async def _touch(self) -> None:
        if self._alive is not None:
            await asyncio.to_thread(self._alive.touch)

    async def _beat(self) -> None:
        said = Presence(self._id, self._kind, __version__, self._manager.capacity, self._manager.playing,
                        self._aliases, self._labels)
        async with self._database.session() as session:
            await Workers(session).beat(said, TTL)

    async def _listen(self) -> None:
        async for told in self._database.dialect.wakeups():
            if told != "limits":
                self._due.set()
            if told != "runs" and self._limits is not None:
                self._limits.take_again()

    async def _look(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._manager.look()
            except PyscraiError as error:
                _log.warning("fleet.look_failed", code=error.code, error=str(error))
            except Exception:
                _log.exception("fleet.look_failed")
            await asyncio.sleep(REST)
