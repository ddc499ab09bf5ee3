"""A number for each run and measure, read from what the runs recorded, for many runs at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.repositories.experiment_cells import CellKey, ExperimentCells, PlayedCell
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.repositories.metrics import Metrics, RunMetrics
from pyscrai.databases.tables import EventRow, MeasurementRow, RunRow
from pyscrai.experiments.analysis import RunValue
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.services.experiments.experiment_plan import ExperimentPlan

AT_ONCE = 500
"""Runs whose records are read by one query."""

Value = float | str


@dataclass(slots=True)
class RunRecords:
    """What a portion of runs recorded, as far as the measures need it."""

    runs: dict[str, RunRow] = field(default_factory=dict)
    parents: dict[str, RunRow] = field(default_factory=dict)
    measured: dict[str, list[MeasurementRow]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    moves: dict[str, list[tuple[str | None, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(list))
    metrics: dict[tuple[str, str], Metrics] = field(default_factory=dict)
    judged: dict[tuple[str, str], list[tuple[str, Value]]] = field(default_factory=lambda: defaultdict(list))
    """Run and measure to role and score of each judgement by a judge that the experiment declares."""


async def values_of(session: AsyncSession, plan: ExperimentPlan, uses: Sequence[MeasureUse]
                    ) -> dict[str, list[RunValue]]:
    """The values of measures in all ended runs, by the measures' names."""
    found: dict[str, list[RunValue]] = {use.name: [] for use in uses}
    async for portion in ended_cells(session, plan.id):
        records = await read_records(session, plan, uses, [played.run for played in portion if played.run])
        for played in portion:
            if played.run is None:
                continue
            cell = played.cell
            for use in uses:
                found[use.name].append(RunValue(cell.past, cell.arm, cell.repeat, played.run.id,
                                                value_of(plan, use, played.run, records)))
    return found


async def ended_cells(session: AsyncSession, experiment_id: str, states: Sequence[str] = ("ended",)
                      ) -> AsyncIterator[list[PlayedCell]]:
    """The ended cells with their runs, a portion at a time."""
    cells = ExperimentCells(session, experiment_id)
    after: CellKey | None = None
    while portion := await cells.page(after=after, states=states, limit=AT_ONCE):
        yield portion
        last = portion[-1].cell
        after = (last.past, last.arm, last.repeat)
        session.expunge_all()


async def read_records(session: AsyncSession, plan: ExperimentPlan, uses: Sequence[MeasureUse],
                       runs: Sequence[RunRow]) -> RunRecords:
    """The records of some runs; only the tables that the measures need are asked."""
    records = RunRecords(runs={run.id: run for run in runs})
    ids = list(records.runs)
    parents = {run.parent_run_id for run in runs if run.parent_run_id}
    if parents and any(use.take == "change" or use.take in ("mean", "max", "min", "first") for use in uses):
        past_runs = await session.scalars(select(RunRow).where(RunRow.id.in_(parents)))
        records.parents = {row.id: row for row in past_runs}
    measures = {use.target for use in uses if use.source == "measure" and not plan.is_judged(use)}
    if measures:
        past = [run_id for run_id in parents if run_id] if any(use.take == "change" for use in uses) else []
        rows = await session.scalars(select(MeasurementRow).where(
            MeasurementRow.run_id.in_([*ids, *past]), MeasurementRow.measure.in_(measures)).order_by(
                MeasurementRow.run_id, MeasurementRow.seq))
        for measured in rows:
            records.measured[measured.run_id].append(measured)
    await _read_events(session, uses, ids, records)
    if any(use.source == "figure" for use in uses):
        roles = {use.of or "" for use in uses if use.source == "figure"}
        kept = await RunMetrics(session).of_runs(ids, roles)
        records.metrics = {(run_id, each.role): each for run_id, found in kept.items() for each in found}
    if judged := {use.target for use in uses if plan.is_judged(use)}:
        for judgement in await Judgements(session, plan.id).read(run_ids=ids, measures=judged):
            score = judgement.category if judgement.number is None else judgement.number
            if plan.counts(judgement.judge, judgement.pass_) and score is not None:
                records.judged[judgement.run_id, judgement.measure].append((judgement.of, score))
    return records


async def _read_events(session: AsyncSession, uses: Sequence[MeasureUse], ids: Sequence[str], records: RunRecords
                       ) -> None:
    variables = {use.target for use in uses if use.source == "variable" and use.take not in ("last", "change")}
    moves = {use.target.partition(".")[0] for use in uses if use.source == "action"}
    kinds = [kind for kind, wanted in (("variable_changed", variables), ("action", moves)) if wanted]
    if not kinds:
        return
    table = EventRow.__table__.c
    rows = await session.execute(select(table.run_id, table.kind, table.source, table.payload).where(
        and_(table.run_id.in_(ids), or_(*(table.kind == kind for kind in kinds)))).order_by(table.run_id, table.seq))
    for run_id, kind, source, payload in rows:
        if kind == "variable_changed" and payload.get("variable") in variables:
            records.changed[run_id].append(payload)
        elif kind == "action" and payload.get("action") in moves:
            records.moves[run_id].append((source, payload))


