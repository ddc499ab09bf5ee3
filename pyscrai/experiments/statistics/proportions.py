"""Proportions: of one arm, and the difference of two arms over the same pasts."""

from __future__ import annotations

import math

from pyscrai.experiments.statistics.estimate import Estimate


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """Estimate one proportion.

    Wilson (1927), Probable Inference, Journal of the American Statistical Association 22:209-212; recommended below
    forty by Brown, Cai and DasGupta (2001), Statistical Science 16:101-133.

    Raises:
        ValueError: n is 0, or there are more successes than n.
    """
    from scipy import stats

    if n < 1:
        raise ValueError("there are no values")
    bounds = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    share = successes / n
    spread = math.sqrt(share * (1 - share) * n / (n - 1)) if n > 1 else None
    return Estimate(share, float(bounds.low), float(bounds.high), level, n, spread, "wilson")


def newcombe_interval(both: int, only_first: int, only_second: int, neither: int, *, level: float = 0.95) -> Estimate:
    """Estimate the first proportion less the second, of pairs.

    Newcombe (1998), Improved Confidence Intervals for the Difference between Binomial Proportions Based on Paired Data,
    Statistics in Medicine 17:2635-2650, method 10: the Wilson intervals of both, joined with their correlation, which
    is corrected for continuity.

    Raises:
        ValueError: there are no pairs.
    """
    n = both + only_first + only_second + neither
    if n < 1:
        raise ValueError("there are no pairs")
    first = wilson_interval(both + only_first, n, level=level)
    second = wilson_interval(both + only_second, n, level=level)
    assert first.low is not None
    assert first.high is not None
    assert second.low is not None
    assert second.high is not None
    below, above = first.value - first.low, first.high - first.value
    under, over = second.value - second.low, second.high - second.value
    phi = _correlation(both, only_first, only_second, neither)
    difference = (only_first - only_second) / n
    low = difference - math.sqrt(max(0.0, below ** 2 - 2 * phi * below * over + over ** 2))
    high = difference + math.sqrt(max(0.0, above ** 2 - 2 * phi * above * under + under ** 2))
    discordant = only_first + only_second
    spread = math.sqrt(max(0.0, discordant - n * difference ** 2) / (n - 1)) if n > 1 else None
    return Estimate(difference, low, high, level, n, spread, "newcombe")


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    margins = ((both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither))
    if not margins:
        return 0.0
    n = both + only_first + only_second + neither
    product = float(both * neither - only_first * only_second)
    if product > 0:
        product = max(product - n / 2, 0.0)
    return product / math.sqrt(margins)
