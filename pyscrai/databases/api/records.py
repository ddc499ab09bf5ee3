"""What a run recorded: transcript, model calls, figures, report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Session
from pyscrai.databases.api.schemas.base import Label, Limit, Listing, RoleName, RunId, problems
from pyscrai.databases.api.schemas.records import (
    CallItem,
    MeasurementItem,
    MetricsView,
    ReportView,
    TranscriptView,
)
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.errors import NotFound
from pyscrai.exports.run_reader import call_facts, gather, metrics
from pyscrai.exports.transcript_entry import heard_by as heard

router = APIRouter(prefix="/runs/{run_id}", tags=["records"])

@router.get("/transcript", operation_id="read_transcript", response_model=TranscriptView, responses=problems(404))
async def read_transcript(
    run_id: RunId, session: Session, caller: Reader,
    heard_by: Annotated[RoleName | None, Query(description="Only what this role may know.")] = None,
    details: Annotated[bool, Query(description="Also what a reader of the play can do without.")] = False,
) -> Response:
    """The play as a person reads it."""
    dossier = await gather(session, run_id, calls=False)
    lines = dossier.events if heard_by is None else heard(dossier.events, heard_by)
    entries = map(asdict, dossier.transcript().entries(lines))
    return JSONResponse({"run_id": run_id, "heard_by": heard_by,
                         "lines": [entry for entry in entries if details or not entry["detail"]]})


@router.get("/calls", operation_id="list_calls", responses=problems(404))
async def list_calls(
    run_id: RunId, session: Session, caller: Reader,
    after_id: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    role: Annotated[list[RoleName] | None, Query(max_length=40)] = None,
    purpose: Annotated[list[RoleName] | None, Query(max_length=40)] = None,
    from_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    to_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    prompts: Annotated[bool, Query(description="With the rendered prompts and the raw replies.")] = False,
    limit: Limit = 100,
) -> Listing[CallItem]:
    """Model calls of a run in the order in which they were recorded. `next` goes into `after_id`."""
    await Runs(session).get(run_id)
    found = await Calls(session).read(run_id, after_id=after_id, roles=role or (), purposes=purpose or (),
                                      from_turn=from_turn, to_turn=to_turn, limit=limit)
    items = [call_facts(stored) for stored in found]
    if not prompts:
        items = [{key: value for key, value in item.items() if key not in ("messages", "raw")} for item in items]
    return Listing[CallItem](items=[CallItem(**item) for item in items],
                             next=str(found[-1].id) if len(found) == limit else None)


@router.get("/calls/{call_id}", operation_id="read_call", responses=problems(404))
async def read_call(run_id: RunId, call_id: Annotated[int, Path(ge=1, le=2**63 - 1)], session: Session, caller: Reader
                    ) -> CallItem:
    """One model call with its rendered prompt and its raw reply."""
    await Runs(session).get(run_id)
    stored = await Calls(session).get(call_id)
    if stored is None or all(call.id != call_id for call in await Calls(session).read(
            run_id, after_id=call_id - 1, limit=1)):
        raise NotFound(f"{run_id} has no call {call_id}", cure="list its calls")
    return CallItem(**call_facts(stored))


@router.get("/metrics", operation_id="read_metrics", responses=problems(404))
async def read_metrics(run_id: RunId, session: Session, caller: Reader) -> MetricsView:
    """The figures of a run so far, in all and by role."""
    await Runs(session).get(run_id)
    return MetricsView(run_id=run_id, metrics={name: dict(found) for name, found in (
        await metrics(session, run_id)).items()})


@router.get("/measurements", operation_id="list_measurements", responses=problems(404))
async def list_measurements(run_id: RunId, session: Session, caller: Reader, measure: RoleName | None = None,
                            of: Annotated[Label | None, Query()] = None) -> Listing[MeasurementItem]:
    """The results of Analysts and of counted measures, in the order of the log."""
    await Runs(session).get(run_id)
    rows = await Measurements(session).read(run_id, measures=[measure] if measure else (), of=of)
    return Listing[MeasurementItem](items=[MeasurementItem(
        seq=row.seq, turn=row.turn, source=row.source, measure=row.measure, of=row.of,
        value=row.category if row.number is None else row.number, rationale=row.rationale, evidence=row.evidence)
        for row in rows])


@router.get("/report", operation_id="read_report", responses=problems(404))
async def read_report(run_id: RunId, session: Session, caller: Reader) -> ReportView:
    """The Analyst's last report, in Markdown."""
    await Runs(session).get(run_id)
    found = await Events(session).read(run_id, kinds=["report"], newest=True, limit=1)
    if not found:
        raise NotFound(f"{run_id} has no report", cure="its scenario asks for none, or it has not ended")
    return ReportView(run_id=run_id, markdown=str(found[-1].payload["markdown"]))
