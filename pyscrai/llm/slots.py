"""Bounds of calls that can change while calls wait for them: how many at once, and how many a minute."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MINUTE = 60.0


class Slots:
    """At most ``capacity`` calls at once, those that came first before the others; None is no limit."""

    def __init__(self, capacity: int | None) -> None:
        self._capacity = capacity
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_use = 0
        self.wants = asyncio.Event()
        """Set when a call has to wait."""

    @property
    def wanted(self) -> int:
        """The number of calls that there would be at once without a bound."""
        return self.in_use + sum(not future.done() for future in self._waiting)

    def set(self, capacity: int | None) -> None:
        """Change the bound; calls under way go on."""
        self._capacity = capacity
        self._let_in()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Hold a slot, once there is one."""
        if self._waiting or not self._has_room():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            self.wants.set()
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self._give_back()
                raise
        else:
            self.in_use += 1
        try:
            yield
        finally:
            self._give_back()

    def _has_room(self) -> bool:
        return self._capacity is None or self.in_use < self._capacity

    def _give_back(self) -> None:
        self.in_use -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            future = self._waiting.popleft()
            if not future.done():
                self.in_use += 1
                future.set_result(None)


class Window:
    """At most ``limit`` calls in any minute, in the order in which they came."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._begun: deque[float] = deque()
        self._line = asyncio.Lock()

    async def take(self) -> None:
        """Wait until one more may begin."""
        clock = asyncio.get_running_loop().time
        async with self._line:
            while True:
                now = clock()
                while self._begun and self._begun[0] <= now - MINUTE:
                    self._begun.popleft()
                if len(self._begun) < max(self.limit, 1.0):
                    self._begun.append(now)
                    return
                # The limit may change meanwhile, so a long wait is made of short ones.
                await asyncio.sleep(min(self._begun[0] + MINUTE - now, 1.0))
