"""Agreement of judges: Krippendorff's alpha with an interval over the items that were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["nominal", "ordinal", "interval"]
"""What differences between values mean: none but being different, their order, their distance."""

RELIABLE = 0.667
"""Alpha below which not even tentative conclusions are drawn (Krippendorff 2004, page 241)."""

DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha with its interval; ``alpha`` is None where it is not defined: no item twice judged, or just one value."""

    alpha: float | None
    low: float | None
    high: float | None
    confidence: float
    level: Level
    items: int
    """Items with at least two values; the others say nothing about agreement."""
    values: int

    @property
    def reliable(self) -> bool:
        """Whether conclusions may rest on these judges."""
        return self.alpha is not None and self.alpha >= RELIABLE


def krippendorff(items: Sequence[Sequence[Any]], level: Level = "nominal", *, confidence: float = 0.95,
                 draws: int = DRAWS, seed: int = 0) -> Agreement:
    """Krippendorff's alpha of the values that each item got, in any number and from any judges.

    Krippendorff (2004), Content Analysis, chapter 11, and (2011), Computing Krippendorff's Alpha-Reliability,
    University of Pennsylvania, section E. The interval is the percentile bootstrap over items; an item is what is
    independent, its values are not. Below ten items there is no interval.

    Args:
        items: for each item its values; None stands for a missing one. Ordinal and interval values are numbers.
    """
    import numpy as np

    judged = [kept for values in items if len(kept := [value for value in values if value is not None]) >= 2]
    total = sum(map(len, judged))
    if not judged:
        return Agreement(None, None, None, confidence, level, 0, 0)
    names = sorted({value for values in judged for value in values}, key=None if level != "nominal" else str)
    place: Mapping[Any, int] = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(judged), len(names)))
    for row, values in enumerate(judged):
        for value in values:
            counts[row, place[value]] += 1
    scale = np.arange(len(names), dtype=float) if level == "nominal" else np.asarray(names, float)
    alpha = _alpha(counts, scale, level)
    if alpha is None or len(judged) < 10:
        return Agreement(alpha, None, None, confidence, level, len(judged), total)
    random = np.random.default_rng(seed)
    drawn = [found for _ in range(draws)
             if (found := _alpha(counts[random.integers(0, len(judged), len(judged))], scale, level)) is not None]
    if len(drawn) < draws / 2:
        return Agreement(alpha, None, None, confidence, level, len(judged), total)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Agreement(alpha, float(low), float(high), confidence, level, len(judged), total)


def _alpha(counts: Any, scale: Any, level: Level) -> float | None:
    """Alpha from a matrix of counts, items by values."""
    import numpy as np

    sizes = counts.sum(axis=1)
    totals = counts.sum(axis=0)
    n = totals.sum()
    distance = _distances(totals, scale, level)
    expected = float(totals @ distance @ totals) / (n - 1)
    if expected <= 0:
        return None
    observed = float((np.einsum("iv,vw,iw->i", counts, distance, counts, optimize=True) / (sizes - 1)).sum())
    return float(1 - observed / expected)


def _distances(totals: Any, scale: Any, level: Level) -> Any:
    """Squared differences between values."""
    import numpy as np

    if level == "nominal":
        return 1.0 - np.eye(len(scale))
    if level == "interval":
        return (scale[:, None] - scale[None, :]) ** 2
    # Between two ranks lie all values of the ranks between them and half of those at both ends.
    middle = np.cumsum(totals) - totals / 2
    return (middle[:, None] - middle[None, :]) ** 2
