"""Experiments: made, listed, read; frozen, run, paused, cancelled and judged."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from pyscrai.databases.api.access import Controller, Reader
from pyscrai.databases.api.dependencies import Context, Ctx, Session
from pyscrai.databases.api.export_files import FileAnswer
from pyscrai.databases.api.forms import CELL, EXPERIMENT_ID
from pyscrai.databases.api.schemas.base import Limit, Listing, problems
from pyscrai.databases.api.schemas.experiments import (
    CellItem,
    CellState,
    CheckedExperiment,
    ExperimentContent,
    ExperimentDetail,
    ExperimentId,
    ExperimentStatusName,
    ExperimentSummary,
    Judging,
    Labeled,
    Labels,
    NewExperiment,
    PastItem,
)
from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.errors import RunError, TemplateError, WrongState
from pyscrai.experiments.checks import errors
from pyscrai.experiments.reader import LoadedExperiment, experiment_of_data, read_experiment
from pyscrai.exports.formats import MEDIA_TYPES
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, load_plan
from pyscrai.services.experiments.experiment_store import check_loaded, store_experiment
from pyscrai.services.experiments.forecast import forecast
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.human_labels import add_labels, rows_of_csv, write_sheet
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.status import ask_experiment, experiment_facts, experiment_status

router = APIRouter(prefix="/experiments", tags=["experiments"])

Cursor = Annotated[str | None, Query(pattern=EXPERIMENT_ID)]
CellCursor = Annotated[str | None, Query(pattern=CELL, max_length=430)]


async def planned(experiment_id: ExperimentId, context: Ctx) -> ExperimentPlan:
    """The plan of the experiment that a path names, read in a transaction that ends before the work begins.

    Raises:
        NotFound: there is no such experiment.
    """
    async with context.services.database.read() as session:
        return await load_plan(session, experiment_id)


Planned = Annotated[ExperimentPlan, Depends(planned)]


@router.post("", operation_id="create_experiment", status_code=201, response_model=ExperimentDetail,
             responses=problems(404, 409))
async def create_experiment(body: NewExperiment, context: Ctx, caller: Controller) -> Response:
    """Store an experiment, or find the one of the same name, version and content; with `start`, run it."""
    loaded = await context.texts.work(lambda: _loaded(body))
    plan = await store_experiment(context.services, loaded, actor=caller.name, amend=body.amend)
    if body.start:
        await _start(context, plan)
    return JSONResponse(await experiment_status(context.services, plan.id), 201)


@router.post("/check", operation_id="check_experiment", responses=problems())
async def check_experiment(body: NewExperiment, context: Ctx, caller: Reader) -> CheckedExperiment:
    """Say everything that can be known to be wrong with an experiment; nothing is stored."""
    try:
        found = await check_loaded(context.services, await context.texts.work(lambda: _loaded(body)))
    except TemplateError as error:
        found = list(error.problems)
    return CheckedExperiment(valid=not errors(found), problems=[problem.as_dict() for problem in found])


def _loaded(body: NewExperiment) -> LoadedExperiment:
    if (body.content is None) == (body.source is None):
        raise RunError("an experiment is sent as `content` or as `source`", code="request.invalid", cure="send one")
    if body.source is not None:
        loaded = read_experiment(body.source, draft=True)
    else:
        loaded = experiment_of_data(body.content or {}, draft=True)
    if loaded.template.scenario.endswith((".yaml", ".yml", ".json")):
        raise RunError("the scenario of an experiment that is sent is a stored one", code="request.invalid",
                       cure="store it with POST /templates and write its name")
    return loaded


@router.get("", operation_id="list_experiments", responses=problems())
async def list_experiments(
    session: Session, caller: Reader,
    status: Annotated[list[ExperimentStatusName] | None, Query(description="Any of these.")] = None,
    cursor: Cursor = None, limit: Limit = 50,
) -> Listing[ExperimentSummary]:
    """Experiments, the newest first, pilots among them."""
    rows = await Experiments(session).list(statuses=status or (), after=cursor, limit=limit)
    return Listing[ExperimentSummary](items=[ExperimentSummary(**experiment_facts(row)) for row in rows],
                                      next=rows[-1].id if len(rows) == limit else None)


@router.get("/{experiment_id}", operation_id="read_experiment", response_model=ExperimentDetail,
            responses=problems(404))
async def read_experiment_status(experiment_id: ExperimentId, context: Ctx, caller: Reader) -> Response:
    """The progress of an experiment: cells by state and arm, the interval, spend against budget, time left."""
    return JSONResponse(await experiment_status(context.services, experiment_id))


@router.get("/{experiment_id}/content", operation_id="read_experiment_content", responses=problems(404))
async def read_content(plan: Planned, caller: Reader) -> ExperimentContent:
    """The declaration of an experiment, the arms and contrasts that follow from it, and its freeze."""
    return ExperimentContent(
        experiment_id=plan.id, content=plan.row.content, source=plan.row.source, frozen=plan.row.frozen,
        arms=[{"name": arm.name, "levels": dict(arm.levels),
               "overrides": arm.overrides.model_dump(mode="json", exclude_defaults=True)}
              for arm in plan.arms.values()],
        contrasts=[contrast.name for contrast in plan.contrasts],
        measures=[use.model_dump(mode="json", by_alias=True, exclude_none=True) for use in plan.uses])


@router.get("/{experiment_id}/forecast", operation_id="forecast_experiment", responses=problems(404))
async def read_forecast(plan: Planned, context: Ctx, caller: Reader) -> dict[str, Any]:
    """The cost of an experiment and the smallest effect that it can find; in its own units after a pilot."""
    return await forecast(context.services, plan)


# -- what is asked ----------------------------------------------------------------------------------------------------


@router.post("/{experiment_id}/freeze", operation_id="freeze_experiment", response_model=ExperimentDetail,
             responses=problems(404, 409))
async def freeze(plan: Planned, context: Ctx, caller: Controller) -> Response:
    """Fix the plan by a hash; later changes are deviations."""
    await freeze_experiment(context.services, plan)
    return JSONResponse(await experiment_status(context.services, plan.id))


@router.post("/{experiment_id}/run", operation_id="run_experiment", status_code=202, response_model=ExperimentDetail,
             responses=problems(404, 409))
async def run_experiment(plan: Planned, context: Ctx, caller: Controller) -> Response:
    """Freeze an experiment if it is not, and play what is missing or failed; also after a pause."""
    await _start(context, plan)
    return JSONResponse(await experiment_status(context.services, plan.id), 202)


async def _start(context: Context, plan: ExperimentPlan) -> None:
    await freeze_experiment(context.services, plan)
    if plan.row.status != "running":
        await ask_experiment(context.services, plan.id, "resume")
    context.experiments.wake(plan.id)


@router.post("/{experiment_id}/pause", operation_id="pause_experiment", status_code=202,
             response_model=ExperimentDetail, responses=problems(404, 409))
async def pause_experiment(experiment_id: ExperimentId, context: Ctx, caller: Controller) -> Response:
    """Let an experiment stand, whoever runs it; nothing is lost."""
    return await _asked(context, experiment_id, "pause")


@router.post("/{experiment_id}/cancel", operation_id="cancel_experiment", status_code=202,
             response_model=ExperimentDetail, responses=problems(404, 409))
async def cancel_experiment(experiment_id: ExperimentId, context: Ctx, caller: Controller) -> Response:
    """End an experiment for good; what was played stays."""
    return await _asked(context, experiment_id, "cancel")


async def _asked(context: Context, experiment_id: str, action: str) -> Response:
    await ask_experiment(context.services, experiment_id, action)
    context.experiments.halt(experiment_id, action)
    return JSONResponse(await experiment_status(context.services, experiment_id), 202)


@router.post("/{experiment_id}/judge", operation_id="judge_experiment", status_code=202,
             response_model=ExperimentDetail, responses=problems(404, 409))
async def judge_experiment(plan: Planned, body: Judging, context: Ctx, caller: Controller) -> Response:
    """Let finished transcripts be scored, blind, by the experiment's judges or others; nothing is played."""
    plan.require_judged()
    for alias in body.by:
        context.services.models.known(alias)
    if not context.experiments.judge(plan.id, body.by, body.repeats):
        raise WrongState(f"{plan.id} is being run or judged", cure="wait until it stands",
                         code="experiment.taken")
    return JSONResponse(await experiment_status(context.services, plan.id), 202)


