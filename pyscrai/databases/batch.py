"""Taking from a queue whatever waits, so that it can share a transaction."""

from __future__ import annotations

import queue
from typing import TypeVar

T = TypeVar("T")


def take_batch(waiting: queue.SimpleQueue[T | None], most: int) -> list[T] | None:
    """Wait for one item, then take what else is there, up to ``most``; None once the queue was ended with None."""
    first = waiting.get()
    if first is None:
        return None
    batch = [first]
    while len(batch) < most:
        try:
            more = waiting.get_nowait()
        except queue.Empty:
            break
        if more is None:
            waiting.put(None)
            break
        batch.append(more)
    return batch
