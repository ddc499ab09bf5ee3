"""Opens what a command needs, with the operator's settings, and closes it again."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from pyscrai.config.settings import load_settings
from pyscrai.errors import PyscraiError

if TYPE_CHECKING:
    from pyscrai.databases.database import Database
    from pyscrai.factories.services import Services
    from pyscrai.llm.embedded.chat import EmbeddedChat


@asynccontextmanager
async def opened_services() -> AsyncIterator[Services]:
    """Everything that playing needs: database, models, writer, checkpoints."""
    from pyscrai.cli.log_setup import configure_logs
    from pyscrai.factories.services import open_services

    settings = load_settings()
    configure_logs(settings)
    async with open_services(settings) as services:
        yield services


@asynccontextmanager
async def warmed(model: str | None) -> AsyncIterator[None]:
    """Import what playing needs, while the embedded model starts beside it if it is the one that will be asked.

    Args:
        model: the alias that the operator chose; None for the default.
    """
    settings = load_settings()
    alias = settings.alias(model)
    async with AsyncExitStack() as stack:
        if alias.kind == "embedded":
            from pyscrai.llm.embedded.chat import EmbeddedChat

            started = asyncio.create_task(EmbeddedChat.start(alias, settings.cache_dir))
            stack.push_async_callback(_end, started)
        await asyncio.to_thread(importlib.import_module, "pyscrai.cli.run_session")
        yield


async def _end(started: asyncio.Task[EmbeddedChat]) -> None:
    """Let go of a model that was started early; whoever plays has its own hold on the same server by then."""
    started.cancel()  # if it is not up yet, nobody needs it: the command has failed
    with suppress(PyscraiError, asyncio.CancelledError):
        await (await started).aclose()


@asynccontextmanager
async def opened_database() -> AsyncIterator[Database]:
    """The database alone, for commands that only look."""
    from pyscrai.cli.log_setup import configure_logs
    from pyscrai.databases.database import Database

    settings = load_settings()
    configure_logs(settings)
    async with Database(settings.database_url) as database:
        await database.prepare()
        yield database


@asynccontextmanager
async def opened_library() -> AsyncIterator[Database]:
    """The database with the shipped templates in it."""
    from pyscrai.factories.template_store import seed_library

    async with opened_database() as database:
        await seed_library(database)
        yield database
