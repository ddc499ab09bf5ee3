"""``Idempotency-Key``: a request that comes again gets the answer that it got, and is done once.

The key and the answer are stored in the transaction of the work, so that there is never one without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.api.access import Caller, Controller
from pyscrai.databases.api.dependencies import Context, Ctx
from pyscrai.databases.api.forms import IDEMPOTENCY_KEY
from pyscrai.databases.columns import now
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.idempotency_keys import IdempotencyKeys
from pyscrai.databases.tables import IdempotencyRow
from pyscrai.services.outside_events import Within

Done = TypeVar("Done")

KEPT = timedelta(days=1)
"""How long an answer is kept for a request that may come again."""

REPLAYED = {"idempotency-replayed": "true"}

IdempotencyKey = Annotated[str | None, Header(
    alias="Idempotency-Key", max_length=200, pattern=IDEMPOTENCY_KEY,
    description="The client's own name for this request: sent again within a day, it is answered again and done once.")]


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is done once, if it came with a key. Each caller has keys of its own."""

    context: Context
    caller: Caller
    key: str = ""
    fingerprint: str = ""
    """What makes a request the same: method, path, query and body."""

    async def __call__(self, status: int, work: Callable[[Within | None], Awaitable[Done]],
                       answer: Callable[[Done], Mapping[str, Any]]) -> JSONResponse:
        """Do the work once, and answer with what ``answer`` makes of its result.

        Args:
            work: is given what it must call at the end of its own transaction, with its result; None without a key.

        Raises:
            RunError: the key came with another request before.
        """
        kept = await self.kept()
        if kept is None:
            async def keep(session: AsyncSession, done: Done) -> None:
                await self._keep(session, status, answer(done))

            done = await self._work(work, keep)
            if not isinstance(done, IdempotencyRow):
                return JSONResponse(answer(done), status)
            kept = done
        return JSONResponse(kept.response, kept.status, headers=REPLAYED)

    async def make(self, work: Callable[[Within | None], Awaitable[str]],
                   answer: Callable[[str], Awaitable[Mapping[str, Any]]]) -> JSONResponse:
        """Make a run once, and answer with the run as it stands now.

        Raises:
            RunError: the key came with another request before.
        """
        kept = await self.kept()
        if kept is None:
            async def keep(session: AsyncSession, run_id: str) -> None:
                await self._keep(session, 201, {}, run_id=run_id)

            done = await self._work(work, keep)
            if not isinstance(done, IdempotencyRow):
                return JSONResponse(await answer(done), 201)
            kept = done
        return JSONResponse(await answer(str(kept.run_id)), 201, headers=REPLAYED)

    async def kept(self) -> IdempotencyRow | None:
        """The answer that was kept for this request when it came before."""
        if not self.key:
            return None
        async with self.context.services.database.read() as session:
            return await IdempotencyKeys(session).find(self.key, self.fingerprint)

    async def _work(self, work: Callable[[Within | None], Awaitable[Done]], keep: Within) -> Done | IdempotencyRow:
        if not self.key:
            return await work(None)
        try:
            return await work(keep)
        except IntegrityError:
            # The same request came twice at once; the other one did the work, and what this one did is rolled back.
            kept = await self.kept()
            if kept is None:
                raise
            return kept

    async def _keep(self, session: AsyncSession, status: int, answer: Mapping[str, Any], *, run_id: str | None = None
                    ) -> None:
        await IdempotencyKeys(session).keep(self.key, self.fingerprint, status=status, run_id=run_id,
                                            response=orjson.loads(orjson.dumps(answer)))


async def once(request: Request, context: Ctx, caller: Controller, key: IdempotencyKey = None) -> Once:
    """The dependency of operations that are done once for a key."""
    if key is None:
        return Once(context, caller)
    told = (request.method.encode(), request.url.path.encode(), request.url.query.encode(), await request.body())
    return Once(context, caller, f"{caller.name}:{key}", hashlib.sha256(b"\0".join(told)).hexdigest())


Idempotent = Annotated[Once, Depends(once)]


async def purge(database: Database) -> None:
    """Forget the answers that are older than ``KEPT``."""
    async with database.session() as session:
        await IdempotencyKeys(session).purge(now() - KEPT)
