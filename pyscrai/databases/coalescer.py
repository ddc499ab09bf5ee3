"""Many askers, one transaction: what costs the same for one as for a hundred is done once for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Answers all who ask while it is busy with its next piece of work.

    Args:
        work: answers many at once, each in its place; an answer that is an exception is raised for its asker alone.
        most: askers in one piece of work.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]], *, most: int = 200
                 ) -> None:
        self._work, self._most = work, most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        """The answer to one question."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        while batch := self._waiting[:self._most]:
            del self._waiting[:self._most]
            found: Sequence[Answer | Exception]
            try:
                found = await self._work([asked for asked, _ in batch])
            except Exception as error:
                found = [error] * len(batch)
            for (_, answer), given in zip(batch, found, strict=True):
                if answer.done():  # who asked has been cancelled
                    continue
                if isinstance(given, Exception):
                    answer.set_exception(given)
                else:
                    answer.set_result(given)
        self._serving = None
