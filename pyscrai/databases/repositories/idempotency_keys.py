"""Answers kept for requests that may come again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.tables import IdempotencyRow
from pyscrai.errors import RunError


class Idempotency:
    """What was answered under which key. Find and keep in one transaction with the work itself."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, key: str, request_hash: str) -> IdempotencyRow | None:
        """The answer that this request had before, or None if it is new.

        Raises:
            RunError: the key came with another request before.
        """
        row = await self._session.get(IdempotencyRow, key)
        if row is not None and row.request_hash != request_hash:
            raise RunError("this idempotency key was used for another request", cure="use a new key for a new request",
                           code="idempotency.reused")
        return row

    async def keep(self, key: str, request_hash: str, *, status: int, response: Mapping[str, Any],
                   run_id: str | None = None) -> None:
        """Keep an answer. Where two requests came at once, the later one fails with the database's IntegrityError."""
        self._session.add(IdempotencyRow(key=key, request_hash=request_hash, status=status, response=dict(response),
                                         run_id=run_id))
        await self._session.flush()

    async def drop(self, key: str) -> None:
        """Forget the answer under this key, so that the request can be made again."""
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.key == key))

    async def forget(self, before: datetime) -> None:
        """Drop the answers that were given before this moment."""
        await self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
