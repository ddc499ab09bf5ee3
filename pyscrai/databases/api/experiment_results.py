"""What an experiment found: results, evidence, judgements, tables, report; and its status as it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pyscrai.databases.api.access import Controller, Reader
from pyscrai.databases.api.dependencies import Context, Ctx, Session
from pyscrai.databases.api.event_stream import KEEP_ALIVE, EventStream
from pyscrai.databases.api.experiments import Planned
from pyscrai.databases.api.export_files import FileAnswer
from pyscrai.databases.api.forms import RUN_ID
from pyscrai.databases.api.schemas.base import Listing, RunId, problems
from pyscrai.databases.api.schemas.experiments import (
    ExperimentId,
    JudgementItem,
    NarrowingPoint,
    TableName,
    Verification,
)
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.judgements import Judgements
from pyscrai.exports.formats import MEDIA_TYPES, SUFFIXES
from pyscrai.exports.table_file import FORMATS, TableFormat
from pyscrai.services.experiments.bundle import report_html, report_markdown
from pyscrai.services.experiments.evidence import evidence_of
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.interval_curve import interval_curve
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.status import experiment_status
from pyscrai.services.experiments.tables import write_table
from pyscrai.services.experiments.verification import verify_experiment

router = APIRouter(prefix="/experiments/{experiment_id}", tags=["experiments"])

INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
POLL = 1.0
"""Seconds between two looks at the status of an experiment that is followed."""


@router.get("/results", operation_id="read_experiment_results", responses=problems(404))
async def read_results(plan: Planned, context: Ctx, caller: Reader,
                       fresh: Annotated[bool, Query(description="Compute anew instead of what was last kept.")] = False
                       ) -> Response:
    """Contrasts with their pairs, arms, flow of runs, judges' agreement, deviations, cost and provenance."""
    return JSONResponse(await _results(context, plan, fresh=fresh))


async def _results(context: Context, plan: ExperimentPlan, *, fresh: bool = False) -> Mapping[str, Any]:
    kept = plan.row.results
    if fresh or kept is None or kept.get("interim"):
        # While it runs, what is computed here is not kept: the runner keeps its own.
        return await compute_results(context.services, plan, keep=plan.row.status != "running")
    return kept


@router.get("/evidence/{run_id}", operation_id="read_experiment_evidence", responses=problems(404))
async def read_evidence(plan: Planned, run_id: RunId, session: Session, caller: Reader) -> list[dict[str, Any]]:
    """The scores of a run: who gave them, why, and the cited lines with the keys of their events."""
    return (await evidence_of(session, plan, [run_id])).get(run_id, [])


@router.get("/judgements", operation_id="list_judgements", responses=problems(404))
async def list_judgements(experiment_id: ExperimentId, session: Session, caller: Reader,
                          run_id: Annotated[str | None, Query(pattern=RUN_ID)] = None,
                          measure: Annotated[str | None, Query(max_length=48)] = None) -> Listing[JudgementItem]:
    """The judges' scores beside each other, people's labels among them."""
    await Experiments(session).get(experiment_id)
    rows = await Judgements(session, experiment_id).read(run_ids=[run_id] if run_id else None,
                                                         measures=[measure] if measure else ())
    return Listing[JudgementItem](items=[JudgementItem.model_validate({
        "run_id": row.run_id, "measure": row.measure, "of": row.of or None, "judge": row.judge, "pass": row.pass_,
        "shown_order": row.shown_order, "number": row.number, "category": row.category, "rationale": row.rationale,
        "evidence": row.evidence}) for row in rows])


@router.get("/narrowing", operation_id="read_experiment_narrowing", responses=problems(404))
async def read_narrowing(plan: Planned, context: Ctx, caller: Reader) -> Listing[NarrowingPoint]:
    """Half of the widest interval of the primary measure after each of some numbers of ended runs, as they ended."""
    points = await interval_curve(context.services, plan)
    return Listing[NarrowingPoint](items=[NarrowingPoint.model_validate(point) for point in points])


