"""An event loop in a thread of its own: what lets the sync interface work inside a running loop and outside of one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from pyscrai.lab.progress import Progress, teller

T = TypeVar("T")


class EventLoop:
    """Runs coroutines for callers of other threads; Ctrl-C in the caller cancels what it waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pyscrai-lab", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result.

        Raises:
            RuntimeError: the loop is closed.
        """
        return self._finish(self._begin(work))

    def run_telling(self, work: Callable[[Progress], Coroutine[Any, Any, T]], progress: Progress) -> T:
        """Run what tells how far it is; the lines are shown by the caller's thread, to whom a notebook's cell belongs.

        Args:
            work: makes the coroutine, given the function to tell lines to.

        Raises:
            RuntimeError: the loop is closed.
        """
        tell = teller(progress)
        if tell is None:
            return self.run(work(False))
        lines: SimpleQueue[str | None] = SimpleQueue()
        future = self._begin(work(lines.put))
        future.add_done_callback(lambda _: lines.put(None))
        failure: Exception | None = None
        try:
            while (line := lines.get()) is not None:
                if failure is None:
                    try:
                        tell(line)
                    except Exception as error:  # it does not reach the play, and is raised after it
                        failure = error
        except KeyboardInterrupt:
            self._cancel(future)
            raise
        found = self._finish(future)
        if failure is not None:
            raise failure
        return found

    def _begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the lab is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _finish(self, future: Future[T]) -> T:
        try:
            return future.result()
        except KeyboardInterrupt:
            self._cancel(future)
            raise

    def _cancel(self, future: Future[Any]) -> None:
        """Cancel what an interrupted caller waited for, and give it time to stand."""
        future.cancel()
        with suppress(CancelledError, TimeoutError):
            future.result(timeout=30)

    def close(self) -> None:
        """End the thread; nothing can be run any more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=30)
            self._loop.close()
