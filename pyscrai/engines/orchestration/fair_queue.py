"""A fair queue: whoever puts in a thousand runs does not keep another's one run waiting."""

from __future__ import annotations

from collections import OrderedDict, deque


class FairQueue:
    """Names waiting in shares; shares are served in turn, each in its own order. A name waits once."""

    def __init__(self) -> None:
        self._shares: OrderedDict[str, deque[str]] = OrderedDict()
        self._share_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._share_of)

    def __contains__(self, name: str) -> bool:
        return name in self._share_of

    def put(self, name: str, share: str = "") -> None:
        """Let a name wait at the end of its share; one that waits already keeps its place."""
        if name not in self._share_of:
            self._share_of[name] = share
            self._shares.setdefault(share, deque()).append(name)

    def get(self) -> str | None:
        """The next name of the share whose turn it is, or None if nothing waits."""
        while self._shares:
            share, names = self._shares.popitem(last=False)
            while names and self._share_of.get(names[0]) != share:
                names.popleft()
            if names:
                name = names.popleft()
                del self._share_of[name]
                if names:
                    self._shares[share] = names
                return name
        return None

    def remove(self, name: str) -> bool:
        """Let a name wait no longer; whether it did."""
        share = self._share_of.pop(name, None)
        if share is not None and share in self._shares:
            self._shares[share].remove(name)
        return share is not None

    def clear(self) -> None:
        """Let nothing wait."""
        self._shares.clear()
        self._share_of.clear()