@router.post("/{experiment_id}/labels", operation_id="label_experiment", responses=problems(404))
async def label_experiment(plan: Planned, body: Labels, context: Ctx, caller: Controller) -> Labeled:
    """Store labels that people gave finished transcripts, to be compared with the judges; all of them or none."""
    if bool(body.labels) == (body.csv is not None):
        raise RunError("labels are sent as `labels` or as `csv`", code="request.invalid", cure="send one")
    text = body.csv
    rows = await context.texts.work(lambda: rows_of_csv(text)) if text is not None else [
        label.model_dump(by_alias=True) for label in body.labels]
    stored = await add_labels(context.services, plan, rows, person=body.person or caller.name)
    if plan.row.results and not plan.row.results.get("interim"):
        await compute_results(context.services, plan)
    return Labeled(experiment_id=plan.id, labels=stored)


@router.get("/{experiment_id}/labels/sheet", operation_id="read_label_sheet", response_class=Response, responses={
    **problems(404, 409), 200: {"description": "The sheet.", "content": {"text/csv": {"schema": {"type": "string"}}}}})
async def read_label_sheet(plan: Planned, context: Ctx, caller: Reader) -> Response:
    """A sheet for people to fill in, as CSV: each finished transcript and what is judged of it, in a drawn order.

    Nothing in it says which arm a transcript is of. Filled in, it goes to `POST /experiments/{experiment_id}/labels`.
    """
    file = await context.exports.file(lambda target: write_sheet(context.services, plan, target))
    return FileAnswer(file, name=f"{plan.spec.name}-labels.csv", media_type=MEDIA_TYPES["csv"])


