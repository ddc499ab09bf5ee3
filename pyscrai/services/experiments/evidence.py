"""What the scores of runs rest on: who gave them, why, and the lines that were cited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.tables import MeasurementRow
from pyscrai.services.experiments.experiment_plan import ExperimentPlan

MOST_RUNS = 200
"""Runs whose evidence enters a report: those of the pairs with the largest differences."""


def runs_to_show(results: Mapping[str, Any], most: int = MOST_RUNS) -> list[str]:
    """The runs of the pairs that differ most, contrast by contrast."""
    found: dict[str, None] = {}
    ranked = [sorted(row.get("pairs") or (), key=lambda pair: -abs(pair["difference"]))
              for row in results["contrasts"] if row["standing"] == "primary"]
    for place in range(max(map(len, ranked), default=0)):
        for pairs in ranked:
            if place < len(pairs):
                found.update(dict.fromkeys((*pairs[place]["arm_runs"], *pairs[place]["reference_runs"])))
        if len(found) >= most:
            break
    return list(found)[:most]


async def evidence_of(session: AsyncSession, plan: ExperimentPlan, run_ids: Sequence[str]
                      ) -> dict[str, list[dict[str, Any]]]:
    """Run to its scores with their reasons and cited lines; runs whose values are only computed have none."""
    scores: dict[str, list[dict[str, Any]]] = defaultdict(list)
    wanted = {use.target for use in plan.uses if use.source == "measure"}
    rows = await session.scalars(select(MeasurementRow).where(
        MeasurementRow.run_id.in_(run_ids), MeasurementRow.measure.in_(wanted)).order_by(
            MeasurementRow.run_id, MeasurementRow.seq))
    for row in rows:
        scores[row.run_id].append({
            "measure": row.measure, "of": row.of or "", "by": f"{row.source or 'the Analyst'}, turn {row.turn}",
            "value": row.category if row.number is None else row.number, "rationale": row.rationale,
            "keys": row.evidence})
    for judgement in await Judgements(session, plan.id).read(run_ids=run_ids):
        scores[judgement.run_id].append({
            "measure": judgement.measure, "of": judgement.of, "by": f"{judgement.judge}, pass {judgement.pass_}",
            "value": judgement.category if judgement.number is None else judgement.number,
            "rationale": judgement.rationale, "keys": judgement.evidence})
    found = {}
    for run_id in run_ids:
        if run_id in scores:
            keys = {key for score in scores[run_id] for key in score["keys"]}
            lines = await Events(session).by_key(run_id, keys) if keys else {}
            found[run_id] = [{**score, "lines": [
                {"key": key, "turn": lines[key].turn, "who": lines[key].source or "",
                 "text": str(lines[key].payload.get("text") or lines[key].payload.get("arguments") or "")}
                for key in score["keys"] if key in lines]} for score in scores[run_id]]
    return found
