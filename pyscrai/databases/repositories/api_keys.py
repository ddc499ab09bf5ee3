"""API keys. Only a hash is stored: a key is as random as its hash, so a plain SHA-256 is enough."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.columns import now
from pyscrai.databases.tables import ApiKeyRow
from pyscrai.errors import NotFound, RunError

PREFIX = "pyscrai_"
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a key is known; noting each use would cost a write for each request."""


class ApiKeys:
    """The API keys."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, name: str, scopes: Collection[str]) -> tuple[ApiKeyRow, str]:
        """Make a key; the key itself is told this once and never again.

        Raises:
            RunError: the name is taken.
        """
        if await self._by_name(name) is not None:
            raise RunError(f"a key is called {name} already", cure="choose another name", code="keys.name_taken")
        key = PREFIX + secrets.token_urlsafe(32)
        row = ApiKeyRow(name=name, hash=_hash(key), scopes=sorted(set(scopes)))
        self._session.add(row)
        await self._session.flush()
        return row, key

    async def find(self, key: str) -> ApiKeyRow | None:
        """The row of this key; None where there is no such key or it was revoked."""
        return await self._session.scalar(
            select(ApiKeyRow).where(ApiKeyRow.hash == _hash(key), ApiKeyRow.revoked_at.is_(None)))

    async def good(self, keys: Collection[str]) -> set[str]:
        """Those of some keys that are known and not revoked."""
        hashes = {_hash(key): key for key in keys}
        found = await self._session.scalars(
            select(ApiKeyRow.hash).where(ApiKeyRow.hash.in_(hashes), ApiKeyRow.revoked_at.is_(None)))
        return {hashes[each] for each in found}

    def is_noted(self, row: ApiKeyRow) -> bool:
        """Whether the use of a key now is known exactly enough already."""
        return row.last_used_at is not None and now() - row.last_used_at < NOTED_EVERY

    async def note_use(self, key_id: int) -> None:
        """Note that a key was used now."""
        row = await self._session.get(ApiKeyRow, key_id)
        if row is not None:
            row.last_used_at = now()

    async def list(self) -> Sequence[ApiKeyRow]:
        """All keys, also revoked ones, in the order of their making."""
        return (await self._session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id))).all()

    async def revoke(self, name: str) -> ApiKeyRow:
        """Make a key useless for good.

        Raises:
            NotFound: no key has this name.
        """
        row = await self._by_name(name)
        if row is None:
            raise NotFound(f"no key is called {name}", cure="`pyscrai keys list` shows them")
        row.revoked_at = row.revoked_at or now()
        return row

    async def _by_name(self, name: str) -> ApiKeyRow | None:
        return await self._session.scalar(select(ApiKeyRow).where(ApiKeyRow.name == name))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
