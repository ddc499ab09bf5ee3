"""The pause before a call is made again."""

from __future__ import annotations

import random

from pyscrai.errors import LONGEST_RETRY

LONGEST_WAIT = 60.0
"""Seconds that a retry waits at most where the endpoint does not ask for more; it gets ``LONGEST_RETRY`` at most."""


def wait_before(backoff: float, number: int, retry_after: float | None) -> float:
    """Seconds before the next try: exponential with jitter, at least what the endpoint asked for."""
    wait: float = backoff * 2.0 ** number * random.uniform(0.75, 1.25)
    return max(min(LONGEST_WAIT, wait), min(LONGEST_RETRY, retry_after or 0.0))
