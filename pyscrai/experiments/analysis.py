"""From a value for each run to contrasts: one difference for each past, its interval, p and what it amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from pyscrai.experiments.design import Contrast
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.experiments.statistics.agreement import RELIABLE, Agreement
from pyscrai.experiments.statistics.bootstrap import LEAST, bootstrap_interval
from pyscrai.experiments.statistics.clustered import gee_interval
from pyscrai.experiments.statistics.equivalence import Equivalence, equivalence, equivalence_of
from pyscrai.experiments.statistics.estimate import Estimate, summary, t_interval
from pyscrai.experiments.statistics.mixed import mixed_interval
from pyscrai.experiments.statistics.proportions import newcombe_interval, wilson_interval
from pyscrai.experiments.statistics.significance import holm, mcnemar_p, sign_flip_p

Finding = Literal["no pairs", "one past: n = 1", "the same in every past", "at least the smallest effect",
                  "smaller than the smallest effect", "differs from zero", "inconclusive"]
Standing = Literal["primary", "secondary", "exploratory"]


@dataclass(frozen=True, slots=True)
class RunValue:
    """What a measure is in one run; None where the run ended without a value."""

    past: int
    arm: str
    repeat: int
    run_id: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of a contrast in one past: their means, or effects, and the runs that they come from."""

    past: int
    arm_value: float
    reference_value: float
    difference: float
    arm_runs: tuple[str, ...]
    reference_runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """A measure in one arm: the mean of its pasts' means."""

    measure: str
    arm: str
    n_pasts: int
    n_runs: int
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class ContrastResult:
    """One comparison by one measure."""

    measure: str
    standing: Standing
    arm: str
    reference: str
    n_pasts: int
    n_runs: int
    left_out: int
    """Pasts of which one side has no value."""
    estimate: Estimate | None
    p: float | None
    p_adjusted: float | None
    effect_size: float | None
    equivalence: Equivalence | None
    finding: Finding
    alpha: float | None
    """Krippendorff's alpha of the judges whose scores these are."""
    reliable: bool
    pairs: tuple[Pair, ...] = field(default=())

    @property
    def smallest_effect_met(self) -> bool | None:
        """Whether the difference is at least the smallest that matters; None where that is open or not asked."""
        return {"at least the smallest effect": True, "smaller than the smallest effect": False}.get(self.finding)


def arm_summaries(spec: ExperimentTemplate, use: MeasureUse, values: Sequence[RunValue], arms: Sequence[str]
                  ) -> list[ArmSummary]:
    """A measure in each arm."""
    means = past_means(values)
    runs = _runs(values)
    found = []
    for arm in arms:
        here = [means[key] for key in sorted(means) if key[1] == arm]
        count = sum(len(runs[key]) for key in runs if key[1] == arm)
        estimate = None
        if here and use.binary and count == len(here):
            estimate = wilson_interval(round(sum(here)), len(here), level=spec.analysis.level)
        elif here:
            estimate = t_interval(here, level=spec.analysis.level)
            if use.binary and estimate.low is not None and estimate.high is not None:   # a rate is between 0 and 1
                estimate = replace(estimate, low=max(0.0, estimate.low), high=min(1.0, estimate.high))
        found.append(ArmSummary(use.name, arm, len(here), count, estimate))
    return found


def compare(spec: ExperimentTemplate, use: MeasureUse, standing: Standing, values: Sequence[RunValue],
            contrasts: Sequence[Contrast], agreement: Agreement | None = None) -> list[ContrastResult]:
    """All contrasts of one measure; their p values are not adjusted yet."""
    means, runs = past_means(values), _runs(values)
    return [_compare(spec, use, standing, contrast, means, runs, values, agreement) for contrast in contrasts]


def adjusted(results: Sequence[ContrastResult], spec: ExperimentTemplate) -> list[ContrastResult]:
    """The same with Holm's correction over the contrasts of each standing, and what each then amounts to.

    The contrasts of the primary measure are one family; those of all secondary measures are another.
    """
    found = list(results)
    for standing in ("primary", "secondary", "exploratory"):
        family = [index for index, result in enumerate(found) if result.standing == standing and result.p is not None]
        for index, p in zip(family, holm([float(found[index].p or 0.0) for index in family]), strict=True):
            found[index] = replace(found[index], p_adjusted=p)
    return [replace(result, finding=_finding(result, spec)) for result in found]


def past_means(values: Sequence[RunValue]) -> dict[tuple[int, str], float]:
    """The mean of the repeats of each past and arm that have a value."""
    groups: dict[tuple[int, str], list[float]] = {}
    for each in values:
        if each.value is not None:
            groups.setdefault((each.past, each.arm), []).append(each.value)
    return {key: sum(found) / len(found) for key, found in groups.items()}


def widest(results: Sequence[ContrastResult]) -> float | None:
    """Half of the widest interval of the primary contrasts; None while one of them has no interval."""
    widths = [result.estimate.half_width if result.estimate else None
              for result in results if result.standing == "primary"]
    known = [width for width in widths if width is not None]
    return max(known) if known and len(known) == len(widths) else None


def _runs(values: Sequence[RunValue]) -> dict[tuple[int, str], list[str]]:
    runs: dict[tuple[int, str], list[str]] = {}
    for each in values:
        if each.value is not None:
            runs.setdefault((each.past, each.arm), []).append(each.run_id)
    return runs


