"""Comparison of two arms by estimating equations, for runs that are unbalanced over the pasts; needs ``mixed``."""

from __future__ import annotations

from collections.abc import Sequence

from pyscrai.experiments.statistics.estimate import ROUNDING, Estimate


def gee_interval(arm: Sequence[tuple[str, float]], reference: Sequence[tuple[str, float]], *, level: float = 0.95
                 ) -> tuple[Estimate, float]:
    """Estimate an arm's mean less the reference's from (past, value) pairs, and its two-sided p.

    Generalized estimating equations with exchangeable correlation within a past: Liang and Zeger (1986), Biometrika
    73:13-22; the covariance is bias-reduced for few clusters: Mancl and DeRouen (2001), Biometrics 57:126-134. Bounds
    are Student's t with the number of pasts less two degrees of freedom.

    Raises:
        ValueError: there are fewer than four pasts.
    """
    import numpy as np
    from scipy import stats
    from statsmodels.genmod.cov_struct import Exchangeable
    from statsmodels.genmod.generalized_estimating_equations import GEE

    rows = [(past, 1.0, value) for past, value in arm] + [(past, 0.0, value) for past, value in reference]
    rows.sort(key=lambda row: row[0])
    pasts = len({past for past, _, _ in rows})
    if pasts < 4:
        raise ValueError(f"{pasts} pasts are too few for estimating equations, which need 4")
    values = np.array([value for _, _, value in rows])
    design = np.column_stack([np.ones(len(rows)), [in_arm for _, in_arm, _ in rows]])
    with np.errstate(all="ignore"):   # values that do not vary
        fitted = GEE(values, design, groups=np.array([past for past, _, _ in rows]), cov_struct=Exchangeable()).fit(
            cov_type="bias_reduced")
    value, error = float(fitted.params[1]), float(fitted.bse[1])
    if not error > ROUNDING * float(np.abs(values).max()):
        return Estimate(value, None, None, level, pasts, 0.0, "gee", error=0.0, freedom=pasts - 2), float(not value)
    margin = float(stats.t.ppf((1 + level) / 2, pasts - 2)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, pasts - 2))
    return Estimate(value, value - margin, value + margin, level, pasts, None, "gee", error=error, freedom=pasts - 2), p
