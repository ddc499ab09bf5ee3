"""Bootstrap intervals of a mean, from fifty values on."""

from __future__ import annotations

from collections.abc import Sequence

from pyscrai.experiments.statistics.estimate import Estimate, summary

LEAST = 50
"""Values below which the bootstrap is refused: at 8 to 50 skewed values nominal 95 % intervals covered 78 to 95 %."""


def bootstrap_interval(values: Sequence[float], *, level: float = 0.95, seed: int = 0, draws: int = 9_999) -> Estimate:
    """Estimate a mean by the bias-corrected and accelerated bootstrap.

    Efron (1987), Better Bootstrap Confidence Intervals, Journal of the American Statistical Association 82:171-185, as
    ``scipy.stats.bootstrap`` computes it.

    Raises:
        ValueError: there are fewer than 50 values.
    """
    import numpy as np
    from scipy import stats

    n, mean, spread = summary(values)
    if n < LEAST:
        raise ValueError(f"{n} values are too few for a bootstrap interval, which needs {LEAST}")
    if not spread:
        return Estimate(mean, None, None, level, n, spread, "bootstrap")
    found = stats.bootstrap((np.asarray(values, float),), np.mean, confidence_level=level, n_resamples=draws,
                            method="BCa", rng=np.random.default_rng(seed))
    return Estimate(mean, float(found.confidence_interval.low), float(found.confidence_interval.high), level, n, spread,
                    "bootstrap")
