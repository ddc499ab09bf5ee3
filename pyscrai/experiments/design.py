"""The design expanded to plain data: pasts, arms and cells, each made when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from pyscrai.errors import ExpressionError
from pyscrai.experiments.models.arms import Factor, LatinHypercube, Overrides
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.templates.cel.computation import Computation
from pyscrai.templates.cel.expression import Expression, compile_expression
from pyscrai.templates.models.base import Scalar

MOST_ARMS = 10_000

MOST_COMBINATIONS = 100_000
"""Combinations of factors that are looked at, those that are left out among them."""

EXCLUSION_STEPS = 1_000_000
"""Steps that all exclusions may take over all combinations."""


@dataclass(frozen=True, slots=True)
class PlannedPast:
    """One unit of the experiment; ``number`` counts from 1 in the order of playing."""

    number: int
    seed: int
    block: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedArm:
    """One arm: its name, what it overrides, and the level of each factor where there are factors."""

    name: str
    overrides: Overrides
    levels: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A comparison: the arms on one side, the arms on the other, and what it is called.

    Where a factor is compared, both sides have as many arms, and each stands beside its counterpart, which differs
    in the level of that factor alone. Where effects are compared, each side is a difference itself: of its arms, those
    that are not in ``minus`` less those that are.
    """

    arms: tuple[str, ...]
    references: tuple[str, ...]
    arm: str
    reference: str
    minus: frozenset[str] = frozenset()

    @property
    def is_interaction(self) -> bool:
        """Whether differences are compared: a difference of differences."""
        return bool(self.minus)

    def side(self, names: tuple[str, ...], means: Mapping[str, float]) -> float:
        """The value of a side in one past, from the means of its arms."""
        added = [means[name] for name in names if name not in self.minus]
        return (sum(added) - sum(means[name] for name in names if name in self.minus)) / len(added)

    @property
    def name(self) -> str:
        """The comparison in words."""
        return f"{self.arm} - {self.reference}"


def planned_pasts(spec: ExperimentTemplate) -> Iterator[PlannedPast]:
    """The pasts in the order of playing: seed by seed, so that any first part of them is balanced over the blocks."""
    seeds = range(1, spec.pasts.seeds + 1) if isinstance(spec.pasts.seeds, int) else spec.pasts.seeds
    names = tuple(spec.pasts.vary)
    number = 0
    for seed in seeds:
        for values in product(*spec.pasts.vary.values()):
            number += 1
            yield PlannedPast(number, seed, dict(zip(names, values, strict=True)))


def planned_arms(spec: ExperimentTemplate) -> list[PlannedArm]:
    """The arms: those written out, or the combinations of the factors that are not excluded.

    Raises:
        ExpressionError: an exclusion cannot be computed.
        ValueError: there are too many combinations, or none is left.
    """
    if spec.arms:
        return [PlannedArm(name, Overrides.model_validate(arm.model_dump(exclude={"description"})))
                for name, arm in spec.arms.items()]
    arms = []
    exclusion = _Exclusion(spec.exclude)
    for levels in _combinations(spec):
        if exclusion.holds(levels):
            continue
        overrides = Overrides()
        for name, level in levels.items():
            factor = spec.factors[name]
            overrides = overrides.merged(factor.overrides(level if factor.range else factor.levels[level]))
        arms.append(PlannedArm(arm_name(levels), overrides, levels))
        if len(arms) > MOST_ARMS:
            raise ValueError(f"the factors make more than {MOST_ARMS} arms")
    if not arms:
        raise ValueError("the exclusions leave no combination")
    return arms


def arm_name(levels: Mapping[str, Scalar]) -> str:
    """The name of a combination: ``heat=0.5,memory=short``."""
    return ",".join(f"{name}={_plain(level)}" for name, level in levels.items())


def _plain(level: Scalar) -> str:
    if isinstance(level, bool):
        return str(level).lower()
    return f"{level:.6g}" if isinstance(level, float) else str(level)


