"""Results of an experiment as JSON-plain data: what was played, every contrast with its pairs, and what it rests on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai import __version__
from pyscrai.databases.experiment_tables import JudgementRow
from pyscrai.databases.repositories.experiment_cells import STATES, ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.judgements import HUMAN, Judgements
from pyscrai.databases.repositories.metrics import of_models
from pyscrai.databases.tables import CallRow
from pyscrai.experiments.analysis import (
    ArmSummary,
    ContrastResult,
    RunValue,
    Standing,
    adjusted,
    arm_summaries,
    compare,
    widest,
)
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.experiments.packages import check_packages
from pyscrai.experiments.statistics.agreement import Agreement, krippendorff
from pyscrai.experiments.statistics.estimate import Estimate
from pyscrai.factories.services import Services
from pyscrai.factories.versions import versions
from pyscrai.services.experiments.by_judge import contrasts_by_judge
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.services.experiments.run_values import values_of

Results = dict[str, Any]


async def compute_results(services: Services, plan: ExperimentPlan, *, keep: bool = True) -> Results:
    """Analyse all that was played and judged so far.

    Args:
        keep: store the results with the experiment, for reports and for verification.
    """
    check_packages(plan.spec)
    async with services.database.read() as session:
        plan = await plan_of(session, await Experiments(session).get(plan.id))
        values = await values_of(session, plan, plan.uses)
        judgements = await Judgements(session, plan.id).read() if plan.judged else []
        facts = {"experiment": _experiment(plan), "design": _design(plan), **await _course(session, plan),
                 "provenance": await _provenance(session, plan)}
    # The bootstrap and the sign flips take CPU: not in the loop that plays runs.
    analysis = await asyncio.to_thread(_analysis, plan, values, judgements)
    results = {"interim": False, **facts, **analysis}
    analysed = {row["arm"]: row["n_pasts"] for row in results["arms"] if row["measure"] == plan.uses[0].name}
    for line in results["flow"]:
        line["analysed_pasts"] = analysed.get(line["arm"], 0)
    if keep:
        async with services.database.session() as session:
            await Experiments(session).change(plan.id, results=results)
    return results


async def interim_results(services: Services, plan: ExperimentPlan) -> float | None:
    """Analyse the primary measure while runs are still played; half of its widest interval, where there is one."""
    use = plan.spec.measures.primary
    if plan.is_judged(use):
        return None
    async with services.database.read() as session:
        values = await values_of(session, plan, [use])
    found = await asyncio.to_thread(_contrasts, plan, values, {})
    width = widest(found)
    async with services.database.session() as session:
        await Experiments(session).change(plan.id, results={
            "interim": True, "half_width": width, "contrasts": [contrast_row(result, pairs=False) for result in found]})
    return width


# -- the analysis -----------------------------------------------------------------------------------------------------


def _analysis(plan: ExperimentPlan, values: Mapping[str, Sequence[RunValue]], judgements: Sequence[JudgementRow]
              ) -> Results:
    reliability = {name: _agreement(plan, name, judgements) for name in plan.judged}
    overall = {name: krippendorff_of(plan, name, judgements) for name in plan.judged}
    summaries = [row for use in plan.uses for row in arm_summaries(plan.spec, use, values[use.name], list(plan.arms))]
    found = _contrasts(plan, values, overall)
    return {"measures": [_measure(plan, use) for use in plan.uses], "arms": [_summary_row(row) for row in summaries],
            "contrasts": [contrast_row(result) for result in found], "half_width": widest(found),
            "agreement": list(reliability.values()), "by_judge": contrasts_by_judge(plan, values, judgements)}


def _contrasts(plan: ExperimentPlan, values: Mapping[str, Sequence[RunValue]], agreement: Mapping[str, Agreement]
               ) -> list[ContrastResult]:
    found: list[ContrastResult] = []
    for use in plan.uses:
        if use.name in values:
            found += compare(plan.spec, use, standing(plan, use), values[use.name], plan.contrasts,
                             agreement.get(use.target) if plan.is_judged(use) else None)
    return adjusted(found, plan.spec)


def standing(plan: ExperimentPlan, use: MeasureUse) -> Standing:
    """The standing of a measure in this experiment; one that the frozen plan does not name is exploratory."""
    if plan.row.frozen is not None and use.name not in {
            entry["name"] for entry in plan.row.frozen.get("measures", ())}:
        return "exploratory"
    return "primary" if use is plan.spec.measures.primary else "secondary"


def krippendorff_of(plan: ExperimentPlan, measure: str, judgements: Sequence[JudgementRow]) -> Agreement:
    """The agreement of the models that the experiment declares, over all their passes."""
    return krippendorff(_items(plan, measure, judgements), _level(plan, measure), seed=plan.spec.analysis.seed)


def _level(plan: ExperimentPlan, measure: str) -> Any:
    judges = plan.spec.judges
    return "nominal" if plan.judged[measure].categories is not None or judges is None else judges.level


def _items(plan: ExperimentPlan, measure: str, judgements: Sequence[JudgementRow], judge: str | None = None
           ) -> list[list[Any]]:
    items: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in judgements:
        if row.measure == measure and (row.judge == judge if judge else plan.counts(row.judge, row.pass_)):
            items[row.run_id, row.of].append(row.category if row.number is None else row.number)
    return list(items.values())


def _agreement(plan: ExperimentPlan, measure: str, judgements: Sequence[JudgementRow]) -> dict[str, Any]:
    level, seed = _level(plan, measure), plan.spec.analysis.seed
    names = sorted({row.judge for row in judgements if row.measure == measure})
    overall = krippendorff_of(plan, measure, judgements)
    judges = []
    for name in names:
        own = krippendorff(_items(plan, measure, judgements, name), level, seed=seed)
        judges.append({"judge": name, "alpha": own.alpha, "low": own.low, "high": own.high, "items": own.items,
                       "judgements": sum(row.judge == name and row.measure == measure for row in judgements)})
    return {"measure": measure, "level": level, "alpha": overall.alpha, "low": overall.low, "high": overall.high,
            "confidence": overall.confidence, "items": overall.items, "values": overall.values,
            "reliable": overall.reliable, "judges": judges, "people": _with_people(plan, measure, judgements, level)}


def _with_people(plan: ExperimentPlan, measure: str, judgements: Sequence[JudgementRow], level: Any
                 ) -> dict[str, Any] | None:
    """The agreement of models with people on the items that both judged: alpha of both sides' means or majorities."""
    sides: dict[tuple[str, str], dict[bool, list[Any]]] = defaultdict(lambda: {True: [], False: []})
    for row in judgements:
        person = row.judge.startswith(HUMAN)
        if row.measure == measure and (person or plan.counts(row.judge, row.pass_)):
            sides[row.run_id, row.of][person].append(row.category if row.number is None else row.number)
    both = [(_middle(found[False]), _middle(found[True])) for found in sides.values()
            if found[True] and found[False]]
    if not both:
        return None
    kind = "nominal" if level == "nominal" else "interval"   # means have distances
    agreed = krippendorff([list(pair) for pair in both], kind, seed=plan.spec.analysis.seed)  # type: ignore[arg-type]
    numbers = [(model, person) for model, person in both if isinstance(model, float) and isinstance(person, float)]
    bias = sum(model - person for model, person in numbers) / len(numbers) if numbers else None
    return {"items": len(both), "alpha": agreed.alpha, "low": agreed.low, "high": agreed.high, "bias": bias}


