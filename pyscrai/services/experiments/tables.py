"""An experiment as tidy tables: runs, cells, measurements, judgements, turns, contrasts, deviations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any, Literal, get_args

import pyarrow as pa
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.experiment_cells import CellKey, ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.databases.tables import RunRow
from pyscrai.exports.table_file import TableFile, TableFormat
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.run_tables import AT_ONCE, Extra, RunSet, scenarios_of

TableName = Literal["runs", "cells", "measurements", "judgements", "turns", "contrasts", "arms", "deviations"]
TABLES: tuple[TableName, ...] = get_args(TableName)

TEXT, NUMBER, WHOLE, TRUTH = pa.string(), pa.float64(), pa.int64(), pa.bool_()

IDENTITY = [("experiment", TEXT), ("freeze", TEXT), ("past", WHOLE), ("arm", TEXT), ("repeat", WHOLE)]
CELLS = [*IDENTITY, ("state", TEXT), ("attempts", WHOLE), ("run_id", TEXT), ("reason", TEXT), ("error", TEXT)]
JUDGEMENTS = [*IDENTITY, ("item", TEXT), ("measure", TEXT), ("of", TEXT), ("judge", TEXT), ("pass", WHOLE),
              ("shown_order", WHOLE), ("number", NUMBER), ("category", TEXT), ("rationale", TEXT),
              ("evidence", pa.list_(TEXT)), ("model", TEXT), ("fingerprint", TEXT), ("cost_usd", NUMBER)]
CONTRASTS = [("experiment", TEXT), ("freeze", TEXT), ("measure", TEXT), ("standing", TEXT), ("arm", TEXT),
             ("reference", TEXT), ("n_pasts", WHOLE), ("n_runs", WHOLE), ("left_out", WHOLE), ("difference", NUMBER),
             ("low", NUMBER), ("high", NUMBER), ("level", NUMBER), ("p", NUMBER), ("p_adjusted", NUMBER),
             ("method", TEXT), ("effect_size", NUMBER), ("smallest_effect_met", TRUTH), ("equivalence_p", NUMBER),
             ("alpha", NUMBER), ("reliable", TRUTH), ("finding", TEXT)]
ARMS = [("experiment", TEXT), ("freeze", TEXT), ("measure", TEXT), ("arm", TEXT), ("n_pasts", WHOLE), ("n_runs", WHOLE),
        ("mean", NUMBER), ("low", NUMBER), ("high", NUMBER), ("level", NUMBER), ("spread", NUMBER), ("method", TEXT)]
DEVIATIONS = [("experiment", TEXT), ("when", TEXT), ("what", TEXT), ("by", TEXT)]


async def table_batches(session: AsyncSession, plan: ExperimentPlan, table: TableName, results: Mapping[str, Any]
                        ) -> tuple[pa.Schema, AsyncIterator[pa.RecordBatch]]:
    """The columns of a table and its rows, a portion at a time.

    Args:
        results: as ``compute_results`` gives them; contrasts and arms are taken from them.
    """
    if table in ("runs", "measurements", "turns"):
        runs = await experiment_runs(session, plan)
        return runs.schema(table), runs.batches(session, table)
    columns = {"cells": CELLS, "judgements": JUDGEMENTS, "contrasts": CONTRASTS, "arms": ARMS,
               "deviations": DEVIATIONS}[table]
    schema = pa.schema(columns)
    common = {"experiment": plan.id, "freeze": plan.row.freeze_hash}

    async def batches() -> AsyncIterator[pa.RecordBatch]:
        if table == "cells":
            async for rows in _cells(session, plan):
                yield pa.RecordBatch.from_pylist(rows, schema=schema)
        elif table == "judgements":
            async for rows in _judgements(session, plan):
                yield pa.RecordBatch.from_pylist(rows, schema=schema)
        elif table == "deviations":
            found = await Experiments(session).deviations(plan.id)
            yield pa.RecordBatch.from_pylist([
                {**common, "when": row.happened_at.isoformat(), "what": row.what, "by": row.by} for row in found],
                schema=schema)
        else:
            yield pa.RecordBatch.from_pylist([
                {name: value for name, value in {**common, **row}.items() if name in schema.names}
                for row in results.get(table) or ()], schema=schema)

    return schema, batches()


async def write_table(database: Database, plan: ExperimentPlan, table: TableName, results: Mapping[str, Any],
                      targets: Iterable[tuple[IO[bytes], TableFormat]]) -> None:
    """Write a table to files, a portion of rows at a time."""
    async with database.read() as session:
        schema, batches = await table_batches(session, plan, table, results)
        with ExitStack() as stack:
            files = [stack.enter_context(TableFile(target, schema, format)) for target, format in targets]
            async for batch in batches:
                for file in files:
                    await asyncio.to_thread(file.write, batch)


async def read_table(session: AsyncSession, plan: ExperimentPlan, table: TableName, results: Mapping[str, Any]
                     ) -> pa.Table:
    """A table as a whole."""
    schema, batches = await table_batches(session, plan, table, results)
    return pa.Table.from_batches([batch async for batch in batches], schema=schema)


def _identity(plan: ExperimentPlan, past: int, arm: str, repeat: int) -> dict[str, Any]:
    return {"experiment": plan.id, "freeze": plan.row.freeze_hash, "past": past, "arm": arm, "repeat": repeat}


async def experiment_runs(session: AsyncSession, plan: ExperimentPlan) -> RunSet:
    """All runs of the cells, those that failed too; factor levels and why a run is left out are columns."""
    factors = {name: pa.string() if any(isinstance(arm.levels.get(name), str | bool) for arm in plan.arms.values())
               else NUMBER for name in plan.spec.factors}

    async def portions(session: AsyncSession) -> AsyncIterator[list[tuple[RunRow, Extra]]]:
        cells = ExperimentCells(session, plan.id)
        after: CellKey | None = None
        while portion := await cells.page(after=after, limit=AT_ONCE):
            last = portion[-1].cell
            after = (last.past, last.arm, last.repeat)
            found: list[tuple[RunRow, Extra]] = []
            for played in portion:
                if played.run is None:
                    continue
                cell = played.cell
                levels = plan.arms[cell.arm].levels if cell.arm in plan.arms else {}
                found.append((played.run, {
                    **_identity(plan, cell.past, cell.arm, cell.repeat), "state": cell.state,
                    "excluded_because": cell.reason if cell.state in ("failed", "excluded") else None,
                    **{f"factor_{name}": level for name, level in levels.items()}}))
            session.expunge_all()
            if found:
                yield found

    async def judged(session: AsyncSession, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        rows = await Judgements(session, plan.id).read(run_ids=run_ids)
        return [{"run_id": row.run_id, "measure": row.measure, "of": row.of or None, "number": row.number,
                 "category": row.category, "source": "judge", "judge": row.judge, "pass": row.pass_,
                 "rationale": row.rationale, "evidence": row.evidence} for row in rows]

    extra = [*IDENTITY, ("state", TEXT), ("excluded_because", TEXT),
             *((f"factor_{name}", kind) for name, kind in factors.items())]
    scenarios = await scenarios_of(session, [plan.row.scenario_template_id])
    return RunSet(scenarios, portions, extra, judged)


async def _cells(session: AsyncSession, plan: ExperimentPlan) -> AsyncIterator[list[dict[str, Any]]]:
    cells = ExperimentCells(session, plan.id)
    after: CellKey | None = None
    while portion := await cells.page(after=after, limit=2_000):
        last = portion[-1].cell
        after = (last.past, last.arm, last.repeat)
        yield [{**_identity(plan, cell.past, cell.arm, cell.repeat), "state": cell.state, "attempts": cell.attempts,
                "run_id": cell.run_id, "reason": cell.reason or None, "error": (cell.error or {}).get("message")}
               for cell in (played.cell for played in portion)]
        session.expunge_all()


async def _judgements(session: AsyncSession, plan: ExperimentPlan) -> AsyncIterator[list[dict[str, Any]]]:
    cells = ExperimentCells(session, plan.id)
    after: CellKey | None = None
    while portion := await cells.page(after=after, limit=AT_ONCE):
        last = portion[-1].cell
        after = (last.past, last.arm, last.repeat)
        places = {str(played.cell.run_id): played.cell for played in portion if played.cell.run_id}
        rows = await Judgements(session, plan.id).read(run_ids=list(places))
        yield [{**_identity(plan, places[row.run_id].past, places[row.run_id].arm, places[row.run_id].repeat),
                "item": row.run_id, "measure": row.measure, "of": row.of or None, "judge": row.judge,
                "pass": row.pass_, "shown_order": row.shown_order, "number": row.number, "category": row.category,
                "rationale": row.rationale, "evidence": row.evidence, "model": row.model,
                "fingerprint": row.fingerprint, "cost_usd": row.cost_usd} for row in rows]
        session.expunge_all()
