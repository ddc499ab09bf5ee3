"""This process's part of the models' limits, taken from the database every second and whenever demand changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Self

import structlog
from sqlalchemy import text

from pyscrai.databases.repositories.model_limits import LimitShare, ModelLimits
from pyscrai.errors import PyscraiError
from pyscrai.factories.services import Services
from pyscrai.llm.limited_model import LimitedModel

BEAT = 1.0
SOON = 0.05
"""Seconds between two times that parts are taken, however often demand changes."""

TTL = timedelta(seconds=12)
"""After so long the part of a process that says nothing goes to the others, and it makes no call any more."""

UNBOUNDED = 100
"""Calls at once from which an alias without a limit of its own is cut, when its endpoint says that it is too much."""

_log = structlog.get_logger("pyscrai.fleet")


class SharedLimits:
    """Shares the limits of aliases with all processes of the database; an asynchronous context manager.

    An alias takes part once it has a limit, or once its endpoint has answered 429. A process whose calls have to wait
    is told at once when others give slots back, and so are those that hold what is due to it.
    """

    def __init__(self, services: Services) -> None:
        self._database, self._models = services.database, services.models
        self._worker = services.ownership.owner
        self._parts: dict[str, LimitShare] = {}
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._models.share(self._join)
        self._task = asyncio.create_task(self._keep(), name="pyscrai-limits")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._models.share(None)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def take_again(self) -> None:
        """Take the parts again soon: another process has something to give, or is due what this one holds."""
        self._told.set()

    def _join(self, model: LimitedModel) -> None:
        """A model was made: until it has its part, its calls wait."""
        if model.own:
            return
        model.shared = True
        if model.concurrency is not None:
            model.slots.set(0)
        model.give(0.0)
        self._told.set()

    async def _keep(self) -> None:
        while True:
            await self._rest()
            for name, model in tuple(self._models.limited.items()):
                if self._takes_part(name, model):
                    try:
                        await self._lease(name, model)
                    except PyscraiError as error:
                        _log.warning("limits.not_leased", alias=name, code=error.code)
                    except Exception:
                        _log.exception("limits.not_leased", alias=name)

    def _takes_part(self, name: str, model: LimitedModel) -> bool:
        if not model.shared:
            return False
        part = self._parts.get(name)
        if part is None:
            return bool(model.concurrency or model.window or model.tokens or model.refused)
        # What has nothing and wants nothing need not be told of.
        return bool(part.held or model.wanted or model.refused)

    async def _rest(self) -> None:
        """Wait for the next beat, or until demand changes here or elsewhere."""
        events = [self._told, *(model.slots.wants for model in self._models.limited.values())]
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiting, timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        await asyncio.sleep(SOON)
        for event in events:
            event.clear()

    async def _lease(self, name: str, model: LimitedModel) -> None:
        refused, model.refused = model.refused, 0
        total, wanted = model.concurrency or UNBOUNDED, model.demand()
        begun = asyncio.get_running_loop().time()
        async with self._database.session() as session:
            part = await ModelLimits(session).lease(
                name, self._worker, total, in_use=model.slots.in_use, wanted=wanted, refused=bool(refused), ttl=TTL)
            told_before = name in self._parts and self._parts[name].unmet
            if (part.gave_back or (part.unmet and not told_before)) and self._database.dialect.tell_of_limits:
                await session.execute(text(self._database.dialect.tell_of_limits))
        self._parts[name] = part
        bound = None if model.concurrency is None and part.factor == 1.0 else part.slots
        model.slots.set(bound, told=wanted, held=part.held, until=begun + TTL.total_seconds())
        model.give(part.factor * part.share)
        if refused:
            _log.warning("limits.cut", alias=name, factor=round(part.factor, 3), refused=refused)
