"""An index of texts that scores them against a query without a model: Okapi BM25 over words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]{2,}")
_SATURATION = 1.5
"""BM25's k1: how soon further occurrences of a word stop counting."""
_LENGTH = 0.75
"""BM25's b: how much long texts are marked down."""


def words(text: str) -> Counter[str]:
    """The words of a text, without regard to case, and how often each occurs. One letter alone is no word."""
    return Counter(_WORD.findall(text.casefold()))


class Index:
    """Texts by their words. Asking costs as much as there are texts that share a word with the query."""

    def __init__(self) -> None:
        self._lengths: dict[str, int] = {}
        self._places: dict[str, dict[str, int]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._total = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, key: str, counts: Counter[str]) -> None:
        """Take a text in; a known key is left as it is."""
        if key in self._lengths:
            return
        self._lengths[key] = length = counts.total()
        self._total += length
        self._words[key] = tuple(counts)
        for word, count in counts.items():
            self._places.setdefault(word, {})[key] = count

    def discard(self, key: str) -> None:
        """Let a text go; an unknown key is no matter."""
        if key not in self._lengths:
            return
        self._total -= self._lengths.pop(key)
        for word in self._words.pop(key):
            places = self._places[word]
            del places[key]
            if not places:
                del self._places[word]

    def scores(self, query: Iterable[str]) -> dict[str, float]:
        """BM25 scores of the texts that share a word with the query; higher fits better, all are above 0."""
        mean = self._total / len(self._lengths) if self._total else 1.0
        scores: dict[str, float] = {}
        for word in sorted(set(query)):
            places = self._places.get(word, {})
            rarity = math.log(1 + (len(self._lengths) - len(places) + 0.5) / (len(places) + 0.5))
            for key, count in places.items():
                damping = _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths[key] / mean)
                scores[key] = scores.get(key, 0.0) + rarity * count * (_SATURATION + 1) / (count + damping)
        return scores
