"""Idempotency keys: the answers kept for requests that may come again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.tables import IdempotencyRow
from pyscrai.errors import RunError

UNDER_WAY = 0
"""The status that earlier versions kept for a request while they worked on it; such a row says nothing."""


class IdempotencyKeys:
    """What was answered under which key. ``keep`` belongs into the transaction of the work itself."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, key: str, request_hash: str) -> IdempotencyRow | None:
        """The answer that this request had before, or None if it is new.

        Raises:
            RunError: the key came with another request before.
        """
        row = await self._session.get(IdempotencyRow, key)
        if row is None or row.status == UNDER_WAY:
            return None
        if row.request_hash != request_hash:
            raise RunError("this idempotency key was used for another request", cure="use a new key for a new request",
                           code="idempotency.reused")
        return row

    async def keep(self, key: str, request_hash: str, *, status: int, response: Mapping[str, Any],
                   run_id: str | None = None) -> None:
        """Keep an answer. Where two requests came at once, the later one fails with the database's IntegrityError."""
        await self._session.execute(delete(IdempotencyRow).where(
            IdempotencyRow.key == key, IdempotencyRow.status == UNDER_WAY))
        self._session.add(IdempotencyRow(key=key, request_hash=request_hash, status=status, response=dict(response),
                                         run_id=run_id))
        await self._session.flush()

    async def purge(self, before: datetime) -> None:
        """Delete the answers that were given before this moment."""
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
