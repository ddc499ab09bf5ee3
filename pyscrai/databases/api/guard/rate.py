"""How many requests a client may make: a caller whose key was verified has a rate of its own, an address the others."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network

CLIENTS = 10_000
"""Clients whose rate is remembered."""


class Buckets:
    """Token buckets, one for a client: a tenth of a minute's requests at once, refilled steadily."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = per_minute / 60, max(1.0, per_minute / 10), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one request; 0 if it is allowed, else the seconds until the next one is."""
        now = self._clock()
        left, since = self._buckets.pop(client, (self._size, now))
        left = min(self._size, left + (now - since) * self._rate)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


def network_of(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or the 64 bits that an IPv6 host may choose from."""
    try:
        return str(ip_network(f"{address}/64", strict=False)) if ip_address(address).version == 6 else address
    except ValueError:
        return address
