"""Power of a paired comparison: what an experiment of a size can find."""

from __future__ import annotations

import math

TARGET = 0.8
"""The power that a plan aims at."""


def power(effect: float, spread: float, n: int, *, alpha: float = 0.05) -> float:
    """The chance that a two-sided paired t test finds a true mean difference.

    By the noncentral t distribution: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, chapter 2.

    Args:
        spread: standard deviation of the differences.
        n: number of pasts.

    Raises:
        ValueError: the spread is not above 0.
    """
    from scipy import stats

    if not spread > 0:
        raise ValueError(f"the spread of differences is above 0, not {spread}")
    if n < 2:
        return 0.0
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    shift = abs(effect) / spread * math.sqrt(n)
    found = float(stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift))
    return found if math.isfinite(found) else 1.0


def detectable(spread: float, n: int, *, alpha: float = 0.05, target: float = TARGET) -> float | None:
    """The smallest true difference that is found with the target power; None below two pasts."""
    from scipy import optimize

    if n < 2:
        return None
    top = spread
    while power(top, spread, n, alpha=alpha) < target:
        top *= 2
    return float(optimize.brentq(lambda effect: power(effect, spread, n, alpha=alpha) - target, 0.0, top))


def pasts_needed(effect: float, spread: float, *, alpha: float = 0.05, target: float = TARGET,
                 most: int = 1_000_000) -> int | None:
    """The pasts it takes to find a true difference with the target power; None where ``most`` do not suffice."""
    if not effect or power(effect, spread, most, alpha=alpha) < target:
        return None
    low, high = 2, most
    while low < high:
        middle = (low + high) // 2
        if power(effect, spread, middle, alpha=alpha) >= target:
            high = middle
        else:
            low = middle + 1
    return low
