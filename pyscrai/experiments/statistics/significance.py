"""p values: sign-flip permutation of paired differences, exact McNemar, and Holm's correction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

DRAWS = 99_999
"""Sign flips that are drawn where not all of them are tried: the smallest p is then 0.00001."""
FEWEST = 9_999
"""Drawn of more than 5,000 differences: between the two, the work stays the same."""
WORK = 50_000_000


def sign_flip_p(differences: Sequence[float], *, seed: int = 0, draws: int | None = None) -> float:
    """Two-sided p of the mean of paired differences, by flipping their signs.

    Fisher's randomization test (The Design of Experiments, 1935, chapter 3): under the hypothesis that the arms do not
    differ, each difference could as well have the other sign. All 2^n flips are tried where there are at most
    ``draws``, else ``draws`` random ones with (b + 1) / (m + 1): Phipson and Smyth (2010), Permutation P-values Should
    Never Be Zero, Statistical Applications in Genetics and Molecular Biology 9:39.

    Raises:
        ValueError: there are no differences.
    """
    import numpy as np

    values = np.abs(np.asarray(differences, float))
    if not len(values):
        raise ValueError("there are no differences")
    observed = abs(float(np.sum(np.asarray(differences, float))))
    values = values[values > 0]
    if not len(values):
        return 1.0
    least = observed - 1e-9 * max(1.0, float(values.sum()))  # sums in another order differ by rounding
    draws = draws or min(DRAWS, max(FEWEST, WORK // len(values)))
    exact = 2 ** len(values) <= draws
    extreme = tried = 0
    for signs in _all_flips(len(values)) if exact else _drawn_flips(len(values), draws, seed):
        extreme += int(np.count_nonzero(np.abs(signs @ values) >= least))
        tried += len(signs)
    return extreme / tried if exact else (extreme + 1) / (tried + 1)


def _all_flips(n: int) -> Iterator[Any]:
    """All rows of signs, in one array."""
    import numpy as np

    bits = np.arange(2 ** n, dtype=np.int64)[:, None] >> np.arange(n)
    yield (bits & 1) * 2.0 - 1.0


def _drawn_flips(n: int, draws: int, seed: int) -> Iterator[Any]:
    """Random rows of signs, in arrays that do not take much memory; a sign is a random bit."""
    import numpy as np

    random = np.random.default_rng(seed)
    while draws > 0:
        portion = min(draws, max(1, 4_000_000 // n))
        octets = random.integers(0, 256, (portion, -(-n // 8)), dtype=np.uint8)
        yield np.unpackbits(octets, axis=1, count=n) * 2.0 - 1.0
        draws -= portion


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Exact two-sided p of two paired proportions, from the pairs in which just one of the two is true.

    McNemar (1947), Psychometrika 12:153-157, with the binomial distribution instead of the chi-squared.
    """
    from scipy import stats

    discordant = only_first + only_second
    if not discordant:
        return 1.0
    return float(stats.binomtest(min(only_first, only_second), discordant, 0.5).pvalue)


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusted p values that keep the chance of any false finding at the level.

    Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6:65-70.
    """
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = largest
    return adjusted
