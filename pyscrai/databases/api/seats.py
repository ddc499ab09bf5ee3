"""Seats: a token that is bound to one role of one run, and the three things that it can do: look, listen and reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from pyscrai.databases.api.access import AccessError, Controller, bearer
from pyscrai.databases.api.dependencies import Context, Ctx, Session
from pyscrai.databases.api.event_hub import Watcher, read_token
from pyscrai.databases.api.event_stream import KEEP_ALIVE, EventStream
from pyscrai.databases.api.events import LastEventId
from pyscrai.databases.api.schemas.base import EventId, Limit, Listing, RolePath, RunId, problems
from pyscrai.databases.api.schemas.controls import SeatReply
from pyscrai.databases.api.schemas.seats import NewSeat, SeatLine, SeatToken, SeatView
from pyscrai.databases.repositories.runs import Runs
from pyscrai.services import replies
from pyscrai.services.seat_speech import SeatSpeech
from pyscrai.services.seats import Seat, offer_seat, seat_lines, seat_of, seat_view

PACE = 0.08
"""Seconds in which words gather that stream in, before they are sent."""

links = APIRouter(prefix="/runs/{run_id}", tags=["control"])

router = APIRouter(prefix="/seat", tags=["seat"])


async def seated(request: Request, token: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None
                 ) -> Seat:
    """The seat that the request's token is bound to.

    Raises:
        AccessError: there is no token, it is not known, or it is no seat's.
    """
    if token is None:
        raise AccessError("a seat's token is needed", cure="send it as `Authorization: Bearer TOKEN`")
    caller = await request.app.state.context.access.caller(token.credentials, None)
    found = seat_of(caller.scopes, caller.name)
    if found is None:
        raise AccessError("this key is no seat's token", code="auth.scope",
                          cure="use a token of `POST /runs/{run_id}/roles/{role}/seat`")
    return found


Seated = Annotated[Seat, Depends(seated)]


@links.post("/roles/{role}/seat", operation_id="offer_seat", status_code=201, responses=problems(404, 409))
async def make_seat(run_id: RunId, role: RolePath, context: Ctx, session: Session, caller: Controller,
                    body: NewSeat | None = None) -> SeatToken:
    """Make a token with which a person sees and plays this role of this run, and can do nothing else.

    Where a model plays the role, the person takes it over from its next turn on.
    """
    person = (body or NewSeat()).person
    seat, token = await offer_seat(context.services, run_id, role, person=person)
    row = await Runs(session).get(run_id)
    if row.status == "waiting":
        context.manager.wake(run_id, row.desired, share=caller.name)
    return SeatToken(run_id=seat.run_id, role=seat.role, person=seat.person, token=token)


@router.get("", operation_id="read_seat", responses=problems(404))
async def read_seat(seat: Seated, context: Ctx) -> SeatView:
    """The state of the run as the role of this token knows it, and the request to it."""
    return SeatView(**await seat_view(context.services, seat))


@router.get("/lines", operation_id="list_seat_lines", responses=problems(404))
async def list_seat_lines(seat: Seated, context: Ctx, after_id: EventId = 0, limit: Limit = 1_000
                          ) -> Listing[SeatLine]:
    """The lines that the role of this token heard. `next` goes into `after_id`."""
    found = await seat_lines(context.services, seat, after=after_id, limit=limit)
    return Listing[SeatLine](items=[SeatLine(**line) for _, line in found],
                             next=str(found[-1][0]) if len(found) == limit else None)


@router.post("/reply", operation_id="reply_from_seat", status_code=204, response_class=Response,
             responses=problems(404, 409))
async def reply_from_seat(body: SeatReply, seat: Seated, context: Ctx) -> None:
    """Answer what is asked at this seat: for the role's turn, or about a proposal that its person decides about."""
    accepted = await replies.reply(context.services, seat.run_id, body.given(), actor=seat.person, role=body.role,
                                   seat=seat.role)
    context.manager.wake(seat.run_id, accepted.desired, share=seat.person)


@router.get("/stream", operation_id="stream_seat", response_class=EventStream, responses={**problems(404), 200: {
    "description": "`line` events with what the role hears, `state` events with how things stand for it, and `speech` "
                   "events with all that a role has said in its turn so far; an empty text takes it back.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}}}})
async def stream_seat(
    seat: Seated, context: Ctx, request: Request, last_event_id: LastEventId = None,
    after: Annotated[EventId | None, Query(description="Begin behind this line.")] = None,
    seconds: Annotated[float | None, Query(gt=0, le=86_400, description="End after this time.")] = None,
) -> Response:
    """Follow the play as the role of this token hears it."""
    context.hub.admit()
    await seat_view(context.services, seat)
    token = request.headers["authorization"].partition(" ")[2]
    begin = last_event_id if last_event_id is not None else after or 0
    return EventStream(_follow(context, seat, token, begin, seconds))


async def _follow(context: Context, seat: Seat, token: str, after: int, seconds: float | None
                  ) -> AsyncIterator[bytes]:
    """Lines and states on the wire. The hub only says that something happened; what is told is read for this role."""
    clock = asyncio.get_running_loop().time
    until = None if seconds is None else clock() + seconds
    told: dict[str, Any] | None = None
    speech = SeatSpeech(context.services, seat)
    async with context.hub.watch(seat.run_id, tokens=True, key=token) as watcher:
        yield b"retry: 1000\n\n"
        looked = False
        while not context.hub.closing.is_set() and not watcher.ended:
            arrived, lagged = list(watcher.chunks), watcher.lagging
            watcher.lagging = False
            watcher.chunks.clear()
            watcher.news.clear()
            if lagged:
                speech.forget()
            for role, text in (await speech.hear(filter(None, (read_token(chunk) for number, _, chunk in arrived
                                                               if not number)))).items():
                yield b"event: speech\ndata: %s\n\n" % orjson.dumps({"role": role, "text": text})
            if looked and arrived and not lagged and not any(number for number, _, _ in arrived):
                await asyncio.sleep(PACE)
                await _news(watcher, KEEP_ALIVE if until is None else min(KEEP_ALIVE, until - clock()))
                if until is not None and clock() >= until:
                    return
                continue
            looked = True
            try:
                await context.access.caller(token, None)
            except AccessError:
                return  # the token was revoked
            lines = await seat_lines(context.services, seat, after=after)
            for after, line in lines:
                yield b"id: %d\nevent: line\ndata: %s\n\n" % (after, orjson.dumps(line, default=str))
            if len(lines) == 1_000:
                continue
            state = await seat_view(context.services, seat)
            if state != told:
                told = state
                yield b"event: state\ndata: %s\n\n" % orjson.dumps(state, default=str)
            left = KEEP_ALIVE if until is None else until - clock()
            if left <= 0:
                return
            if not await _news(watcher, min(left, KEEP_ALIVE)):
                yield b": still here\n\n"


async def _news(watcher: Watcher, seconds: float) -> bool:
    """Wait for something to arrive, but not longer than this."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await watcher.news.wait()
    except TimeoutError:
        return False
    return True