# -- its parts --------------------------------------------------------------------------------------------------------


@router.get("/{experiment_id}/cells", operation_id="list_experiment_cells", responses=problems(404))
async def list_cells(experiment_id: ExperimentId, session: Session, caller: Reader,
                     state: Annotated[list[CellState] | None, Query(description="Any of these.")] = None,
                     arm: Annotated[str | None, Query(max_length=400)] = None, cursor: CellCursor = None,
                     limit: Limit = 100) -> Listing[CellItem]:
    """The planned and played runs, by past, arm and repeat."""
    await Experiments(session).get(experiment_id)
    after = None
    if cursor is not None:
        past, name, repeat = cursor.split("/")
        after = (int(past), name, int(repeat))
    found = await ExperimentCells(session, experiment_id).page(after=after, states=state or (), arm=arm, limit=limit)
    items = [CellItem(past=cell.past, arm=cell.arm, repeat=cell.repeat, state=cell.state,  # type: ignore[arg-type]
                      run_id=cell.run_id, run_status=run.status if run else None, turn=run.turn if run else None,
                      attempts=cell.attempts, reason=cell.reason, error=cell.error)
             for cell, run in ((played.cell, played.run) for played in found)]
    last = items[-1] if len(items) == limit else None
    return Listing[CellItem](items=items, next=f"{last.past}/{last.arm}/{last.repeat}" if last else None)


@router.get("/{experiment_id}/pasts", operation_id="list_experiment_pasts", responses=problems(404))
async def list_pasts(experiment_id: ExperimentId, session: Session, caller: Reader,
                     after: Annotated[int, Query(ge=0, le=10**9)] = 0, limit: Limit = 100) -> Listing[PastItem]:
    """The pasts in their order. `next` goes into `after`."""
    await Experiments(session).get(experiment_id)
    rows = await ExperimentCells(session, experiment_id).pasts(after=after, limit=limit)
    return Listing[PastItem](
        items=[PastItem(past=row.past, seed=row.seed, block=row.block, state=row.state, run_id=row.run_id,
                        turn=row.turn, attempts=row.attempts, reason=row.reason, error=row.error) for row in rows],
        next=str(rows[-1].past) if len(rows) == limit else None)
