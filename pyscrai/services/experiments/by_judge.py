"""Contrasts by each judge apart: how far a difference depends on who scores, and what judges beyond the plan say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyscrai.databases.experiment_tables import JudgementRow
from pyscrai.databases.repositories.judgements import HUMAN
from pyscrai.experiments.analysis import RunValue, compare
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.run_values import Value, judged_value


def contrasts_by_judge(plan: ExperimentPlan, values: Mapping[str, Sequence[RunValue]],
                       judgements: Sequence[JudgementRow]) -> list[dict[str, Any]]:
    """Every contrast of judged measures with the scores of one model alone, where there are several.

    The passes of a judge beyond those that the plan declares stand in a row of their own.
    """
    scores: dict[tuple[str, bool], dict[tuple[str, str], list[tuple[str, Value]]]] = defaultdict(
        lambda: defaultdict(list))
    for row in judgements:
        score = row.category if row.number is None else row.number
        if not row.judge.startswith(HUMAN) and score is not None:
            scores[row.judge, plan.counts(row.judge, row.pass_)][row.run_id, row.measure].append((row.of, score))
    if len(scores) < 2:
        return []
    found = []
    for use in plan.uses:
        if not plan.is_judged(use):
            continue
        for (judge, planned), given in sorted(scores.items(), key=lambda each: (not each[0][1], each[0][0])):
            by_run = [replace(value, value=judged_value(use, given.get((value.run_id, use.target), ())))
                      for value in values[use.name]]
            for result in compare(plan.spec, use, "exploratory", by_run, plan.contrasts, None):
                estimate = result.estimate
                found.append({
                    "measure": result.measure, "arm": result.arm, "reference": result.reference, "judge": judge,
                    "planned": planned, "n_pasts": result.n_pasts,
                    "difference": estimate.value if estimate else None, "low": estimate.low if estimate else None,
                    "high": estimate.high if estimate else None, "level": estimate.level if estimate else None})
    return found
