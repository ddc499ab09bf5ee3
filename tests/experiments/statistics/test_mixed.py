"""The mixed model against published values, against the paired t, and against a likelihood that is written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from pyscrai.experiments.statistics.estimate import t_interval
from pyscrai.experiments.statistics.mixed import mixed_interval
from tests.depth import examples
from tests.experiments.statistics.test_intervals import OTHER, SLEEP

Side = list[tuple[str, float]]


def side(values: list[float], of_each: int = 1) -> Side:
    return [(f"p{index // of_each:02}", value) for index, value in enumerate(values)]


def drawn(seed: int, pasts: int, *, effect: float, differs: float) -> tuple[Side, Side]:
    """Runs of two arms, one to four in each past: each past has a level of its own, and an effect of its own."""
    random = np.random.default_rng(seed)
    sides: tuple[Side, Side] = ([], [])
    for past in range(pasts):
        level = random.normal()
        for arm in (0, 1):
            own = random.normal() * differs
            for _ in range(random.integers(1, 5)):
                sides[arm].append((f"p{past:02}", float(level + effect * arm + own + random.normal())))
    return sides[1], sides[0]


def reml(arm: Side, reference: Side) -> tuple[float, float]:
    """Estimate and standard error by the restricted likelihood, with every matrix written out."""
    rows = [(past, 1.0, value) for past, value in arm] + [(past, 0.0, value) for past, value in reference]
    y = np.array([value for *_, value in rows])
    x = np.array([[1.0, in_arm] for _, in_arm, _ in rows])
    same_past = np.array([[one[0] == other[0] for other in rows] for one in rows], float)
    same_cell = np.array([[one[:2] == other[:2] for other in rows] for one in rows], float)

    def fit(logs: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        residual, past, cell = np.exp(logs)
        inverse = np.linalg.inv(residual * np.eye(len(y)) + past * same_past + cell * same_cell)
        covariance = np.linalg.inv(x.T @ inverse @ x)
        coefficients = covariance @ x.T @ inverse @ y
        rest = y - x @ coefficients
        deviance = (-np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(covariance)[1] + rest @ inverse @ rest)
        return float(deviance), coefficients, covariance

    best = min((optimize.minimize(lambda logs: fit(logs)[0], start, method="Nelder-Mead", options={
        "xatol": 1e-8, "fatol": 1e-10, "maxiter": 4_000}) for start in ([0.0, 0.0, -1.0], [0.0, -2.0, -3.0])),
               key=lambda found: found.fun)
    _, coefficients, covariance = fit(best.x)
    return float(coefficients[1]), float(np.sqrt(covariance[1, 1]))


def test_students_sleep_data() -> None:
    # R: lmer(extra ~ group + (1 | ID), sleep) gives 1.58 with a standard error of 0.389, as the paired t test does.
    found, p = mixed_interval(side(SLEEP), side(OTHER))
    assert found.value == pytest.approx(-1.58)
    assert found.error == pytest.approx(0.38896, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-3)
    assert p == pytest.approx(0.002833, abs=1e-5)
    assert (found.n, found.freedom, found.method) == (10, 9, "mixed")


A = [52.0, 52.8, 53.1, 51.8, 52.8, 53.1, 60.0, 60.2, 58.4, 51.1, 52.3, 50.3, 50.9, 51.8, 51.4, 46.4, 44.8, 49.2]
B = [62.1, 62.6, 64.0, 59.7, 60.0, 59.0, 68.6, 65.8, 69.7, 63.2, 62.8, 62.2, 64.8, 65.0, 65.4, 43.7, 44.2, 43.0]
C = [67.5, 67.2, 66.9, 61.5, 61.7, 62.3, 70.8, 70.6, 71.0, 64.1, 66.2, 64.0, 72.1, 72.0, 71.1, 62.0, 61.4, 60.5]
"""Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, section 1.3: six workers, three tries a machine."""


@pytest.mark.parametrize(("machine", "effect"), [(B, 7.967), (C, 13.917)])
def test_repeats_count_for_the_past_that_they_are_of(machine: list[float], effect: float) -> None:
    found, _ = mixed_interval(side(machine, 3), side(A, 3))
    assert found.value == pytest.approx(effect, abs=5e-4), "the book's estimate"
    means = [np.reshape(each, (6, 3)).mean(axis=1) for each in (machine, A)]
    t = t_interval((means[0] - means[1]).tolist())
    assert (found.low, found.high) == pytest.approx((t.low, t.high), abs=2e-3), "balanced: the paired t interval"


@pytest.mark.parametrize("seed", range(examples(4, 30)))
def test_unbalanced_runs_give_what_the_restricted_likelihood_says(seed: int) -> None:
    arm, reference = drawn(seed, 9, effect=0.7, differs=0.5)
    found, _ = mixed_interval(arm, reference)
    value, error = reml(arm, reference)
    assert (found.value, found.error) == pytest.approx((value, error), rel=2e-2, abs=2e-3)


def test_it_covers_what_it_says() -> None:
    times = examples(40, 400)
    covered = 0
    for seed in range(times):
        found, _ = mixed_interval(*drawn(1_000 + seed, 10, effect=0.3, differs=0.5))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.3 <= found.high
    assert covered / times >= (0.93 if times > 100 else 0.88)


def test_values_that_do_not_vary_and_pasts_that_are_few() -> None:
    found, p = mixed_interval(side([2.0] * 5), side([2.0] * 5))
    assert (found.value, found.low, found.high, p) == (0.0, None, None, 1.0)
    with pytest.raises(ValueError, match="needs 4"):
        mixed_interval(side([1.0, 2.0, 3.0, 4.0]), side([1.0, 2.0, 3.0]))
