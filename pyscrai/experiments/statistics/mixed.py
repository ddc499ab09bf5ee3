"""Comparison of two arms by a mixed model, for runs that are unbalanced over the pasts; needs the extra ``mixed``."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pyscrai.experiments.statistics.estimate import Estimate

FEWEST = 4
"""Pasts that must have both arms: with fewer, nothing is known of how pasts differ."""

TINY = 1e-6
"""Of the values' spread: the model is fitted no more exactly than this."""

OPTIMIZERS = ("lbfgs", "bfgs", "powell", "nm")
"""Tried one after the other until one converges."""


def mixed_interval(arm: Sequence[tuple[str, float]], reference: Sequence[tuple[str, float]], *, level: float = 0.95
                   ) -> tuple[Estimate, float]:
    """Estimate an arm's mean less the reference's from (past, value) pairs, and its two-sided p.

    A linear mixed model, fitted by restricted maximum likelihood: Laird and Ware (1982), Random-Effects Models for
    Longitudinal Data, Biometrics 38:963-974. The arm is fixed and the past is random; where some past has several runs
    of an arm, so is the arm within the past, since an effect that differs between pasts and is not in the model makes
    intervals too narrow: Barr, Levy, Scheepers and Tily (2013), Random Effects Structure for Confirmatory Hypothesis
    Testing, Journal of Memory and Language 68:255-278. Bounds are Student's t with the number of pasts that have both
    arms, less one, degrees of freedom: of a balanced design they are those of the paired t interval.

    Raises:
        ValueError: fewer than four pasts have both arms, or the model cannot be fitted.
    """
    import numpy as np
    from scipy import stats

    both = {past for past, _ in arm} & {past for past, _ in reference}
    if len(both) < FEWEST:
        raise ValueError(f"{len(both)} pasts have both arms, which is too few for a mixed model: it needs {FEWEST}")
    rows = sorted([(past, 1.0, value) for past, value in arm] + [(past, 0.0, value) for past, value in reference])
    values = np.array([value for *_, value in rows])
    pasts = len({past for past, *_ in rows})
    if np.ptp(values) == 0:
        return Estimate(0.0, None, None, level, pasts, 0.0, "mixed", error=0.0, freedom=len(both) - 1), 1.0
    scale = float(np.std(values))
    fitted = _fitted(rows, values / scale)
    value, error = float(fitted.fe_params[1]) * scale, float(fitted.bse_fe[1]) * scale
    if not error > TINY * scale:   # the same difference in every past
        found = Estimate(value, None, None, level, pasts, 0.0, "mixed", error=0.0, freedom=len(both) - 1)
        return found, float(not value)
    margin = float(stats.t.ppf((1 + level) / 2, len(both) - 1)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, len(both) - 1))
    return Estimate(value, value - margin, value + margin, level, pasts, None, "mixed", error=error,
                    freedom=len(both) - 1), p


def _fitted(rows: Sequence[tuple[str, float, float]], values: Any) -> Any:
    """The fitted model of rows of past, arm and value."""
    import numpy as np
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    design = np.column_stack([np.ones(len(rows)), [in_arm for _, in_arm, _ in rows]])
    groups = np.array([past for past, *_ in rows])
    within = None
    if max(Counter((past, in_arm) for past, in_arm, _ in rows).values()) > 1:
        names, matrices = [], []
        for past in dict.fromkeys(groups):   # in the order of the model's groups, which is that of the sorted rows
            arms = design[groups == past, 1]
            names.append([f"{past}/{in_arm}" for in_arm in np.unique(arms)])
            matrices.append((arms[:, None] == np.unique(arms)[None, :]).astype(float))
        within = VCSpec(["arm"], [names], [matrices])
    found = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")   # of a variance of 0, which is a good estimate, and of tries that are repeated
        for optimizer in OPTIMIZERS:
            model = MixedLM(values, design, groups, exog_re=np.ones((len(rows), 1)), exog_vc=within)
            try:
                found = model.fit(reml=True, method=optimizer)
            except (np.linalg.LinAlgError, ValueError):
                continue
            if found.converged and np.isfinite(found.bse_fe[1]):
                return found
    raise ValueError("the mixed model cannot be fitted to these values" + ("" if found is None else ": no optimum"))
