"""What a run recorded: transcript, calls, states, views, interviews, figures, report, exports."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pyscrai.databases.api.access import Controller, Reader
from pyscrai.databases.api.dependencies import Ctx
from pyscrai.databases.api.schemas.base import (
    Label,
    Limit,
    Listing,
    RoleName,
    RolePath,
    RunId,
    TurnPath,
    TurnQuery,
    problems,
)
from pyscrai.databases.api.schemas.records import (
    CallItem,
    InterviewAnswer,
    MeasurementItem,
    MeasureRequest,
    MeasureResult,
    MetricsView,
    MissingItem,
    Question,
    ReportView,
    RoleView,
    StateView,
    TranscriptView,
)
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.errors import ModelTimeout, NotFound
from pyscrai.exports.formats import MEDIA_TYPES, SUFFIXES, WITH_CALLS, ExportFormat, renderer
from pyscrai.exports.run_reader import call_facts, gather, metrics
from pyscrai.exports.transcript_entry import heard_by as heard
from pyscrai.services.interviews import PURPOSE, interview
from pyscrai.services.run_measures import measure_run
from pyscrai.services.run_states import difference, moment

router = APIRouter(prefix="/runs/{run_id}", tags=["records"])

LONGEST_MEASURE = 120.0
"""Seconds for which a request waits for measurements."""

INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; sandbox"
"""The content policy of an exported page: nothing in it runs or loads, whatever a model wrote."""


@router.get("/transcript", operation_id="read_transcript", response_model=TranscriptView, responses=problems(404))
async def read_transcript(
    run_id: RunId, context: Ctx, caller: Reader,
    heard_by: Annotated[RoleName | None, Query(description="Only what this role may know.")] = None,
    details: Annotated[bool, Query(description="Also what a reader of the play can do without.")] = False,
) -> Response:
    """The play as a person reads it."""
    async with context.services.database.read() as session:
        dossier = await gather(session, run_id, calls=False)
    lines = dossier.events if heard_by is None else heard(dossier.events, heard_by)
    entries = map(asdict, dossier.transcript().entries(lines))
    return JSONResponse({"run_id": run_id, "heard_by": heard_by,
                         "lines": [entry for entry in entries if details or not entry["detail"]]})


@router.get("/calls", operation_id="list_calls", responses=problems(404))
async def list_calls(
    run_id: RunId, context: Ctx, caller: Reader,
    after_id: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    role: Annotated[list[RoleName] | None, Query(max_length=40)] = None,
    purpose: Annotated[list[RoleName] | None, Query(max_length=40)] = None,
    from_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    to_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    prompts: Annotated[bool, Query(description="With the rendered prompts and the raw replies.")] = False,
    limit: Limit = 100,
) -> Listing[CallItem]:
    """Model calls of a run in the order in which they were recorded. `next` goes into `after_id`."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        found = await Calls(session).read(run_id, after_id=after_id, roles=role or (), purposes=purpose or (),
                                          from_turn=from_turn, to_turn=to_turn, limit=limit)
    items = [call_facts(stored) for stored in found]
    if not prompts:
        items = [{key: value for key, value in item.items() if key not in ("messages", "raw")} for item in items]
    return Listing[CallItem](items=[CallItem(**item) for item in items],
                             next=str(found[-1].id) if len(found) == limit else None)


@router.get("/calls/{call_id}", operation_id="read_call", responses=problems(404))
async def read_call(run_id: RunId, call_id: Annotated[int, Path(ge=1, le=2**63 - 1)], context: Ctx, caller: Reader
                    ) -> CallItem:
    """One model call with its rendered prompt and its raw reply."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        stored = await Calls(session).get(call_id)
        if stored is None or all(call.id != call_id for call in await Calls(session).read(
                run_id, after_id=call_id - 1, limit=1)):
            raise NotFound(f"{run_id} has no call {call_id}", cure="list its calls")
    return CallItem(**call_facts(stored))


@router.get("/states/{turn}", operation_id="read_state", response_model=StateView, responses=problems(404))
async def read_state(run_id: RunId, turn: TurnPath, context: Ctx, caller: Reader) -> Response:
    """The graph's state after a turn, and how it differs from the state after the turn before."""
    at = await moment(context.services, run_id, turn)
    before = await moment(context.services, run_id, turn - 1) if turn > 0 else None
    return JSONResponse({"run_id": run_id, "turn": turn, "state": _plain(at.values), "changed": None if before is None
                         else _plain(difference(before.values, at.values))})


