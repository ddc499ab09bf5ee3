"""What a process needs to play: database, models, record and checkpoints, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from pyscrai.config import Settings
from pyscrai.databases.checkpointer import Checkpoints
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.openings import StoredRun, read_runs
from pyscrai.databases.session import Database
from pyscrai.databases.together import Together
from pyscrai.errors import NotFound
from pyscrai.factories.ownership import Ownership
from pyscrai.factories.shared import Shared
from pyscrai.factories.templates import seed_library
from pyscrai.llm.registry import Models


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for a process; runs share nothing else."""

    settings: Settings
    database: Database
    models: Models
    writer: RecordWriter
    checkpoints: Checkpoints
    ownership: Ownership
    openings: Together[str, StoredRun]
    ended: Together[str, None]
    shared: Shared = field(default_factory=Shared)


@asynccontextmanager
async def open_services(settings: Settings, *, library: bool = True) -> AsyncIterator[Services]:
    """Open the services; the database is made, migrated and given the shipped templates on first use.

    Args:
        library: put the shipped templates into the database if they are not there.

    Raises:
        StorageError: the database cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(settings.database_url))
        await database.prepare()
        if library:
            await seed_library(database)
        writer = RecordWriter(database)
        stack.push_async_callback(writer.close)
        checkpoints = Checkpoints(database)
        stack.push_async_callback(checkpoints.close)
        models = await stack.enter_async_context(Models(settings))
        ownership = Ownership(database)
        stack.push_async_callback(ownership.close)
        yield Services(settings, database, models, writer, checkpoints, ownership,
                       openings=Together(partial(_opened, database)), ended=Together(partial(_ended, database)))


async def _opened(database: Database, run_ids: Sequence[str]) -> Sequence[StoredRun | Exception]:
    async with database.read() as session:
        found = await read_runs(session, run_ids)
    return [found.get(run_id) or NotFound(f"no run has the id {run_id}", cure="`pyscrai runs` lists them")
            for run_id in run_ids]


async def _ended(database: Database, run_ids: Sequence[str]) -> Sequence[None]:
    async with database.session() as session:
        await RunMetrics(session).keep(run_ids)
    return [None] * len(run_ids)
