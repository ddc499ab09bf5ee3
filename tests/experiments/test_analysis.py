"""From values of runs to contrasts: the unit is the past, families are corrected apart, findings are what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pyscrai.experiments.analysis import RunValue, adjusted, arm_summaries, compare, widest
from pyscrai.experiments.design import contrasts, planned_arms
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.experiments.reader import experiment_of_data
from pyscrai.experiments.statistics.agreement import krippendorff
from pyscrai.experiments.statistics.estimate import t_interval
from pyscrai.experiments.statistics.significance import holm, mcnemar_p, sign_flip_p


def spec(**changes: Any) -> ExperimentTemplate:
    return experiment_of_data({
        "kind": "experiment", "name": "x", "question": "Why?", "scenario": "s", "pasts": {"seeds": 8},
        "arms": {"a": {}, "b": {"model": "m"}, "c": {"model": "n"}}, "measures": {"primary": {"name": "score"}},
        **changes}).template


def values(**arms: Sequence[Sequence[float | None]]) -> list[RunValue]:
    """Arm to its pasts to the values of their repeats."""
    return [RunValue(past, arm, repeat, f"{arm}{past}.{repeat}", value) for arm, pasts in arms.items()
            for past, repeats in enumerate(pasts, 1) for repeat, value in enumerate(repeats, 1)]


def results(found: Sequence[RunValue], **changes: Any) -> Any:
    plan = spec(**changes)
    return adjusted(compare(plan, plan.measures.primary, "primary", found, contrasts(plan, planned_arms(plan))), plan)


ONE = [[1.0], [2.0], [3.0], [2.5], [4.0], [1.5]]
TWO = [[2.0], [2.6], [4.1], [3.5], [4.9], [2.0]]


def test_a_contrast_is_one_difference_per_past() -> None:
    contrast, other = results(values(a=ONE, b=TWO, c=ONE))
    differences = [two[0] - one[0] for one, two in zip(ONE, TWO, strict=True)]
    expected = t_interval(differences)
    assert (contrast.estimate.low, contrast.estimate.high) == pytest.approx((expected.low, expected.high))
    assert contrast.p == sign_flip_p(differences)
    assert [contrast.p_adjusted, other.p_adjusted] == holm([contrast.p, other.p])
    assert (contrast.n_pasts, contrast.n_runs, other.estimate.value) == (6, 12, 0.0)


def test_repeats_are_averaged_within_their_past_and_never_counted_as_pasts() -> None:
    [contrast] = results(values(a=[[1.0, 3.0]], b=[[4.0, 4.0, 4.0]]), arms={"a": {}, "b": {"model": "m"}})
    assert (contrast.n_pasts, contrast.n_runs, contrast.estimate.value) == (1, 5, 2.0)
    assert contrast.finding == "one past: n = 1"
    assert contrast.estimate.low is None
    assert widest([contrast]) is None


def test_pasts_with_only_one_side_are_left_out_and_counted() -> None:
    contrast, _ = results(values(a=ONE, b=[*TWO[:4], [None]], c=ONE))
    assert (contrast.n_pasts, contrast.left_out) == (4, 2)
    _, nothing = results(values(a=ONE, b=TWO))
    assert (nothing.finding, nothing.n_pasts) == ("no pairs", 0)


def test_yes_or_no_with_one_run_each_is_newcombe_and_mcnemar() -> None:
    measure = {"primary": {"name": "deal", "outcome": "deal"}}
    yes, no = [1.0], [0.0]
    found = values(a=[no] * 6 + [yes] * 2, b=[yes] * 5 + [no, yes, yes], c=[no] * 8)
    contrast, _ = results(found, measures=measure)
    assert (contrast.estimate.method, contrast.estimate.value) == ("newcombe", 5 / 8)
    assert contrast.p == mcnemar_p(5, 0)
    repeated, _ = results(values(a=[[0.0, 0.0]] * 8, b=[[1.0, 0.0]] * 8, c=[[0.0, 1.0]] * 8), measures=measure)
    assert (repeated.estimate.method, repeated.estimate.value) == ("t", 0.5)
    plan = spec(measures=measure)
    summary = arm_summaries(plan, plan.measures.primary, found, ["a"])[0]
    assert summary.estimate is not None
    assert (summary.estimate.method, summary.estimate.value) == ("wilson", 2 / 8)


@pytest.mark.parametrize(("shift", "smallest", "finding"), [
    (3.0, 1.0, "at least the smallest effect"), (0.0, 1.0, "smaller than the smallest effect"),
    (0.9, 1.0, "differs from zero"), (3.0, None, "differs from zero"), (0.0, None, "inconclusive")])
def test_what_a_contrast_amounts_to(shift: float, smallest: float | None, finding: str) -> None:
    noise = [0.3, -0.2, 0.1, -0.3, 0.25, -0.1, 0.05, -0.1]
    found = values(a=[[0.0]] * 8, b=[[shift + each] for each in noise])
    arms = {"a": {}, "b": {"model": "m"}}
    [contrast] = results(found, arms=arms, **({"smallest_effect": smallest} if smallest else {}))
    assert contrast.finding == finding
    assert contrast.smallest_effect_met == {"at least the smallest effect": True,
                                            "smaller than the smallest effect": False}.get(finding)


def test_a_factor_is_compared_over_all_levels_of_the_others() -> None:
    plan = spec(arms={}, factors={"heat": {"parameter": "heat", "values": [0, 1]},
                                  "who": {"role_model": "all", "values": ["m", "n"]}})
    levels = {"heat=0,who=m": 0.0, "heat=0,who=n": 1.0, "heat=1,who=m": 4.0, "heat=1,who=n": 7.0}
    found = [RunValue(past, arm, 1, f"{arm}{past}", value + past) for arm, value in levels.items()
             for past in range(1, 5)]
    heat, who = compare(plan, plan.measures.primary, "primary", found, contrasts(plan, planned_arms(plan)))
    assert heat.estimate is not None
    assert who.estimate is not None
    assert (heat.estimate.value, who.estimate.value, heat.n_runs) == (5.0, 2.0, 16)


CROSSED: dict[str, Any] = {"arms": {}, "factors": {
    "heat": {"parameter": "heat", "values": [0, 1]}, "who": {"role_model": "all", "values": ["m", "n"]}}}
NOISE = [0.3, -0.2, 0.1, -0.3, 0.25, -0.1]


def crossed() -> list[RunValue]:
    """Two factors with noise of each run; heat raises by 4 at m, by 6 at n."""
    levels = {"heat=0,who=m": 0.0, "heat=0,who=n": 1.0, "heat=1,who=m": 4.0, "heat=1,who=n": 7.0}
    return [RunValue(past, arm, 1, f"{arm}{past}", value + past * 10 + NOISE[(past * 7 + place * 5) % 6] * (place + 1))
            for place, (arm, value) in enumerate(levels.items()) for past in range(1, 9)]


@pytest.mark.parametrize("method", ["paired", "gee", "mixed"])
def test_an_interaction_is_a_difference_of_differences_per_past(method: str) -> None:
    found = crossed()
    [contrast] = results(found, **CROSSED, analysis={"method": method}, contrasts=[
        {"factor": "heat", "value": 1, "to": 0, "by": "who"}])
    at = {(each.past, each.arm): each.value or 0.0 for each in found}
    effects = [[at[past, f"heat=1,who={who}"] - at[past, f"heat=0,who={who}"] for past in range(1, 9)] for who in "nm"]
    differences = [one - other for one, other in zip(*effects, strict=True)]
    expected = t_interval(differences)
    assert (contrast.estimate.value, contrast.estimate.low, contrast.estimate.high) == pytest.approx(
        (expected.value, expected.low, expected.high))
    assert contrast.p == sign_flip_p(differences)
    assert [pair.arm_value for pair in contrast.pairs] == pytest.approx(effects[0])
    assert [pair.reference_value for pair in contrast.pairs] == pytest.approx(effects[1])
    assert (contrast.n_pasts, contrast.n_runs) == (8, 32)
    assert (contrast.arm, contrast.reference) == ("(heat=1 - heat=0) at who=n", "(heat=1 - heat=0) at who=m")
    turned, = results(found, **CROSSED, contrasts=[
        {"factor": "who", "value": "n", "to": "m", "by": "heat", "at": 1, "less_at": 0}])
    assert turned.estimate.value == pytest.approx(contrast.estimate.value), "it is the same from either side"


def test_an_interaction_is_averaged_over_the_other_factors_and_needs_all_four() -> None:
    three = {"arms": {}, "factors": {**CROSSED["factors"], "mood": {"parameter": "mood", "values": ["x", "y", "z"]}},
             "exclude": ["mood == 'z' && who == 'n' && heat == 1"], "contrasts": [
                 {"factor": "heat", "value": 1, "to": 0, "by": "who"}]}
    plan = spec(**three)
    [contrast] = contrasts(plan, planned_arms(plan))
    assert len(contrast.arms) == len(contrast.references) == 4
    assert not any("mood=z" in arm for arm in (*contrast.arms, *contrast.references))
    effect = {"x": 2.0, "y": 5.0, "z": 100.0}
    found = [RunValue(past, arm.name, 1, f"{arm.name}{past}", effect[str(arm.levels["mood"])] * (
        arm.levels["heat"] == 1 and arm.levels["who"] == "n")) for arm in planned_arms(plan) for past in (1, 2, 3)]
    assert results(found, **three)[0].estimate.value == 3.5
    gone = [each for each in found if each.past != 2 or each.arm != contrast.arms[0]]
    assert (results(gone, **three)[0].n_pasts, results(gone, **three)[0].left_out) == (2, 1)


def test_yes_or_no_makes_an_interaction_of_rates() -> None:
    measure = {"primary": {"name": "deal", "outcome": "deal"}}
    found = [RunValue(past, f"heat={heat},who={who}", 1, f"{heat}{who}{past}", float(heat == 1 and who == "n"))
             for heat in (0, 1) for who in "mn" for past in range(1, 5)]
    [contrast] = results(found, **CROSSED, measures=measure, contrasts=[
        {"factor": "heat", "value": 1, "to": 0, "by": "who"}])
    assert (contrast.estimate.method, contrast.estimate.value) == ("t", 1.0)


def test_unreliable_judges_are_said_so() -> None:
    plan = spec(arms={"a": {}, "b": {"model": "m"}})
    agreement = krippendorff([(1, 5), (5, 1), (2, 4), (4, 2)], "ordinal")
    [contrast] = compare(plan, plan.measures.primary, "primary", values(a=ONE, b=TWO),
                         contrasts(plan, planned_arms(plan)), agreement)
    assert not contrast.reliable
    assert contrast.alpha is not None
    assert contrast.alpha < 0


@pytest.mark.parametrize("method", ["gee", "mixed", "bootstrap"])
def test_other_methods_where_they_are_asked_for(method: str) -> None:
    many = [[float(index % 7)] for index in range(60)]
    found = values(a=many, b=[[each[0] + 1 + 0.1 * (index % 3)] for index, each in enumerate(many)])
    [contrast] = results(found, arms={"a": {}, "b": {"model": "m"}}, analysis={"method": method})
    assert contrast.estimate.method == method
    assert contrast.estimate.value == pytest.approx(1.1)
    assert contrast.estimate.low < 1.1 < contrast.estimate.high


@pytest.mark.parametrize("method", ["gee", "mixed"])
def test_methods_for_unbalanced_runs_count_all_that_they_use(method: str) -> None:
    one = values(a=[[1.0, 2.0], [3.0], [2.5, 2.0], [4.0], [2.0], [3.5]],
                 b=[[2.0], [4.0, 3.0], [3.0], [5.5], [2.5], [4.0, 5.0]])
    alone = [RunValue(past, "a", 1, f"alone{past}", 3.0) for past in (20, 21)]
    [contrast] = results([*one, *alone], arms={"a": {}, "b": {"model": "m"}}, analysis={"method": method},
                         smallest_effect=0.5)
    assert contrast.estimate.method == method
    assert (contrast.n_pasts, contrast.n_runs, contrast.left_out, len(contrast.pairs)) == (8, 18, 0, 6)
    assert contrast.equivalence.low > contrast.estimate.low, "the same error, at 90 % instead of 95"
    assert contrast.equivalence.p > 0.5
    few = [each for each in one if each.past <= 3]
    [paired] = results(few, arms={"a": {}, "b": {"model": "m"}}, analysis={"method": method})
    assert paired.estimate.method == "t", "too few pasts for it: the pairs have to do"


def test_the_families_of_primary_and_secondary_measures_are_corrected_apart() -> None:
    plan = spec()
    found = values(a=ONE, b=TWO, c=ONE)
    pairs = contrasts(plan, planned_arms(plan))
    both = adjusted([*compare(plan, plan.measures.primary, "primary", found, pairs),
                     *compare(plan, plan.measures.primary, "secondary", found, pairs)], plan)
    assert [row.p_adjusted for row in both[:2]] == holm([float(row.p or 0) for row in both[:2]])
    assert [row.p_adjusted for row in both[:2]] == [row.p_adjusted for row in both[2:]]


@pytest.mark.parametrize("method", ["paired", "gee", "mixed", "bootstrap"])
@pytest.mark.parametrize("pasts", [2, 8, 60])
def test_differences_that_never_vary_have_no_interval_and_prove_nothing(method: str, pasts: int) -> None:
    """Nobody knows how far they vary: no width of 0, no stop by it, and no claim that the effect is small."""
    same = values(a=[[1.0]] * pasts, b=[[1.0]] * pasts)
    [contrast] = results(same, arms={"a": {}, "b": {"model": "m"}}, analysis={"method": method}, smallest_effect=0.5)
    assert (contrast.estimate.value, contrast.estimate.low, contrast.equivalence) == (0.0, None, None)
    assert (contrast.finding, contrast.smallest_effect_met) == ("the same in every past", None)
    assert widest([contrast]) is None


def test_a_rate_without_a_difference_keeps_its_interval() -> None:
    plan = spec(arms={"a": {}, "b": {"model": "m"}}, smallest_effect=0.5,
                measures={"primary": {"name": "won", "outcome": "won"}})
    [contrast] = adjusted(compare(plan, plan.measures.primary, "primary", values(a=[[1.0]] * 8, b=[[1.0]] * 8),
                                  contrasts(plan, planned_arms(plan))), plan)
    assert contrast.estimate.method == "newcombe"
    assert contrast.estimate.low < -0.3, "eight pasts without a difference leave room for one"
    assert contrast.finding == "inconclusive"


@pytest.mark.parametrize("method", ["paired", "gee", "mixed"])
def test_a_difference_that_is_the_same_in_every_past_has_no_interval_either(method: str) -> None:
    one = [[0.1 * index] for index in range(8)]
    found = values(a=one, b=[[each[0] + 0.3] for each in one])   # the same, but for rounding
    [contrast] = results(found, arms={"a": {}, "b": {"model": "m"}}, analysis={"method": method}, smallest_effect=0.1)
    assert contrast.estimate.value == pytest.approx(0.3)
    assert (contrast.estimate.low, contrast.finding) == (None, "the same in every past")