@router.get("/roles/{role}/view", operation_id="read_view", response_model=RoleView, responses=problems(404))
async def read_view(run_id: RunId, role: RolePath, context: Ctx, caller: Reader, turn: TurnQuery = None) -> Response:
    """What a role knew at a turn, and nothing else: the events that it heard, its memory, the variables it sees."""
    at = await moment(context.services, run_id, turn)
    instance = at.plan.cast.get(role)
    if instance is None:
        raise NotFound(f"{run_id} has no role {role!r}", cure=f"its cast: {', '.join(at.plan.cast)}")
    async with context.services.database.read() as session:
        events = await Events(session).read(run_id, heard_by=role, to_turn=at.turn)
    memory = (at.values.get("memory") or {}).get(role) or {}
    variables = at.values.get("variables") or {}
    return JSONResponse({
        "run_id": run_id, "role": role, "turn": at.turn, "secret": instance.secret,
        "summary": memory.get("summary", ""), "memory": _plain(memory),
        "variables": {name: variables[name] for name in at.plan.visible.get(role, ()) if name in variables},
        "events": [event.as_dict() for event in events]})


@router.post("/interviews", operation_id="interview_role", status_code=201, responses=problems(404, 409, 502, 504))
async def interview_role(run_id: RunId, body: Question, context: Ctx, caller: Controller) -> InterviewAnswer:
    """Ask an agent something as of any turn. The run does not notice; the call is journaled apart."""
    found = await interview(context.services, run_id, body.role, body.question, turn=body.turn, model=body.model)
    usage = found.usage
    return InterviewAnswer(run_id=run_id, role=found.role, turn=found.turn, question=found.question,
                           answer=found.answer, alias=found.alias, prompt_tokens=usage.prompt_tokens,
                           completion_tokens=usage.completion_tokens, cost_usd=usage.cost_usd)


@router.get("/interviews", operation_id="list_interviews", responses=problems(404))
async def list_interviews(run_id: RunId, context: Ctx, caller: Reader) -> Listing[CallItem]:
    """All interviews of a run, as the calls that they were."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        found = await Calls(session).read(run_id, purposes=[PURPOSE], inherited=False)
    return Listing[CallItem](items=[CallItem(**call_facts(stored)) for stored in found])


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


@router.get("/metrics", operation_id="read_metrics", responses=problems(404))
async def read_metrics(run_id: RunId, context: Ctx, caller: Reader) -> MetricsView:
    """What a run took so far, in all and by role."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        return MetricsView(run_id=run_id, metrics={name: dict(found) for name, found in (
            await metrics(session, run_id)).items()})


@router.get("/measurements", operation_id="list_measurements", responses=problems(404))
async def list_measurements(run_id: RunId, context: Ctx, caller: Reader, measure: RoleName | None = None,
                            of: Annotated[Label | None, Query()] = None) -> Listing[MeasurementItem]:
    """What Analysts and deterministic measures found, in the order of the log."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        rows = await Measurements(session).read(run_id, measures=[measure] if measure else (), of=of)
    return Listing[MeasurementItem](items=[MeasurementItem(
        seq=row.seq, turn=row.turn, source=row.source, measure=row.measure, of=row.of,
        value=row.category if row.number is None else row.number, rationale=row.rationale, evidence=row.evidence)
        for row in rows])


@router.get("/report", operation_id="read_report", responses=problems(404))
async def read_report(run_id: RunId, context: Ctx, caller: Reader) -> ReportView:
    """The Analyst's last report, in Markdown."""
    async with context.services.database.read() as session:
        await Runs(session).get(run_id)
        found = await Events(session).read(run_id, kinds=["report"], newest=True, limit=1)
    if not found:
        raise NotFound(f"{run_id} has no report", cure="its scenario asks for none, or it has not ended")
    return ReportView(run_id=run_id, markdown=str(found[-1].payload["markdown"]))


@router.get("/export", operation_id="export_run", response_class=Response, responses={**problems(404, 501), 200: {
    "description": "The whole record of the run.",
    "content": {media.partition(";")[0]: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()}}})
async def export_run(run_id: RunId, context: Ctx, caller: Reader, format: ExportFormat = "json") -> Response:
    """A run as a file: JSON, JSON lines, Markdown, a Parquet table, or one HTML page that loads and runs nothing."""
    async with context.services.database.read() as session:
        dossier = await gather(session, run_id, calls=format in WITH_CALLS)
    headers = {"content-disposition": f'attachment; filename="{run_id}{SUFFIXES[format]}"',
               "content-security-policy": INERT}

    return StreamingResponse(renderer(format)(dossier), media_type=MEDIA_TYPES[format], headers=headers)


def _plain(value: Any) -> Any:
    """JSON-plain data: tuples and mappings of the state as lists and objects."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
