"""This process's part of the models' limits, taken from the database every second or when calls have to wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Self

import structlog

from pyscrai.databases.repositories.model_limits import LimitShare, ModelLimits
from pyscrai.errors import PyscraiError
from pyscrai.factories.services import Services
from pyscrai.llm.limited_model import LimitedModel

BEAT = 1.0
SOON = 0.1
"""Seconds before calls that have to wait are told of, however many come."""

TTL = timedelta(seconds=12)
"""After so long the part of a process that says nothing goes to the others."""

UNBOUNDED = 100
"""Calls at once from which an alias without a limit of its own is cut, when its endpoint says that it is too much."""

_log = structlog.get_logger("pyscrai.fleet")


class SharedLimits:
    """Shares the limits of aliases with all processes of the database; an asynchronous context manager.

    An alias takes part once it has a limit, or once its endpoint has answered 429.
    """

    def __init__(self, services: Services) -> None:
        self._database, self._models = services.database, services.models
        self._worker = services.ownership.owner
        self._parts: dict[str, LimitShare] = {}
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

    def _join(self, model: LimitedModel) -> None:
        """A model was made: until it has its part, its calls wait."""
        if model.own:
            return
        model.shared = True
        if model.concurrency is not None:
            model.slots.set(0)

    async def _keep(self) -> None:
        while True:
            await self._rest()
            for name, model in self._models.limited.items():
                if not model.shared or (model.concurrency is None and not model.refused and name not in self._parts):
                    continue
                if name in self._parts and not (self._parts[name].slots or model.slots.wanted or model.refused):
                    continue  # it has nothing and wants nothing
                try:
                    await self._lease(name, model)
                except PyscraiError as error:
                    _log.warning("limits.not_leased", alias=name, code=error.code)
                except Exception:
                    _log.exception("limits.not_leased", alias=name)

    async def _rest(self) -> None:
        """Wait for the next beat, or until a call has to wait."""
        waiting = [asyncio.ensure_future(model.slots.wants.wait()) for model in self._models.limited.values()]
        try:
            if waiting:
                await asyncio.wait(waiting, timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(SOON)
        finally:
            for task in waiting:
                task.cancel()
        await asyncio.sleep(SOON)
        for model in self._models.limited.values():
            model.slots.wants.clear()

    async def _lease(self, name: str, model: LimitedModel) -> None:
        refused, model.refused = model.refused, 0
        total = model.concurrency or UNBOUNDED
        async with self._database.session() as session:
            part = await ModelLimits(session).lease(
                name, self._worker, total, in_use=model.slots.in_use, wanted=model.slots.wanted,
                refused=bool(refused), ttl=TTL)
        self._parts[name] = part
        model.slots.set(None if model.concurrency is None and part.factor == 1.0 else part.slots)
        if model.window is not None and model.requests_per_minute is not None:
            model.window.limit = model.requests_per_minute * part.factor * part.share
        if refused:
            _log.warning("limits.cut", alias=name, factor=round(part.factor, 3), refused=refused)