def _middle(scores: Sequence[Any]) -> Any:
    if all(isinstance(score, int | float) for score in scores):
        return float(sum(scores) / len(scores))
    return max(sorted(set(scores)), key=scores.count)


# -- rows -------------------------------------------------------------------------------------------------------------


def contrast_row(result: ContrastResult, *, pairs: bool = True) -> dict[str, Any]:
    """A contrast as plain data."""
    estimate, bound = result.estimate, result.equivalence
    row = {
        "measure": result.measure, "standing": result.standing, "arm": result.arm, "reference": result.reference,
        "n_pasts": result.n_pasts, "n_runs": result.n_runs, "left_out": result.left_out,
        **_bounds("difference", estimate), "p": result.p, "p_adjusted": result.p_adjusted,
        "effect_size": result.effect_size, "smallest_effect_met": result.smallest_effect_met,
        "equivalence_p": bound.p if bound else None, "alpha": result.alpha, "reliable": result.reliable,
        "finding": result.finding}
    return {**row, "pairs": [asdict(pair) for pair in result.pairs]} if pairs else row


def _summary_row(row: ArmSummary) -> dict[str, Any]:
    return {"measure": row.measure, "arm": row.arm, "n_pasts": row.n_pasts, "n_runs": row.n_runs,
            **_bounds("mean", row.estimate)}


