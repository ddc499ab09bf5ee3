"""Opens what a command needs, with the operator's settings, and closes it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pyscrai.config import load_settings

if TYPE_CHECKING:
    from pyscrai.databases.session import Database
    from pyscrai.factories.services import Services


@asynccontextmanager
async def opened_services() -> AsyncIterator[Services]:
    """Everything that playing needs: database, models, writer, checkpoints."""
    from pyscrai.cli.logs import configure_logs
    from pyscrai.factories.services import open_services

    settings = load_settings()
    configure_logs(settings)
    async with open_services(settings) as services:
        yield services


@asynccontextmanager
async def opened_database() -> AsyncIterator[Database]:
    """The database alone, for commands that only look."""
    from pyscrai.cli.logs import configure_logs
    from pyscrai.databases.session import Database

    settings = load_settings()
    configure_logs(settings)
    async with Database(settings.database_url) as database:
        await database.prepare()
        yield database


@asynccontextmanager
async def opened_library() -> AsyncIterator[Database]:
    """The database with the shipped templates in it."""
    from pyscrai.factories.templates import seed_library

    async with opened_database() as database:
        await seed_library(database)
        yield database
