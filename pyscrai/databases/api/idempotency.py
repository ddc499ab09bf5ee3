"""``Idempotency-Key``: a request that comes again gets the answer that it got, and does nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError

from pyscrai.databases.api.access import Caller
from pyscrai.databases.api.dependencies import Context
from pyscrai.databases.columns import now
from pyscrai.databases.repositories.idempotency_keys import Idempotency
from pyscrai.errors import WrongState

IdempotencyKey = Annotated[str | None, Header(
    alias="Idempotency-Key", max_length=200, pattern=r"^[\x21-\x7e]+$",
    description="A name of the client's own for this request: sent again, it is answered again and done once.")]

REPLAYED = {"idempotency-replayed": "true"}

UNDER_WAY = 0
"""The status that is kept while a request is worked on."""


STALE = timedelta(minutes=1)
"""After this a request that is still under way died with its process, and may be made again."""


async def fingerprint(request: Request) -> str:
    """What makes a request the same: method, path and body."""
    told = request.method.encode(), request.url.path.encode(), await request.body()
    return hashlib.sha256(b"\0".join(told)).hexdigest()


def key_name(caller: Caller, key: str) -> str:
    """A key as it is kept: each caller has names of its own."""
    return f"{caller.name}:{key}"


async def once(context: Context, request: Request, caller: Caller, key: str | None, status: int,
               work: Callable[[], Awaitable[dict[str, Any]]]) -> JSONResponse:
    """Do ``work`` once for a key, and answer with what it gives.

    Raises:
        RunError: the key came with another request before.
        WrongState: the first request with this key is still under way.
    """
    if key is None:
        return JSONResponse(await work(), status)
    name, same = key_name(caller, key), await fingerprint(request)
    database = context.services.database
    try:
        async with database.session() as session:
            kept = Idempotency(session)
            row = await kept.find(name, same)
            if row is not None and row.status == UNDER_WAY and row.created_at < now() - STALE:
                await kept.drop(name)
                row = None
            if row is None:
                await kept.keep(name, same, status=UNDER_WAY, response={})
    except IntegrityError:
        raise _under_way() from None
    if row is not None:
        if row.status == UNDER_WAY:
            raise _under_way()
        return JSONResponse(row.response, row.status, headers=REPLAYED)
    try:
        answer = await work()
    except BaseException:
        async with database.session() as session:
            await Idempotency(session).drop(name)
        raise
    async with database.session() as session:
        kept = Idempotency(session)
        await kept.drop(name)
        await kept.keep(name, same, status=status, response=orjson.loads(orjson.dumps(answer)))
    return JSONResponse(answer, status)


def _under_way() -> WrongState:
    return WrongState("a request with this key is under way", code="idempotency.in_progress",
                      cure="try again in a moment")
