"""Search in what was said in all runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Ctx, Session
from pyscrai.databases.api.forms import NO_NUL, RUN_ID
from pyscrai.databases.api.schemas.base import EventId, Limit, Listing, TemplateName, problems
from pyscrai.databases.api.schemas.search import SearchHit
from pyscrai.databases.repositories.word_index import WordIndex
from pyscrai.services.word_index import bring_up_to_date

router = APIRouter(tags=["events"])

Words = Annotated[str, Query(min_length=1, max_length=400, pattern=NO_NUL,
                             description="Words that a line must say, all of them; the last may be a beginning.")]
SearchedRun = Annotated[str | None, Query(pattern=RUN_ID, description="Only in this run.")]


@router.get("/search", operation_id="search_runs", responses=problems())
async def search_runs(context: Ctx, session: Session, caller: Reader, q: Words,
                      template: TemplateName | None = None, run_id: SearchedRun = None,
                      before_id: Annotated[EventId | None, Query(description="For the next page.")] = None,
                      limit: Limit = 50) -> Listing[SearchHit]:
    """Lines of all runs that say these words, the newest first. `next` goes into `before_id`."""
    await bring_up_to_date(context.services.database)
    found = await WordIndex(session).find(q, template=template, run_id=run_id, before_id=before_id, limit=limit)
    return Listing[SearchHit](items=[SearchHit(**{**asdict(hit), "parts": list(hit.parts)}) for hit in found],
                              next=str(found[-1].id) if len(found) == limit else None)
