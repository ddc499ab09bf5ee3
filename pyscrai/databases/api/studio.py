"""What ``langgraph.json`` names: the API in LangGraph Studio's server, and its checkpoints in our database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pyscrai.config.settings import load_settings
from pyscrai.databases.api.app import create_app
from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.checkpoints.studio_saver import StudioSaver
from pyscrai.databases.database import Database

app = create_app(load_settings())


@asynccontextmanager
async def checkpointer() -> AsyncIterator[StudioSaver]:
    """Studio's checkpoints in the project's database, where runs open as threads."""
    async with Database(load_settings().database_url) as database:
        await database.prepare()
        checkpoints = Checkpoints(database)
        await checkpoints.prepare()
        try:
            yield StudioSaver(checkpoints)
        finally:
            await checkpoints.close()
