"""A moment in which what is to be written may be joined by what it leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOMENT = 0.02
"""Seconds that are waited at least."""

ROUNDS = 24
"""Rounds of the event loop that are waited after the moment: a busy loop gets through a turn's end much later than an
idle one, which takes six rounds for it."""


class Linger:
    """Calls a function when the moment is over, unless it was ended before.

    A process may die meanwhile, so the moment is as short as what is waited for allows: a time alone would be too short
    for a loop with hundreds of runs, or too long for all others.
    """

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then
        self._handle: asyncio.Handle | None = None

    def begin(self) -> None:
        """Begin to wait, unless that has begun."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(MOMENT, self._wait, ROUNDS)

    def end(self) -> None:
        """Wait no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _wait(self, rounds: int) -> None:
        if rounds:
            self._handle = asyncio.get_running_loop().call_soon(self._wait, rounds - 1)
        else:
            self._handle = None
            self._then()