def _compare(spec: ExperimentTemplate, use: MeasureUse, standing: Standing, contrast: Contrast,
             means: Mapping[tuple[int, str], float], runs: Mapping[tuple[int, str], list[str]],
             values: Sequence[RunValue], agreement: Agreement | None) -> ContrastResult:
    pairs, left_out = _pairs(contrast, means, runs)
    n_runs = sum(len(pair.arm_runs) + len(pair.reference_runs) for pair in pairs)
    estimate, p = _estimate(spec, use, contrast, pairs, n_runs, values)
    n_pasts, bound = len(pairs), None
    if estimate is not None and estimate.error is not None:   # of all runs, also of pasts that have one side alone
        n_pasts, left_out = estimate.n, 0
        n_runs = sum(each.value is not None and each.arm in (*contrast.arms, *contrast.references) for each in values)
    if standing == "primary" and spec.smallest_effect and estimate is not None:
        bound = _bound(estimate, [pair.difference for pair in pairs], spec.smallest_effect, 1 - spec.analysis.level)
    alpha = agreement.alpha if agreement is not None else None
    result = ContrastResult(
        use.name, standing, contrast.arm, contrast.reference, n_pasts, n_runs, left_out, estimate, p, p,
        estimate.standardized if estimate else None, bound, "inconclusive", alpha,
        agreement is None or (alpha is not None and alpha >= RELIABLE), tuple(pairs))
    return replace(result, finding=_finding(result, spec))


def _bound(estimate: Estimate, differences: Sequence[float], smallest: float, alpha: float) -> Equivalence | None:
    if estimate.error is not None and estimate.freedom is not None:
        if not estimate.error:
            return None
        return equivalence_of(estimate.value, estimate.error, estimate.freedom, smallest, alpha=alpha)
    return equivalence(differences, smallest, alpha=alpha) if differences else None


def _pairs(contrast: Contrast, means: Mapping[tuple[int, str], float], runs: Mapping[tuple[int, str], list[str]]
           ) -> tuple[list[Pair], int]:
    """The pasts in which every arm of both sides has a value, and how many have only some."""
    pairs, left_out = [], 0
    sides = (*contrast.arms, *contrast.references)
    for past in sorted({past for past, arm in means if arm in sides}):
        if any((past, arm) not in means for arm in sides):
            left_out += 1
            continue
        here = {arm: means[past, arm] for arm in sides}
        one, other = contrast.side(contrast.arms, here), contrast.side(contrast.references, here)
        pairs.append(Pair(past, one, other, one - other,
                          tuple(run for arm in contrast.arms for run in runs[past, arm]),
                          tuple(run for arm in contrast.references for run in runs[past, arm])))
    return pairs, left_out


def _estimate(spec: ExperimentTemplate, use: MeasureUse, contrast: Contrast, pairs: Sequence[Pair], n_runs: int,
              values: Sequence[RunValue]) -> tuple[Estimate | None, float | None]:
    plan = spec.analysis
    differences = [pair.difference for pair in pairs]
    varies = len(pairs) < 2 or bool(summary(differences)[2])
    # What does not vary no fit finds exactly; and the fits tell two sides apart, not four.
    if plan.method in ("gee", "mixed") and varies and not contrast.is_interaction:
        sides = [[(str(each.past), each.value) for each in values if each.arm in names and each.value is not None]
                 for names in (contrast.arms, contrast.references)]
        with suppress(ValueError):   # too few pasts: the pairs have to do
            return (gee_interval if plan.method == "gee" else mixed_interval)(sides[0], sides[1], level=plan.level)
    if not pairs:
        return None, None
    single = n_runs == len(pairs) * 2 and len(contrast.arms) == 1
    if use.binary and single and plan.method != "bootstrap":
        counts = [sum(pair.arm_value == one and pair.reference_value == other for pair in pairs)
                  for one, other in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))]
        if len(pairs) == 1:
            return t_interval(differences, level=plan.level), None
        return newcombe_interval(*counts, level=plan.level), mcnemar_p(counts[1], counts[2])
    if plan.method == "bootstrap" and len(pairs) >= LEAST:
        estimate = bootstrap_interval(differences, level=plan.level, seed=plan.seed)
    else:
        estimate = t_interval(differences, level=plan.level)
    return estimate, sign_flip_p(differences, seed=plan.seed) if len(pairs) > 1 else None


def _finding(result: ContrastResult, spec: ExperimentTemplate) -> Finding:
    estimate = result.estimate
    if estimate is None or not result.n_pasts:
        return "no pairs"
    if result.n_pasts == 1:
        return "one past: n = 1"
    if estimate.low is None or estimate.high is None:
        return "the same in every past"
    smallest = spec.smallest_effect if result.standing == "primary" else None
    if smallest is not None:
        if estimate.low >= smallest or estimate.high <= -smallest:
            return "at least the smallest effect"
        if result.equivalence is not None and result.equivalence.equivalent:
            return "smaller than the smallest effect"
    differs = result.p_adjusted is not None and result.p_adjusted < 1 - spec.analysis.level
    return "differs from zero" if differs else "inconclusive"