class _Exclusion:
    """The conditions that leave combinations out, and the steps that they may still take."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._conditions = [compile_expression(text) for text in texts]
        self._left = EXCLUSION_STEPS

    def holds(self, levels: Mapping[str, Scalar]) -> bool:
        return any(self._truth(condition, levels) for condition in self._conditions)

    def _truth(self, condition: Expression, levels: Mapping[str, Scalar]) -> bool:
        computation = Computation(levels)
        found = condition.truth(levels, computation)
        self._left -= computation.spent
        if self._left < 0:
            raise ValueError(f"the exclusions take more than {EXCLUSION_STEPS:,} steps over all combinations")
        return found


def _combinations(spec: ExperimentTemplate) -> Iterator[dict[str, Scalar]]:
    if spec.design == "list":
        yield from (dict(combination) for combination in spec.combinations)
    elif isinstance(spec.design, LatinHypercube):
        yield from _latin_hypercube(spec.factors, spec.design.latin_hypercube, spec.analysis.seed)
    else:
        count = prod(len(factor.levels) for factor in spec.factors.values())
        if count > MOST_COMBINATIONS:
            raise ValueError(f"the factors make {count:,} combinations, more than {MOST_COMBINATIONS:,}, before any is "
                             "left out")
        for levels in product(*(factor.levels for factor in spec.factors.values())):
            yield dict(zip(spec.factors, levels, strict=True))


def _latin_hypercube(factors: Mapping[str, Factor], points: int, seed: int) -> Iterator[dict[str, Scalar]]:
    import numpy as np
    from scipy.stats import qmc

    drawn = qmc.LatinHypercube(d=len(factors), rng=np.random.default_rng(seed)).random(points)
    seen = set()
    for row in drawn:
        levels = {name: factor.point(float(share)) for (name, factor), share in zip(factors.items(), row, strict=True)}
        if (name := arm_name(levels)) not in seen:
            seen.add(name)
            yield levels


def contrasts(spec: ExperimentTemplate, arms: list[PlannedArm]) -> list[Contrast]:
    """The comparisons: those written out; else each arm with the first, or each level of a factor with its first."""
    if spec.contrasts:
        return [_written(entry, spec, arms) for entry in spec.contrasts]
    if not spec.factors:
        first, *others = [arm.name for arm in arms]
        return [Contrast((name,), (first,), name, first) for name in others]
    found = []
    for name, factor in spec.factors.items():
        if factor.range is None:
            base, *levels = factor.levels
            found += [_over(name, level, base, arms) for level in levels]
    return [contrast for contrast in found if contrast.arms]


def _written(entry: Mapping[str, Scalar], spec: ExperimentTemplate, arms: list[PlannedArm]) -> Contrast:
    if "by" in entry and {"factor", "value", "to"} <= entry.keys():
        by = str(entry["by"])
        first, second, *_ = spec.factors[by].levels
        return _interaction(str(entry["factor"]), entry["value"], entry["to"], by, entry.get("at", second),
                            entry.get("less_at", first), arms)
    if "factor" in entry and {"value", "to"} <= entry.keys():
        return _over(str(entry["factor"]), entry["value"], entry["to"], arms)
    (arm, reference), = entry.items()
    return Contrast((arm,), (str(reference),), arm, str(reference))


def _over(factor: str, level: Scalar, base: Scalar, arms: list[PlannedArm]) -> Contrast:
    """A level of a factor with another, over all combinations of the other factors in which both are there."""
    counterpart = _counterparts(arms)
    pairs = [(arm.name, other) for arm in arms if repr(arm.levels.get(factor)) == repr(level)
             and (other := counterpart(arm, {factor: base})) is not None]
    return Contrast(tuple(arm for arm, _ in pairs), tuple(other for _, other in pairs),
                    f"{factor}={_plain(level)}", f"{factor}={_plain(base)}")


def _interaction(factor: str, level: Scalar, base: Scalar, by: str, at: Scalar, less_at: Scalar, arms: list[PlannedArm]
                 ) -> Contrast:
    """The effect of a factor at one level of another, less its effect at another level of that.

    Over all combinations of the remaining factors in which all four are there.
    """
    counterpart = _counterparts(arms)
    fours = [(arm.name, *others) for arm in arms
             if repr(arm.levels.get(factor)) == repr(level) and repr(arm.levels.get(by)) == repr(at)
             and None not in (others := tuple(counterpart(arm, change) for change in (
                 {factor: base}, {by: less_at}, {factor: base, by: less_at})))]
    effect = f"({factor}={_plain(level)} - {factor}={_plain(base)})"
    names = [[str(four[place]) for four in fours] for place in range(4)]
    return Contrast((*names[0], *names[1]), (*names[2], *names[3]), f"{effect} at {by}={_plain(at)}",
                    f"{effect} at {by}={_plain(less_at)}", frozenset((*names[1], *names[3])))


def _counterparts(arms: list[PlannedArm]) -> Callable[[PlannedArm, Mapping[str, Scalar]], str | None]:
    """A function from an arm and levels to the arm that differs in these alone; None where there is none."""
    def key(levels: Mapping[str, Scalar]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name, repr(value)) for name, value in levels.items()))

    names = {key(arm.levels): arm.name for arm in arms}
    return lambda arm, changed: names.get(key({**arm.levels, **changed}))


def repeat_seed(past_seed: int, repeat: int) -> int:
    """The seed of a repeat, the same in all arms of a past; the first repeat goes on with the past's own."""
    if repeat == 1:
        return past_seed
    digest = hashlib.sha256(f"{past_seed}/{repeat}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def exclusion_problem(text: str, factors: Mapping[str, Any]) -> str | None:
    """Why an exclusion cannot be used, or None."""
    try:
        expression = compile_expression(text)
    except ExpressionError as error:
        return error.message
    unknown = sorted({path[0] for path in expression.paths} - set(factors))
    return f"there is no factor {unknown[0]!r}" if unknown else None
