"""What an experiment will take and what it can find, from a pilot's own runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from pyscrai.databases.experiment_tables import ExperimentCellRow
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.tables import RunMetricsRow
from pyscrai.errors import RunError, VersionConflict
from pyscrai.experiments.models.pasts import Pasts
from pyscrai.experiments.packages import check_packages
from pyscrai.experiments.reader import LoadedExperiment
from pyscrai.experiments.statistics.power import TARGET, detectable, pasts_needed
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.services.experiments.experiment_store import store_experiment

PILOT_SEED = 1_000_000
"""Added to the seeds of a pilot, so that its pasts are none of the experiment's."""


async def store_pilot(services: Services, loaded: LoadedExperiment, pasts: int, *, actor: str = "") -> ExperimentPlan:
    """Store a pilot: the same arms over a few pasts of its own. An earlier pilot of other size is replaced.

    Raises:
        RunError: there are fewer than two pasts.
        TemplateError: with every error of the experiment.
    """
    if pasts < 2:
        raise RunError("a pilot needs two pasts or more", code="experiment.pilot", cure="--pilot 4")
    spec = loaded.template
    seeds = range(1, pasts + 1) if isinstance(spec.pasts.seeds, int) else spec.pasts.seeds[:pasts]
    few = Pasts(seeds=tuple(PILOT_SEED + seed for seed in seeds), vary=spec.pasts.vary, until=spec.pasts.until)
    pilot = LoadedExperiment(spec.model_copy(update={"pasts": few, "stop": None}), loaded.positions, loaded.source)
    try:
        return await store_experiment(services, pilot, actor=actor, pilot=True)
    except VersionConflict:
        async with services.database.session() as session:
            row = await Experiments(session).stored(spec.name, spec.version, pilot=True)
            if row is not None:
                await session.delete(row)
        return await store_experiment(services, pilot, actor=actor, pilot=True)


async def forecast(services: Services, plan: ExperimentPlan) -> dict[str, Any]:
    """A forecast of an experiment: its cost and what it can find; as far as a pilot was played, in its own units."""
    spec = plan.spec
    check_packages(spec)
    planned = {"pasts": spec.pasts.count, "arms": len(plan.arms), "repeats": spec.repeats, "runs": plan.cells,
               "past_runs": spec.pasts.count if spec.pasts.until else 0, "contrasts": len(plan.contrasts)}
    # Holm's first step is Bonferroni's: what is found there is found by Holm in any case.
    alpha = (1 - spec.analysis.level) / max(1, len(plan.contrasts))
    found: dict[str, Any] = {
        **planned, "target_power": TARGET, "alpha": alpha, "smallest_effect": spec.smallest_effect, "pilot": None,
        "detectable_d": detectable(1.0, spec.pasts.count, alpha=alpha)}
    async with services.database.read() as session:
        row = await Experiments(session).stored(spec.name, spec.version, pilot=True)
        pilot = await plan_of(session, row) if row is not None and row.results and not row.results.get("interim") else (
            None)
        if pilot is not None:
            found["pilot"] = {**_effects(plan, pilot, alpha), **await _costs(session, plan, pilot)}
    judges = spec.judges
    found["judgements"] = plan.cells * len(judges.by) * judges.repeats * len(plan.judged) if judges else 0
    return found


def _effects(plan: ExperimentPlan, pilot: ExperimentPlan, alpha: float) -> dict[str, Any]:
    results = pilot.row.results or {}
    rows = [row for row in results.get("contrasts", ()) if row["standing"] == "primary" and row["spread"]]
    spread = max((row["spread"] for row in rows), default=None)
    smallest = plan.spec.smallest_effect
    return {"experiment_id": pilot.id, "pasts": pilot.spec.pasts.count, "spread": spread,
            "detectable": detectable(spread, plan.spec.pasts.count, alpha=alpha) if spread else None,
            "pasts_for_smallest_effect": pasts_needed(smallest, spread, alpha=alpha) if smallest and spread else None}


async def _costs(session: Any, plan: ExperimentPlan, pilot: ExperimentPlan) -> dict[str, Any]:
    """Calls and cost of all runs, with a range: two standard errors of the pilot's mean run either way."""
    tokens = RunMetricsRow.prompt_tokens + RunMetricsRow.completion_tokens
    rows = (await session.execute(select(RunMetricsRow.calls, RunMetricsRow.cost_usd, tokens).join(
            ExperimentCellRow, ExperimentCellRow.run_id == RunMetricsRow.run_id).where(
                ExperimentCellRow.experiment_id == pilot.id, RunMetricsRow.role == ""))).all()
    left = plan.cells
    return {"runs_played": len(rows), "calls": _scaled([row[0] for row in rows], left),
            "usd": _scaled([row[1] or 0.0 for row in rows], left), "tokens": _scaled([row[2] for row in rows], left)}


def _scaled(values: Sequence[float], runs: int) -> dict[str, float] | None:
    if not values:
        return None
    n = len(values)
    mean = sum(values) / n
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1)) if n > 1 else mean
    # The mean is not known exactly, and the runs to come scatter around theirs.
    error = 2 * spread * math.sqrt(1 / n + 1 / runs)
    return {"expected": mean * runs, "low": max(0.0, mean - error) * runs, "high": (mean + error) * runs}
