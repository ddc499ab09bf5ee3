"""Measurements and reports of runs that have ended, taken again or for the first time."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from pyscrai.databases.api.access import Controller
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.databases.api.schemas.base import RunId, problems
from pyscrai.databases.api.schemas.records import MeasurementItem, MeasureRequest, MeasureResult, MissingItem
from pyscrai.errors import ModelTimeout
from pyscrai.services.run_measures import measure_run

router = APIRouter(prefix="/runs/{run_id}", tags=["records"])

LONGEST_MEASURE = 120.0
"""Seconds for which a request waits for measurements."""


@router.post("/measure", operation_id="measure_run", responses=problems(404, 409, 422, 504))
async def measure(run_id: RunId, body: MeasureRequest, context: Ctx, caller: Controller) -> MeasureResult:
    """Take measurements and the report of a run that has ended, as of its last turn, and wait for them."""
    try:
        async with asyncio.timeout(LONGEST_MEASURE):
            found = await measure_run(context.services, run_id, body.measures, report=body.report, model=body.model)
    except TimeoutError:
        raise ModelTimeout(f"the measurements took longer than {LONGEST_MEASURE:g} s",
                           cure="ask again: what was answered is kept") from None
    items = [MeasurementItem(seq=event.seq, turn=event.turn, source=event.source, **event.payload)
             for event in found.measurements]
    return MeasureResult(run_id=run_id, turn=found.turn, measurements=items,
                         report=found.report.payload["markdown"] if found.report else None,
                         missing=[MissingItem(**event.payload) for event in found.missing])