# -- one value --------------------------------------------------------------------------------------------------------


def value_of(plan: ExperimentPlan, use: MeasureUse, run: RunRow, records: RunRecords) -> float | None:
    """The value of a measure in one run; None where nothing was measured."""
    if use.source == "outcome":
        outcome = run.outcome or {}
        return float(use.target in (outcome.get("label"), outcome.get("end")))
    if use.source == "figure":
        return _figure(use, run, records.metrics.get((run.id, use.of or "")))
    if plan.is_judged(use):
        return judged_value(use, records.judged[run.id, use.target])
    start, series = _series(plan, use, run, records)
    return taken(use, start, series)


def judged_value(use: MeasureUse, judged: Iterable[tuple[str, Value]]) -> float | None:
    """The mean of a run's judgements, given as role and score; None where there is none."""
    scores = _known(number_of(use, score) for role, score in judged if use.of in (None, role))
    return sum(scores) / len(scores) if scores else None


def number_of(use: MeasureUse, raw: Any) -> float | None:
    """The number that one raw value counts: 1 or 0 where a category is named, 1 where values are counted."""
    if use.is_ is not None:
        return float((str(raw).lower() if isinstance(raw, bool) else str(raw)) == use.is_)
    if use.take == "count":
        return 1.0
    return float(raw) if isinstance(raw, int | float) else None


def taken(use: MeasureUse, start: float | None, series: Sequence[float]) -> float | None:
    """One number of several, of which ``start`` is the one where the arm began."""
    if use.take == "count":
        return float(sum(series))
    if not series:
        return None
    if use.take == "change":
        return series[-1] - (series[0] if start is None else start)
    picks = {"last": series[-1], "first": series[0], "max": max(series), "min": min(series)}
    return picks[use.take] if use.take in picks else sum(series) / len(series)


def _series(plan: ExperimentPlan, use: MeasureUse, run: RunRow, records: RunRecords
            ) -> tuple[float | None, list[float]]:
    """The values that the arm brought about itself, in order, and the one where it began."""
    parent = records.parents.get(run.parent_run_id or "")
    if use.source == "action":
        action, _, name = use.target.partition(".")
        return None, _known(number_of(use, move.get("arguments", {}).get(name, "") if name else 1.0)
                            for source, move in records.moves[run.id]
                            if move["action"] == action and use.of in (None, source))
    if use.source == "variable":
        return _variable(plan, use, run, parent, records)
    turns: dict[int, list[float]] = defaultdict(list)
    for row in records.measured[run.id]:
        if (score := _score(use, row)) is not None:
            turns[row.turn].append(score)   # of several roles at once, the mean is taken
    before = [score for row in records.measured[parent.id] if row.turn <= (run.fork_turn or 0)
              and (score := _score(use, row)) is not None] if parent else []
    if use.take == "count":
        return None, [score for scores in turns.values() for score in scores]
    return (before[-1] if before else None), [sum(scores) / len(scores) for scores in turns.values()]


def _variable(plan: ExperimentPlan, use: MeasureUse, run: RunRow, parent: RunRow | None, records: RunRecords
              ) -> tuple[float | None, list[float]]:
    first: Any = parent.variables.get(use.target) if parent else (run.settings.get("variables") or {}).get(use.target)
    if first is None:
        first = plan.scenario.variables[use.target].initial
    start = number_of(use, first)
    if use.take in ("last", "change"):
        return start, _known([number_of(use, run.variables.get(use.target, first))])
    changes = [change["new"] for change in records.changed[run.id] if change["variable"] == use.target]
    return start, _known(number_of(use, value) for value in (changes if use.take == "count" else [first, *changes]))


def _score(use: MeasureUse, row: MeasurementRow) -> float | None:
    if row.measure != use.target or (use.of is not None and row.of != use.of):
        return None
    return number_of(use, row.category if row.number is None else row.number)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _figure(use: MeasureUse, run: RunRow, metrics: Metrics | None) -> float | None:
    if use.target == "seconds":
        return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
    if use.target == "turns" and use.of is None:
        return float(run.turn)
    if metrics is None:
        return None
    if use.target == "tokens":
        return float(metrics.prompt_tokens + metrics.completion_tokens)
    found: Mapping[str, Any] = {"turns": metrics.turns, "words": metrics.words, "calls": metrics.calls,
                                "cost_usd": metrics.cost_usd}
    return None if found[use.target] is None else float(found[use.target])
