"""Concurrent requests answered together: what costs the same for one as for a hundred is done once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from pyscrai.errors import StorageError

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Coalesces concurrent requests: those that come while it works are answered by its next piece of work.

    Args:
        work: answers many at once, each in its place; an answer that is an exception is raised for its asker alone.
            When it raises, each is asked for alone, so that one that cannot be answered does not harm the others.
        most: requests in one piece of work.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]], *, most: int = 200
                 ) -> None:
        self._work, self._most = work, most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._serving: asyncio.Task[None] | None = None

    def __call__(self, asked: Asked) -> asyncio.Future[Answer]:
        """The answer to one question, to be awaited."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._serving is None:
            # Outside of the run that asks first: it serves others too.
            self._serving = asyncio.create_task(self._serve(), context=Context())
        return answer

    async def _serve(self) -> None:
        while batch := self._waiting[:self._most]:
            del self._waiting[:self._most]
            found = await self._answers([asked for asked, _ in batch])
            for (_, answer), given in zip(batch, found, strict=True):
                if answer.done():  # who asked has been cancelled
                    continue
                if isinstance(given, Exception):
                    answer.set_exception(given)
                else:
                    answer.set_result(given)
        self._serving = None

    async def _answers(self, asked: Sequence[Asked]) -> Sequence[Answer | Exception]:
        try:
            found = await self._work(asked)
            if len(found) != len(asked):
                raise RuntimeError(f"{len(found)} answers to {len(asked)} questions")
        except Exception as error:
            if len(asked) == 1 or (isinstance(error, StorageError) and error.passes):
                return [error] * len(asked)
            return [answer for one in asked for answer in await self._answers([one])]
        return found
