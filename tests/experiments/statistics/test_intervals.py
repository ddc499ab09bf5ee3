"""Intervals against published and independently computed values, and their simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pyscrai.experiments.statistics.bootstrap import bootstrap_interval
from pyscrai.experiments.statistics.clustered import gee_interval
from pyscrai.experiments.statistics.equivalence import equivalence
from pyscrai.experiments.statistics.estimate import t_interval
from pyscrai.experiments.statistics.proportions import newcombe_interval, wilson_interval
from tests.depth import examples

SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
OTHER = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""Student's sleep data (Biometrika 1908), as R ships it."""


def test_t_interval_of_students_own_data() -> None:
    # R: t.test(extra ~ group, data = sleep, paired = TRUE) prints -2.4598858 -0.7001142, mean -1.58
    found = t_interval([first - second for first, second in zip(SLEEP, OTHER, strict=True)])
    assert found.value == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)
    assert found.half_width == pytest.approx(0.8798858, abs=1e-7)
    assert (found.n, found.method) == (10, "t")


@settings(max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.sampled_from([0.8, 0.95, 0.99]))
def test_t_interval_is_scipys(values: list[float], level: float) -> None:
    found = t_interval(values, level=level)
    if found.spread and found.spread > 1e-6:
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        expected = stats.t.interval(level, len(values) - 1, np.mean(values), error)
        assert (found.low, found.high) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_one_value_has_no_interval() -> None:
    found = t_interval([3.0])
    assert (found.value, found.low, found.high, found.half_width, found.standardized) == (3.0, None, None, None, None)


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        t_interval([])
    with pytest.raises(ValueError, match="not finite"):
        t_interval([1.0, float("nan")])


def test_standardized_mean_has_hedges_correction() -> None:
    found = t_interval([0.0, 1.0, 2.0, 3.0, 4.0])
    assert found.standardized == pytest.approx(2 / 1.5811388 * (1 - 3 / 15))


def test_wilson_interval_of_newcombe_1998() -> None:
    # Newcombe (1998), Two-sided Confidence Intervals for the Single Proportion, table I: 81/263 and 1/29.
    assert (wilson_interval(81, 263).low, wilson_interval(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (wilson_interval(1, 29).low, wilson_interval(1, 29).high) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert (wilson_interval(0, 20).low, wilson_interval(0, 20).high) == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize(("table", "low", "high"), [
    # Newcombe (1998), Statistics in Medicine 17:2635-2650, table II, method 10.
    ((36, 12, 2, 0), 0.0569, 0.3404),
    ((20, 12, 2, 16), 0.0562, 0.3292),
    ((0, 0, 0, 54), -0.0664, 0.0664),
])
def test_paired_proportions_of_newcombe_1998(table: tuple[int, int, int, int], low: float, high: float) -> None:
    found = newcombe_interval(*table)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@settings(max_examples=50)
@given(st.tuples(*[st.integers(0, 30)] * 4).filter(any))
def test_paired_proportions_turned_round(table: tuple[int, int, int, int]) -> None:
    both, first, second, neither = table
    one, other = newcombe_interval(both, first, second, neither), newcombe_interval(both, second, first, neither)
    assert one.low is not None
    assert one.high is not None
    assert other.low is not None
    assert other.high is not None
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert -1 <= one.low <= one.value + 1e-12
    assert one.value - 1e-12 <= one.high <= 1


def test_bootstrap_needs_fifty_values() -> None:
    with pytest.raises(ValueError, match="needs 50"):
        bootstrap_interval([1.0] * 49)
    values = list(np.random.default_rng(3).exponential(size=60))
    found = bootstrap_interval(values)
    t = t_interval(values)
    assert found.low is not None
    assert found.high is not None
    assert t.low is not None
    assert t.high is not None
    assert abs(found.low - t.low) < 0.1
    assert abs(found.high - t.high) < 0.1
    assert found == bootstrap_interval(values), "the same seed gives the same interval"


def test_equivalence_is_two_one_sided_tests() -> None:
    values = [0.1, -0.2, 0.05, 0.3, -0.15, 0.02, 0.11, -0.07]
    found = equivalence(values, 0.5)
    assert found is not None
    expected = max(stats.ttest_1samp(values, -0.5, alternative="greater").pvalue,
                   stats.ttest_1samp(values, 0.5, alternative="less").pvalue)
    assert found.p == pytest.approx(expected)
    assert found.equivalent
    assert -0.5 < found.low < found.high < 0.5
    narrow = equivalence(values, 0.05)
    assert narrow is not None
    assert not narrow.equivalent
    assert equivalence([1.0], 0.5) is None


def test_gee_of_a_balanced_design_is_the_mean_difference() -> None:
    random = np.random.default_rng(1)
    pasts = [f"p{number}" for number in range(12)]
    base = random.normal(size=12)
    arm = [(past, float(base[index] + 0.5 + random.normal() * 0.2)) for index, past in enumerate(pasts)]
    reference = [(past, float(base[index] + random.normal() * 0.2)) for index, past in enumerate(pasts)]
    found, p = gee_interval(arm, reference)
    t = t_interval([one[1] - other[1] for one, other in zip(arm, reference, strict=True)])
    assert found.value == pytest.approx(t.value)
    assert found.low is not None
    assert t.low is not None
    assert found.low == pytest.approx(t.low, abs=0.1)
    assert p < 0.001
    with pytest.raises(ValueError, match="need 4"):
        gee_interval(arm[:3], reference[:3])


@pytest.mark.parametrize("pasts", [8, 20, 50])
@pytest.mark.parametrize("kind", ["skewed scores", "rates of four repeats", "yes or no"])
def test_coverage_of_nominal_95_percent(kind: str, pasts: int) -> None:
    """Two arms over the same pasts: each past has a level of its own, and each arm its own noise."""
    random = np.random.default_rng(pasts)

    def arms(experiments: int) -> tuple[np.ndarray, np.ndarray]:
        levels = random.normal(0, 1, (experiments, pasts))
        return scores(levels + 0.8), scores(levels)

    def scores(levels: np.ndarray) -> np.ndarray:
        noisy = levels + random.normal(0, 1.2, (4 if kind.startswith("rates") else 1, *levels.shape))
        found = np.clip(np.round(10 - np.exp(noisy / 2 + 0.5)), 1, 10) if kind == "skewed scores" else noisy > 1.0
        return found.astype(float).mean(axis=0)

    arm, reference = arms(200_000 // pasts)
    truth = float((arm - reference).mean())
    covered, experiments = 0, examples(1_500, 3_000)
    for one, other in zip(*arms(experiments), strict=True):
        if kind == "yes or no":
            counts = [int(np.count_nonzero((one == first) & (other == second)))
                      for first, second in ((1, 1), (1, 0), (0, 1), (0, 0))]
            found = newcombe_interval(*counts)
        else:
            found = t_interval((one - other).tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / experiments <= 0.97, covered / experiments
