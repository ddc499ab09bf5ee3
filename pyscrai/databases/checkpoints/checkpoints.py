"""LangGraph's own savers in our database, set up so that many runs can use them at once."""

from __future__ import annotations

import asyncio

from langgraph.checkpoint.base import BaseCheckpointSaver

from pyscrai.databases.database import Database
from pyscrai.databases.dialects.dialect import Savers
from pyscrai.databases.packed_values import PackedReader
from pyscrai.open_files import database_connections


class Checkpoints:
    """The checkpoints of all runs of this process.

    State is JSON-plain, so the serializer is strict: a checkpoint can name no type to be imported.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._serde = PackedReader(allowed_msgpack_modules=None)
        self._opening = asyncio.Lock()
        self._savers: Savers | None = None

    async def prepare(self) -> None:
        """Connect, and bring the savers' own tables up to date; safe when several processes do it at once.

        Raises:
            StorageError: the database cannot be reached.
        """
        async with self._opening:
            self._savers = self._savers or await self._database.dialect.savers(
                self._serde, self._database.patience, pool_size=database_connections()[0])

    async def saver(self) -> BaseCheckpointSaver[str]:
        """A saver for one run.

        Raises:
            StorageError: the database cannot be reached.
        """
        if self._savers is None:
            await self.prepare()
        assert self._savers is not None
        return self._savers.saver()

    async def delete(self, run_id: str) -> None:
        """Forget the checkpoints of a run."""
        await (await self.saver()).adelete_thread(run_id)

    async def close(self) -> None:
        """Close the connections; the savers that were handed out cannot be used any more."""
        savers, self._savers = self._savers, None
        if savers is not None:
            await savers.close()
