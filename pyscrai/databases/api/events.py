"""The event log: read by range and filter, and followed as server-sent events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from pyscrai.databases.api.access import Reader
from pyscrai.databases.api.dependencies import Ctx, Session
from pyscrai.databases.api.event_stream import EventStream, follow
from pyscrai.databases.api.forms import EVENT_KIND
from pyscrai.databases.api.schemas.base import EventId, Limit, Listing, RoleName, RunId, problems
from pyscrai.databases.api.schemas.records import EventItem
from pyscrai.databases.repositories.events import AT_ONCE, Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.lifecycle import END_EVENTS, ENDED

router = APIRouter(tags=["events"])

Kinds = Annotated[list[Annotated[str, Query(pattern=EVENT_KIND)]] | None, Query(
    description="Any of these kinds.", max_length=40)]
LastEventId = Annotated[EventId | None, Header(alias="Last-Event-ID", description=(
    "The id of the last event that the client has; browsers send it by themselves when they reconnect."))]
After = Annotated[EventId | None, Query(description="The same as `Last-Event-ID`, for a first connection.")]

Seconds = Annotated[float | None, Query(gt=0, le=86_400, description=(
    "End after this time, for clients that take what there is and come again."))]

_STREAM: dict[int | str, dict[str, Any]] = {200: {
    "description": "Events as they come. `id` is the event's id in the log, `event` its kind, `data` the event.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": (
        'id: 5\nevent: utterance\ndata: {"id":5,"run_id":"run_1jn9qhwhd8ez","seq":5,"kind":"utterance"}\n\n')}}}}


@router.get("/runs/{run_id}/events", operation_id="list_events", responses=problems(404))
async def list_events(
    run_id: RunId, session: Session, caller: Reader,
    after_seq: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    before_seq: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    kind: Kinds = None, source: Annotated[list[RoleName] | None, Query(max_length=40)] = None,
    heard_by: Annotated[RoleName | None, Query(description="Only what this role may know.")] = None,
    from_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    to_turn: Annotated[int | None, Query(ge=0, le=10**6)] = None,
    newest: Annotated[bool, Query(description="The last events instead of the first ones.")] = False,
    limit: Limit = 100,
) -> Listing[EventItem]:
    """Events of a run in their order, a fork's shared past included. `next` goes into `after_seq`."""
    await Runs(session).get(run_id)
    found = await Events(session).read(
        run_id, after_seq=after_seq, before_seq=before_seq, kinds=kind or (), sources=source or (),
        heard_by=heard_by, from_turn=from_turn, to_turn=to_turn, limit=limit, newest=newest)
    more = str(found[-1].seq) if len(found) == limit and not newest else None
    return Listing[EventItem](items=[EventItem(**event.as_dict()) for event in found], next=more)


@router.get("/runs/{run_id}/stream", operation_id="stream_run", response_class=EventStream,
            responses={**problems(404), **_STREAM, 204: {"description": "The run has ended, and all was sent before."}})
async def stream_run(
    run_id: RunId, context: Ctx, session: Session, caller: Reader, last_event_id: LastEventId = None,
    after: After = None,
    tokens: Annotated[bool, Query(description="Also send each piece of speech while it streams in, as `token` "
                                              "events without an id; they are not stored.")] = False,
    stay: Annotated[bool, Query(description="Stay connected when the run has ended.")] = False, seconds: Seconds = None,
) -> Response:
    """Follow a run: what has happened behind `Last-Event-ID`, then what happens, each event exactly once.

    The stream ends when the run has ended; a browser that reconnects then gets 204 and stays away.
    """
    context.hub.admit()
    begin = last_event_id if last_event_id is not None else after or 0
    row = await Runs(session).get(run_id)
    if not stay and row.status in ENDED:
        newest = await Events(session).read(run_id, limit=1, newest=True)
        if newest and newest[-1].id <= begin and newest[-1].kind in END_EVENTS:
            return Response(status_code=204)

    async def read(behind: int) -> Sequence[StoredEvent]:
        async with context.services.database.read() as later:
            return await Events(later).read(run_id, after_id=behind, limit=AT_ONCE)

    return EventStream(follow(context.hub, run_id, begin, read, tokens=tokens, stay=stay, seconds=seconds,
                              key=caller.key))


@router.get("/stream", operation_id="stream_all", response_class=EventStream, responses={**problems(), **_STREAM})
async def stream_all(context: Ctx, session: Session, caller: Reader, last_event_id: LastEventId = None,
                     after: After = None, seconds: Seconds = None) -> Response:
    """Follow all runs, for a dashboard; without an id to go on from it begins now."""
    context.hub.admit()
    begin = last_event_id if last_event_id is not None else after
    if begin is None:
        begin = await Events(session).newest_id()

    async def read(behind: int) -> Sequence[StoredEvent]:
        async with context.services.database.read() as later:
            return await Events(later).since(behind)

    return EventStream(follow(context.hub, None, begin, read, seconds=seconds, key=caller.key))