def _bounds(name: str, estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {name: None, "low": None, "high": None, "level": None, "spread": None, "method": None}
    return {name: estimate.value, "low": estimate.low, "high": estimate.high, "level": estimate.level,
            "spread": estimate.spread, "method": estimate.method}


def _measure(plan: ExperimentPlan, use: MeasureUse) -> dict[str, Any]:
    return {"name": use.name, "standing": standing(plan, use), "source": use.source, "target": use.target,
            "of": use.of, "take": use.take, "is": use.is_, "judged": plan.is_judged(use), "binary": use.binary}


def _experiment(plan: ExperimentPlan) -> dict[str, Any]:
    row, spec = plan.row, plan.spec
    moments = {name: moment.isoformat(timespec="seconds") if (moment := getattr(row, name)) else None
               for name in ("created_at", "frozen_at", "started_at", "ended_at")}
    return {"id": row.id, "name": row.name, "version": row.version, "title": spec.title, "question": spec.question,
            "description": spec.description, "scenario": spec.scenario, "status": row.status, "reason": row.reason,
            "pilot": row.pilot, "content_hash": row.content_hash, "freeze_hash": row.freeze_hash,
            "seconds": row.seconds, **moments}


def _design(plan: ExperimentPlan) -> dict[str, Any]:
    spec = plan.spec
    return {"pasts": spec.pasts.count, "vary": {name: list(values) for name, values in spec.pasts.vary.items()},
            "until": spec.pasts.until.model_dump(exclude_none=True) if spec.pasts.until else None,
            "arms": [{"name": arm.name, "levels": dict(arm.levels),
                      "description": spec.arms[arm.name].description if arm.name in spec.arms else "",
                      "overrides": arm.overrides.model_dump(mode="json", exclude_defaults=True)}
                     for arm in plan.arms.values()],
            "contrasts": [contrast.name for contrast in plan.contrasts], "repeats": spec.repeats, "cells": plan.cells,
            "smallest_effect": spec.smallest_effect, "level": spec.analysis.level, "method": spec.analysis.method,
            "stop": [rule.text for rule in spec.stop.first] if spec.stop else ["all pasts"],
            "judges": spec.judges.model_dump(mode="json", exclude_defaults=True) if spec.judges else None}


async def _course(session: AsyncSession, plan: ExperimentPlan) -> dict[str, Any]:
    cells, judges = ExperimentCells(session, plan.id), Judgements(session, plan.id)
    totals = await cells.totals()
    counts, past_counts = totals.cells, totals.pasts
    flow = []
    for arm in plan.arms:
        states = {state: counts.get(arm, {}).get(state, 0) for state in STATES}
        flow.append({"arm": arm, "planned": sum(states.values()), "made": states["playing"] + states["ended"]
                     + states["failed"], **{state: states[state] for state in ("ended", "failed", "excluded")},
                     "left": states["planned"] + states["playing"]})
    usd, tokens = totals.spent
    judge_usd, judge_tokens = await judges.spent()
    deviations = await Experiments(session).deviations(plan.id)
    return {"flow": flow, "pasts": past_counts,
            "reasons": await cells.reasons(),
            "cost": {"runs_usd": usd, "runs_tokens": tokens, "judges_usd": judge_usd, "judges_tokens": judge_tokens,
                     "usd": usd + judge_usd},
            "judgements": await judges.count(),
            "deviations": [{"when": row.happened_at.isoformat(timespec="seconds"), "what": row.what, "by": row.by}
                           for row in deviations]}


async def _provenance(session: AsyncSession, plan: ExperimentPlan) -> dict[str, Any]:
    """The models that answered: each alias with the model and the fingerprint that its endpoint reported."""
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    run_ids = await ExperimentCells(session, plan.id).run_ids()
    fingerprint = func.coalesce(CallRow.system_fingerprint, CallRow.raw["system_fingerprint"].as_string())
    for start in range(0, len(run_ids), 500):
        rows = await session.execute(select(CallRow.alias, CallRow.model, fingerprint, func.count()).where(
            CallRow.run_id.in_(run_ids[start:start + 500]), CallRow.model.is_not(None), *of_models(CallRow)).group_by(
                CallRow.alias, CallRow.model, fingerprint))
        for alias, model, print_, count in rows:
            found[alias, model, print_] += count
    libraries = {name: number for name, number in versions().items() if name != "pyscrai"}
    return {"pyscrai": __version__, "libraries": libraries, "frozen": plan.row.frozen,
            "models": [{"alias": alias, "model": model, "fingerprint": print_, "calls": count}
                       for (alias, model, print_), count in sorted(found.items(), key=str)]}
