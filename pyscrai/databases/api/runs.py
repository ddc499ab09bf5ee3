"""Runs: made, listed, read, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.api.access import Admin, Reader
from pyscrai.databases.api.dependencies import Context, Ctx, Session
from pyscrai.databases.api.forms import RUN_ID
from pyscrai.databases.api.idempotency import Idempotent
from pyscrai.databases.api.schemas.base import Limit, Listing, RunId, Tag, TemplateName, VersionName, problems
from pyscrai.databases.api.schemas.runs import NewRun, RunDetail, RunSummary
from pyscrai.databases.repositories.lineage import family
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.run_ids import thread_id
from pyscrai.databases.tables import RunRow, ScenarioTemplateRow
from pyscrai.errors import WrongState
from pyscrai.exports.run_reader import member, run_facts
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.lifecycle import Desired, RunStatus
from pyscrai.services import run_deletion
from pyscrai.services.outside_events import Within
from pyscrai.services.run_states import waiting_requests

router = APIRouter(prefix="/runs", tags=["runs"])


@router.post("", operation_id="create_run", status_code=201, response_model=RunDetail, responses=problems(404, 409))
async def create_run(body: NewRun, once: Idempotent) -> Response:
    """Make a run of a stored template, and start it unless told otherwise."""
    context, actor = once.context, once.caller.name
    template = body.template if body.version is None else f"{body.template}@{body.version}"
    desired: Desired = "run" if body.start else "none"

    async def work(within: Within | None) -> str:
        run_id = await create_scenario_run_from_template(context.services, template, body.options(), desired=desired,
                                                         actor=actor, within=within)
        context.manager.wake(run_id, desired, share=actor)
        return run_id

    return await once.make(work, lambda run_id: detail(context, run_id))


@router.get("", operation_id="list_runs", responses=problems())
async def list_runs(
    context: Ctx, session: Session, caller: Reader,
    status: Annotated[list[RunStatus] | None, Query(description="Any of these.")] = None,
    template: TemplateName | None = None, version: VersionName | None = None,
    tag: Annotated[list[Tag] | None, Query(description="All of these.", max_length=10)] = None,
    parent: Annotated[str | None, Query(pattern=RUN_ID, description="Forks of this run.")] = None,
    since: Annotated[datetime | None, Query(description="Made at this moment or later.")] = None,
    until: Annotated[datetime | None, Query(description="Made before this moment.")] = None,
    cursor: Annotated[str | None, Query(pattern=RUN_ID)] = None, limit: Limit = 50,
) -> Listing[RunSummary]:
    """Runs that fit all filters, the newest first."""
    page = await Runs(session).list(statuses=status or (), template=template, version=version, tags=tag or (),
                                    parent=parent, since=aware(since), until=aware(until), after=cursor, limit=limit)
    templates = await templates_of(session, page.runs)
    return Listing[RunSummary](items=[RunSummary(**summary(context, row, templates)) for row in page.runs],
                               next=page.after)


@router.get("/counts", operation_id="count_runs", responses=problems())
async def count_runs(session: Session, caller: Reader) -> dict[RunStatus, int]:
    """The number of runs of each status."""
    return await Runs(session).counts()


@router.get("/{run_id}", operation_id="read_run", response_model=RunDetail, responses=problems(404))
async def read_run(run_id: RunId, context: Ctx, caller: Reader) -> Response:
    """A run as it stands: what is asked of it and what it does, turn, phase, who is speaking, variables, usage."""
    return JSONResponse(await detail(context, run_id))


@router.get("/{run_id}/family", operation_id="list_family", responses=problems(404))
async def list_family(run_id: RunId, context: Ctx, session: Session, caller: Reader) -> Listing[RunSummary]:
    """The run that this one was first forked from, and all that was forked from that, the oldest first."""
    await Runs(session).get(run_id)
    rows = await family(session, run_id)
    templates = await templates_of(session, rows)
    return Listing[RunSummary](items=[RunSummary(**summary(context, row, templates)) for row in rows])


@router.delete("/{run_id}", operation_id="delete_run", status_code=204, response_class=Response,
               responses=problems(404, 409))
async def delete_run(run_id: RunId, context: Ctx, caller: Admin) -> None:
    """Delete a run and all that it recorded. A run that plays, or whose past forks share, is not deleted."""
    if context.manager.is_live(run_id):
        raise WrongState(f"{run_id} is being played", cure="pause or stop it first", code="run.playing")
    await run_deletion.delete_run(context.services, run_id)


# -- what an answer holds ---------------------------------------------------------------------------------------------


async def detail(context: Context, run_id: str) -> dict[str, Any]:
    """A run with its cast; with what people are asked, where it waits."""
    async with context.services.database.read() as session:
        runs = Runs(session)
        row = await runs.get(run_id)
        cast = [member(each) for each in await runs.cast(run_id)]
        templates = await templates_of(session, [row])
    waiting = await waiting_requests(context.services, run_id) if row.status == "waiting" else ()
    return {**summary(context, row, templates), "settings": row.settings, "template_hash": row.template_hash,
            "studio_thread": thread_id(row.id),
            "cast": [{name: each[name] for name in ("role", "name", "engine", "agent", "model", "played_by")}
                     for each in cast], "waiting": list(waiting)}


async def templates_of(session: AsyncSession, rows: Sequence[RunRow]) -> Mapping[int, ScenarioTemplateRow]:
    """The templates that runs were made of, each read once."""
    repository = scenario_templates(session)
    return {number: await repository.by_id(number) for number in {row.scenario_template_id for row in rows}}


def summary(context: Context, row: RunRow, templates: Mapping[int, ScenarioTemplateRow]) -> dict[str, Any]:
    """A run as lists show it."""
    facts = run_facts(row, templates[row.scenario_template_id])
    del facts["settings"], facts["template_hash"]
    return {**facts, "desired": row.desired, "speakers": [] if row.ended_at else row.speakers,
            "live": context.manager.is_live(row.id)}


def aware(moment: datetime | None) -> datetime | None:
    """A moment with a time zone: UTC where none is said."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
