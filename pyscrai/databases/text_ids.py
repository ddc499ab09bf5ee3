"""The ids of texts that are stored already, as many as it is worth to remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from pyscrai.plain_text import storable

BUDGET = 8_000_000
"""Characters remembered before the older half is dropped."""


def digest(text: str) -> bytes:
    """The content hash of a text: 16 bytes of BLAKE2b."""
    return blake2b(storable(text).encode(), digest_size=16).digest()


class KnownTexts:
    """Text to id, in two generations: what is not asked for while the younger one fills up is forgotten."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget, self._size = budget // 2, 0
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def look_up(self, texts: Iterable[str], found: dict[str, int]) -> list[str]:
        """Add the ids that are known to ``found``; the texts that are not known, each once."""
        young, old = self._young, self._old
        missing: dict[str, None] = {}
        for text in texts:
            if text in found:
                continue
            number = young.get(text)
            if number is None:
                number = old.get(text)
                if number is None:
                    missing[text] = None
                    continue
                self._keep(text, number)
                young, old = self._young, self._old
            found[text] = number
        return list(missing)

    def learn(self, ids: Mapping[str, int]) -> None:
        """Remember ids; only those of committed rows, since a rolled back id may be given to another text."""
        for text, number in ids.items():
            if text not in self._young:
                self._keep(text, number)

    def _keep(self, text: str, number: int) -> None:
        if self._size > self._budget:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[text] = number
        self._size += len(text) + 64
