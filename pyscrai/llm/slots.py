"""Bounds of calls that can change while calls wait for them: how many at once, how many and how large a minute."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from types import TracebackType

MINUTE = 60.0


class Slots:
    """At most ``capacity`` calls at once, those that came first before the others; None is no limit.

    ``async with`` holds a slot, once there is one.
    """

    def __init__(self, capacity: int | None) -> None:
        self._capacity = capacity
        self._until = math.inf
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._queued = 0
        self._told = 0
        self._surplus = False
        self._peak = 0
        self.in_use = 0
        self.wants = asyncio.Event()
        """Set when whoever gave the capacity should look again: a call has to wait that was not told of, or a slot
        that is to be given back has become free."""

    @property
    def wanted(self) -> int:
        """The number of calls that there would be at once without a bound."""
        return self.in_use + self._queued

    def demand(self) -> int:
        """The most calls that were wanted at once since the last time that this was asked.

        A moment between two calls is no sign that a slot is not needed any more.
        """
        peak, self._peak = max(self._peak, self.wanted), self.wanted
        return peak

    def set(self, capacity: int | None, *, told: int = 0, held: int = 0, until: float = math.inf) -> None:
        """Change the bound; calls under way go on.

        Args:
            told: the demand that was told to whoever divides the slots.
            held: slots that are held, at least as many as there are calls under way; those above the bound go back.
            until: the event loop's time after which no call begins any more, unless the bound is set again.
        """
        self._capacity, self._told, self._until = capacity, told, until
        self._surplus = capacity is not None and held > capacity
        self._let_in()

    async def __aenter__(self) -> None:
        if self._waiting or not self._has_room():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            self._queued += 1
            self._count()
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self._give_back()
                else:
                    self._queued -= 1
                raise
        else:
            self.in_use += 1
            self._count()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._give_back()

    def _count(self) -> None:
        if (wanted := self.in_use + self._queued) > self._peak:
            self._peak = wanted
        # What was told already and is not given will not come sooner for being told again.
        if self._queued and (self._capacity is None or self._told <= self._capacity):
            self.wants.set()

    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        return self.in_use < self._capacity and asyncio.get_running_loop().time() < self._until

    def _give_back(self) -> None:
        self.in_use -= 1
        if self._surplus:
            self.wants.set()
        if self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            future = self._waiting.popleft()
            if not future.done():
                self.in_use += 1
                self._queued -= 1
                future.set_result(None)


@dataclass(slots=True, eq=False)
class WindowCall:
    """What a call took of a window: when, and how much."""

    at: float
    amount: float


class Window:
    """At most ``limit`` calls, or tokens, in any minute, in the order in which the calls came.

    A single call that takes more than the limit begins when nothing else is in the window: it would never begin else.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.waiting = 0
        self._begun: deque[WindowCall] = deque()
        self._sum = 0.0
        self._line = asyncio.Lock()

    async def take(self, amount: float = 1.0) -> WindowCall:
        """Wait until a call that takes so much may begin."""
        clock = asyncio.get_running_loop().time
        self.waiting += 1
        try:
            async with self._line:
                while True:
                    now = clock()
                    while self._begun and self._begun[0].at <= now - MINUTE:
                        self._sum -= self._begun.popleft().amount
                    if self._sum + amount <= self.limit or (not self._begun and self.limit > 0):
                        taken = WindowCall(now, amount)
                        self._begun.append(taken)
                        self._sum += amount
                        return taken
                    # The limit may change meanwhile, so a long wait is made of short ones.
                    oldest = self._begun[0].at + MINUTE - now if self._begun else 0.05
                    await asyncio.sleep(min(oldest, 1.0))
        finally:
            self.waiting -= 1

    def settle(self, taken: WindowCall, amount: float) -> None:
        """Count what a call really took, where that is known only afterwards."""
        if taken.at > asyncio.get_running_loop().time() - MINUTE:
            self._sum += amount - taken.amount
            taken.amount = amount
