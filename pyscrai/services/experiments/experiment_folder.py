"""All of an experiment that a page shows, as plain data: what a folder on disk holds of it."""

from __future__ import annotations

from typing import Any

from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.factories.services import Services
from pyscrai.services.experiments.bundle import report_markdown
from pyscrai.services.experiments.evidence import evidence_of
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.interval_curve import interval_curve
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.status import experiment_status

AT_ONCE = 500


async def experiment_parts(services: Services, plan: ExperimentPlan) -> tuple[dict[str, Any], list[str]]:
    """Status, cells, results, judgements, evidence and report as the API gives them; and the runs that they name."""
    results = plan.row.results
    if results is None or results.get("interim"):
        results = await compute_results(services, plan, keep=False)
    cells: list[dict[str, Any]] = []
    async with services.database.read() as session:
        repository = ExperimentCells(session, plan.id)
        after = None
        while page := await repository.page(after=after, limit=AT_ONCE):
            for cell, run in ((played.cell, played.run) for played in page):
                cells.append({"past": cell.past, "arm": cell.arm, "repeat": cell.repeat, "state": cell.state,
                              "run_id": cell.run_id, "run_status": run.status if run else None,
                              "turn": run.turn if run else None, "attempts": cell.attempts, "reason": cell.reason,
                              "error": cell.error})
                after = (cell.past, cell.arm, cell.repeat)
        pasts = [row.run_id for row in await repository.pasts() if row.run_id]
        runs = [str(cell["run_id"]) for cell in cells if cell["run_id"]]
        evidence = await evidence_of(session, plan, runs)
        judgements = [{"run_id": row.run_id, "measure": row.measure, "of": row.of or None, "judge": row.judge,
                       "pass": row.pass_, "number": row.number, "category": row.category, "rationale": row.rationale,
                       "evidence": row.evidence} for row in await Judgements(session, plan.id).read()]
    return {"status": await experiment_status(services, plan.id), "cells": cells, "results": results,
            "judgements": judgements, "evidence": evidence,
            "narrowing": await interval_curve(services, plan),
            "report": await report_markdown(services, plan, results)}, [*dict.fromkeys((*pasts, *runs))]
