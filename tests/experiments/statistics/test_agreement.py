"""Krippendorff's alpha against the values that he printed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.experiments.statistics.agreement import Level, krippendorff

NONE = None
JUDGES = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
]
"""Krippendorff (2011), section C: four observers, twelve units, missing values."""
ITEMS = list(zip(*JUDGES, strict=True))


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorff_2011(level: Level, alpha: float) -> None:
    found = krippendorff(ITEMS, level)
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert (found.items, found.values) == (11, 40)
    assert found.low is not None
    assert found.high is not None
    assert found.low < alpha < found.high <= 1
    assert found.reliable
    assert found == krippendorff(ITEMS, level), "the same seed gives the same interval"


def test_binary_alpha_of_krippendorff_2011() -> None:
    # Section A: two observers, ten units, binary: 0.095.
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = krippendorff(list(zip(first, second, strict=True)))
    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert not found.reliable


def test_nominal_alpha_of_krippendorff_2011() -> None:
    # Section B: two observers, twelve units, five categories: 0.692.
    found = krippendorff(list(zip("aabbdcccedda", "babbbccceddd", strict=True)))
    assert found.alpha == pytest.approx(0.692, abs=5e-4)


def test_alpha_is_not_defined_for_one_value_or_one_judge() -> None:
    assert krippendorff([(3, 3), (3, 3)]).alpha is None
    assert krippendorff([(3,), (4, None)]).alpha is None
    assert krippendorff([]).alpha is None
    assert not krippendorff([]).reliable


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=4), min_size=2, max_size=9))
def test_alpha_is_one_where_all_agree_and_never_more(items: list[list[int]]) -> None:
    for level in ("nominal", "ordinal", "interval"):
        found = krippendorff(items, level).alpha
        assert found is None or found <= 1 + 1e-12
        agreed = krippendorff([[values[0]] * len(values) for values in items], level).alpha
        assert agreed is None or agreed == pytest.approx(1.0)
