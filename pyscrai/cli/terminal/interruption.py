"""The terminal as a place where a person types, and the signals that interrupt a run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Ctrl-C and SIGTERM while a run plays: the first asks it to pause, the second cuts it off.

    Args:
        pause: asks the run to stand at its next boundary.
        tell: says so to the person.
    """

    def __init__(self, pause: Callable[[], None], tell: Callable[[str], None]) -> None:
        self._pause, self._tell = pause, tell
        self._cut: Callable[[], object] = lambda: None
        self.requested = asyncio.Event()

    def guard(self, cut: Callable[[], object]) -> None:
        """Do this at the second signal."""
        self._cut = cut

    def request(self) -> None:
        """Take a signal."""
        if not self.requested.is_set():
            self.requested.set()
            self._tell("pausing after this turn; Ctrl-C again cuts it off")
            self._pause()
        else:
            self._cut()

    def __enter__(self) -> Self:
        # Signals come to the main thread alone; in another one, whoever started it minds them.
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, self.request)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                asyncio.get_running_loop().remove_signal_handler(number)


class Keyboard:
    """Reads lines from the terminal without a thread, so that an interruption ends the waiting at once."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._typed = b""

    async def line(self, prompt: str) -> str | None:
        """One line, or None at the end of input or when the run is interrupted."""
        print(prompt, end="", flush=True)
        while b"\n" not in self._typed:
            if not await self._readable():
                print()
                return None
            # Python's own buffer would hide further lines from the event loop.
            piece = os.read(sys.stdin.fileno(), 65_536)
            if not piece:
                return None
            self._typed += piece
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(errors="replace")

    async def _readable(self) -> bool:
        """Wait for input; False when the run is interrupted first."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(sys.stdin.fileno(), readable)
        interrupted = asyncio.ensure_future(self._interruption.requested.wait())
        try:
            await asyncio.wait((ready, interrupted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(sys.stdin.fileno())
            interrupted.cancel()
        return ready.done()