@router.get("/tables/{table}", operation_id="read_experiment_table", response_class=Response, responses={
    **problems(404), 200: {"description": "The table.", "content": {
        MEDIA_TYPES[format].partition(";")[0]: {"schema": {"type": "string"}} for format in FORMATS}}})
async def read_one_table(plan: Planned, table: TableName, context: Ctx, caller: Reader,
                         format: TableFormat = "json") -> Response:
    """A tidy table: runs, cells, measurements, judgements, turns, contrasts, arms or deviations."""
    results = await _results(context, plan)
    file = await context.exports.file(lambda target: write_table(
        context.services.database, plan, table, results, [(target, format)]))
    return FileAnswer(file, name=f"{plan.spec.name}-{table}{SUFFIXES[format]}",
                      media_type=MEDIA_TYPES[format], shown=format == "json")


@router.get("/report", operation_id="read_experiment_report", response_class=Response, responses={
    **problems(404), 200: {"description": "The report.", "content": {
        "text/html": {"schema": {"type": "string"}}, "text/markdown": {"schema": {"type": "string"}}}}})
async def read_report(plan: Planned, context: Ctx, caller: Reader,
                      format: Literal["html", "markdown"] = "html") -> Response:
    """The report: one page that loads and runs nothing, or Markdown."""
    results = await _results(context, plan)
    if format == "markdown":
        return Response(await report_markdown(context.services, plan, results), media_type="text/markdown")
    return Response(await report_html(context.services, plan, results), media_type="text/html",
                    headers={"content-security-policy": INERT})


@router.post("/verify", operation_id="verify_experiment", responses=problems(404, 409))
async def verify(experiment_id: ExperimentId, context: Ctx, caller: Controller,
                 sample: Annotated[int, Query(ge=1, le=1_000)] = 10, seed: Annotated[int, Query(ge=0, le=2**31)] = 0
                 ) -> Verification:
    """Replay a sample of the runs from the record and compute every number again."""
    return Verification(**await verify_experiment(context.services, experiment_id, sample=sample, seed=seed))


@router.get("/stream", operation_id="stream_experiment", response_class=EventStream, responses={
    **problems(404), 200: {"description": "`status` events, each with the whole status, as it changes.", "content": {
        "text/event-stream": {"schema": {"type": "string"}, "example": (
            'event: status\ndata: {"experiment_id":"exp_1jn9qhwhd8ez","status":"running"}\n\n')}}}})
async def stream_experiment(experiment_id: ExperimentId, context: Ctx, session: Session, caller: Reader,
                            stay: Annotated[bool, Query(description="Stay connected when it has ended.")] = False,
                            seconds: Annotated[float | None, Query(gt=0, le=86_400)] = None) -> StreamingResponse:
    """Follow an experiment: its status now, then whenever it changes, whoever runs it."""
    await Experiments(session).get(experiment_id)
    return EventStream(_follow(context, experiment_id, stay=stay, seconds=seconds))


async def _follow(context: Context, experiment_id: str, *, stay: bool, seconds: float | None) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    until = None if seconds is None else clock() + seconds
    last, told = b"", clock()
    yield b"retry: 1000\n\n"
    while not context.hub.closing.is_set():
        status = await experiment_status(context.services, experiment_id)
        seen = orjson.dumps({name: value for name, value in status.items() if name not in (
            "seconds", "seconds_left", "updated_at")})
        if seen != last:
            last, told = seen, clock()
            yield b"event: status\ndata: " + orjson.dumps(status) + b"\n\n"
        elif clock() - told > KEEP_ALIVE:
            told = clock()
            yield b": still here\n\n"
        ended = status["status"] in ("completed", "cancelled") and not status["live"]
        if (ended and not stay) or (until is not None and clock() >= until):
            return
        try:
            async with asyncio.timeout(POLL if until is None else max(0.01, min(POLL, until - clock()))):
                await context.hub.closing.wait()
        except TimeoutError:
            continue
