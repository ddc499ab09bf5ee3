"""What the scores of runs rest on: who gave them, why, and the lines that were cited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import EventRow, MeasurementRow
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.exports.transcript_entry import pairs
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.run_values import read_records, value_of
from pyscrai.value_text import value_text

MOST_RUNS = 200
"""Runs whose evidence enters a report: those of the pairs with the largest differences."""

MOST_LINES = 4
"""The last events that are shown of what a computed value rests on."""


def runs_to_show(results: Mapping[str, Any], most: int = MOST_RUNS) -> list[str]:
    """The runs of the pairs that differ most, contrast by contrast."""
    found: dict[str, None] = {}
    ranked = [sorted(row.get("pairs") or (), key=lambda pair: -abs(pair["difference"]))
              for row in results["contrasts"] if row["standing"] == "primary"]
    for place in range(max(map(len, ranked), default=0)):
        for ranking in ranked:
            if place < len(ranking):
                found.update(dict.fromkeys((*ranking[place]["arm_runs"], *ranking[place]["reference_runs"])))
        if len(found) >= most:
            break
    return list(found)[:most]


async def evidence_of(session: AsyncSession, plan: ExperimentPlan, run_ids: Sequence[str]
                      ) -> dict[str, list[dict[str, Any]]]:
    """Run to its scores with their reasons and cited lines, and its computed values with what brought them about."""
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
    for run_id, values in (await _computed(session, plan, run_ids)).items():
        found[run_id] = [*found.get(run_id, ()), *values]
    return {run_id: found[run_id] for run_id in run_ids if run_id in found}


async def _computed(session: AsyncSession, plan: ExperimentPlan, run_ids: Sequence[str]
                    ) -> dict[str, list[dict[str, Any]]]:
    """Run to the values of measures that no model takes, each with its last events."""
    uses = [use for use in plan.uses if use.source != "measure"]
    if not uses:
        return {}
    runs = {run.id: run for run in await Runs(session).some(run_ids)}
    records = await read_records(session, plan, uses, list(runs.values()))
    table = EventRow.__table__.c
    events: dict[str, list[Any]] = defaultdict(list)
    for event in await session.execute(select(
            table.run_id, table.key, table.kind, table.turn, table.source, table.payload).where(
                table.run_id.in_(run_ids), table.kind.in_(("variable_changed", "action", "end_reached"))).order_by(
                    table.run_id, table.seq)):
        events[event.run_id].append(event)
    found: dict[str, list[dict[str, Any]]] = {}
    for run_id, run in runs.items():
        found[run_id] = [{
            "measure": use.name, "of": use.of or "", "by": f"{use.source} {use.target}", "rationale": "",
            "value": "none" if (value := value_of(plan, use, run, records)) is None else value,
            "lines": [{"key": event.key, "turn": event.turn, "who": event.source or "", "text": _told(event)}
                      for event in events[run_id] if _rests_on(use, event)][-MOST_LINES:]} for use in uses]
    return found


def _rests_on(use: MeasureUse, event: Any) -> bool:
    if use.source == "variable":
        return bool(event.kind == "variable_changed" and event.payload.get("variable") == use.target)
    if use.source == "action":
        return bool(event.kind == "action" and event.payload.get("action") == use.target.partition(".")[0]
                    and use.of in (None, event.source))
    return bool(use.source == "outcome" and event.kind == "end_reached")


def _told(event: Any) -> str:
    payload = event.payload
    if event.kind == "variable_changed":
        return (f"{payload['variable']}: {value_text(payload['old'])} to {value_text(payload['new'])} "
                f"({payload['cause']})")
    if event.kind == "action":
        return f"{payload['action']} {pairs(payload.get('arguments') or {})}"
    outcome = payload["outcome"]
    return f"{outcome.get('label', '')}: {outcome.get('reason', '')}"
