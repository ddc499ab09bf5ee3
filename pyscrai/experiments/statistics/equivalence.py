"""Equivalence: whether an effect is smaller than the smallest that matters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pyscrai.experiments.statistics.estimate import summary


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The two one-sided tests; ``low`` and ``high`` are the interval at 1 - 2 alpha that they amount to."""

    p: float
    low: float
    high: float
    bound: float
    equivalent: bool


def equivalence(differences: Sequence[float], bound: float, *, alpha: float = 0.05) -> Equivalence | None:
    """Test that a mean difference lies within plus or minus a bound.

    Two one-sided t tests: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15:657-680; Lakens
    (2017), Equivalence Tests, Social Psychological and Personality Science 8:355-362. None below two differences, and
    where all are the same.

    Raises:
        ValueError: the bound is not above 0.
    """
    n, mean, spread = summary(differences)
    if not spread:   # of differences that are all the same nobody knows how far they vary
        return None
    return equivalence_of(mean, spread / math.sqrt(n), n - 1, bound, alpha=alpha)


def equivalence_of(mean: float, error: float, freedom: float, bound: float, *, alpha: float = 0.05) -> Equivalence:
    """The same of a mean whose standard error is known, with that error's degrees of freedom.

    Raises:
        ValueError: the bound or the error is not above 0.
    """
    from scipy import stats

    if not bound > 0:
        raise ValueError(f"the bound of equivalence is above 0, not {bound}")
    if not error > 0:
        raise ValueError(f"the standard error is above 0, not {error}")
    above = float(stats.t.sf((mean + bound) / error, freedom))
    below = float(stats.t.cdf((mean - bound) / error, freedom))
    margin = float(stats.t.ppf(1 - alpha, freedom)) * error
    p = max(above, below)
    return Equivalence(p, mean - margin, mean + margin, bound, p < alpha)
