"""Notes that people write on the events of runs, while they play or afterwards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from pyscrai.databases.api.access import Controller, Reader
from pyscrai.databases.api.dependencies import Session, Writing
from pyscrai.databases.api.schemas.annotations import Annotation, NewAnnotation
from pyscrai.databases.api.schemas.base import Listing, RunId, problems
from pyscrai.databases.repositories.annotations import Annotations
from pyscrai.databases.repositories.runs import Runs
from pyscrai.errors import RunError
from pyscrai.exports.run_reader import annotation_facts

router = APIRouter(prefix="/runs/{run_id}/annotations", tags=["records"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The note's id.", examples=[1])]


@router.get("", operation_id="list_annotations", responses=problems(404))
async def list_annotations(run_id: RunId, session: Session, caller: Reader) -> Listing[Annotation]:
    """All notes on the events of a run, in the order in which they were written."""
    await Runs(session).get(run_id)
    return Listing[Annotation](items=[_shown(annotation_facts(row)) for row in await Annotations(session).list(run_id)])


@router.post("", operation_id="annotate_event", status_code=201, responses=problems(404))
async def annotate_event(run_id: RunId, body: NewAnnotation, caller: Controller, session: Writing) -> Annotation:
    """Write a note on an event. It is no part of the play: no role, no judge and no seat ever reads it."""
    if not body.text.strip() and not body.tags:
        raise RunError("the note is empty", code="run.note", cure="write a text, or name a tag")
    row = await Annotations(session).add(run_id, body.key, body.text.strip(), author=caller.name, tags=body.tags)
    return _shown(annotation_facts(row))


@router.delete("/{number}", operation_id="remove_annotation", status_code=204, response_class=Response,
               responses=problems(404))
async def remove_annotation(run_id: RunId, number: Number, caller: Controller, session: Writing) -> None:
    """Take a note away."""
    await Annotations(session).remove(run_id, number)


def _shown(facts: dict[str, Any]) -> Annotation:
    return Annotation(**facts)
