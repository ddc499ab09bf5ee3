"""What a process needs to play: database, models, record and checkpoints, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyscrai.config.settings import Settings
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.databases.recording.writer import RecordWriter
from pyscrai.factories.caches import Shared
from pyscrai.factories.mcp_servers import McpServers
from pyscrai.factories.run_batches import Joint
from pyscrai.factories.run_leases import Ownership
from pyscrai.factories.share_budgets import ShareBudgets
from pyscrai.factories.telemetry import open_telemetry
from pyscrai.factories.template_store import seed_library
from pyscrai.llm.models import Models

if TYPE_CHECKING:
    from pyscrai.telemetry.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for a process; runs share nothing else."""

    settings: Settings
    database: Database
    models: Models
    writer: RecordWriter
    checkpoints: Checkpoints
    ownership: Ownership
    shared: Shared
    joint: Joint
    budgets: ShareBudgets
    mcp_servers: McpServers
    telemetry: Telemetry | None = None


@asynccontextmanager
async def open_services(settings: Settings, *, library: bool = True) -> AsyncIterator[Services]:
    """Open the services; the database is made, migrated and given the shipped templates on first use.

    Args:
        library: put the shipped templates into the database if they are not there.

    Raises:
        StorageError: the database cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(
            settings.database_url, patience=settings.storage_patience))
        await database.prepare()
        if library:
            await seed_library(database)
        writer = RecordWriter(database)
        stack.push_async_callback(writer.close)
        checkpoints = Checkpoints(database)
        stack.push_async_callback(checkpoints.close)
        # In a thread, since it looks at files: `langgraph dev` refuses what blocks its loop.
        ownership = await asyncio.to_thread(Ownership, database)
        telemetry, watched = None, None
        if settings.telemetry.enabled:
            telemetry, watched = await asyncio.to_thread(open_telemetry, settings.telemetry, ownership.owner)
            stack.push_async_callback(asyncio.to_thread, telemetry.shutdown)
        models = await stack.enter_async_context(Models(settings, watched=watched))
        stack.push_async_callback(ownership.close)
        mcp_servers = McpServers(settings.mcp_servers)
        stack.push_async_callback(mcp_servers.close)
        shared = Shared()
        yield Services(settings, database, models, writer, checkpoints, ownership, shared, Joint(database, shared),
                       ShareBudgets(database), mcp_servers, telemetry)

