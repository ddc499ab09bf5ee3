"""p values, power and Holm's correction against published and independently computed values."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pyscrai.experiments.statistics.power import detectable, pasts_needed, power
from pyscrai.experiments.statistics.significance import holm, mcnemar_p, sign_flip_p

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Darwin's maize, in eighths of an inch: the data of Fisher's own example."""


def test_sign_flips_of_darwins_maize() -> None:
    # Fisher (1935), section 21: 1726 of 2**15 arrangements are at least as extreme: 5.267 %.
    assert sign_flip_p(DARWIN) == pytest.approx(1726 / 2 ** 15)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-100, 100).map(lambda value: round(value, 2)), min_size=2, max_size=10))
def test_sign_flips_are_scipys(differences: list[float]) -> None:
    if not any(differences):
        assert sign_flip_p(differences) == 1.0
        return
    expected = stats.permutation_test((np.array(differences),), lambda x, axis: np.abs(np.mean(x, axis=axis)),
                                      permutation_type="samples", alternative="greater", vectorized=True,
                                      n_resamples=np.inf).pvalue
    assert sign_flip_p(differences) == pytest.approx(float(expected))


def test_drawn_sign_flips_come_close_to_all_of_them() -> None:
    drawn = sign_flip_p(DARWIN, draws=20_000, seed=4)
    assert drawn == pytest.approx(1726 / 2 ** 15, abs=0.006)
    assert drawn == sign_flip_p(DARWIN, draws=20_000, seed=4)
    assert 0 < sign_flip_p([1.0] * 40, draws=999) <= 0.002, "a drawn p is never 0"


def test_no_differences_are_refused() -> None:
    with pytest.raises(ValueError, match="no differences"):
        sign_flip_p([])


def test_mcnemar_of_agresti() -> None:
    # Agresti (2002), Categorical Data Analysis, table 10.1: approval ratings 86 and 150, exact p 3.716e-05.
    assert mcnemar_p(86, 150) == pytest.approx(3.716e-05, rel=1e-3)
    assert mcnemar_p(150, 86) == mcnemar_p(86, 150)
    assert mcnemar_p(0, 0) == 1.0


def test_holm_of_r() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") prints 0.03 0.06 0.06 0.02
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(ps: list[float]) -> None:
    """A hypothesis is rejected when each set of hypotheses that holds it is rejected by Bonferroni's test."""
    groups = [group for size in range(1, len(ps) + 1) for group in combinations(range(len(ps)), size)]
    for index, adjusted in enumerate(holm(ps)):
        closed = max(len(group) * min(ps[member] for member in group) for group in groups if index in group)
        assert adjusted == pytest.approx(min(1.0, closed))


def test_power_of_cohen() -> None:
    # G*Power 3.1, matched pairs, dz = 0.5, alpha 0.05 two-sided: 34 pairs have power 0.8077775.
    assert power(0.5, 1.0, 34) == pytest.approx(0.8077775, abs=1e-6)
    assert pasts_needed(0.5, 1.0) == 34
    assert pasts_needed(0.0, 1.0) is None
    found = detectable(2.0, 34)
    assert found is not None
    assert power(found, 2.0, 34) == pytest.approx(0.8, abs=1e-9)
    assert detectable(1.0, 1) is None
    assert power(1.0, 1.0, 1) == 0.0


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 0.8), st.integers(3, 60))
def test_power_is_statsmodels(effect: float, n: int) -> None:
    from statsmodels.stats.power import TTestPower

    assert power(effect, 1.0, n) == pytest.approx(TTestPower().power(effect, n, 0.05), abs=1e-6)
