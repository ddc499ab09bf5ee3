"""Services over a fresh database, with the scenario ``goods`` and a model that gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.templates.reading.loader import load_data
from tests.services.experiments.giving import GOODS, Giver


@pytest.fixture
def giver() -> Giver:
    return Giver()


@pytest.fixture
def sqlite_url(make_url: Callable[[str], str]) -> str:
    """The URL of a fresh database; made outside of the test's event loop."""
    return make_url("sqlite")


@pytest.fixture
async def services(sqlite_url: str, giver: Giver) -> AsyncIterator[Services]:
    """Services over a fresh SQLite database, with the scenario ``goods`` and a model that gives."""
    async with opened(sqlite_url, giver) as services:
        yield services


@pytest.fixture
async def both(database_url: str, giver: Giver) -> AsyncIterator[Services]:
    """The same over SQLite and over PostgreSQL; the test runs once on each."""
    async with opened(database_url, giver) as services:
        yield services


@asynccontextmanager
async def opened(url: str, giver: Giver) -> AsyncIterator[Services]:
    settings = load_settings(database_url=url, model="script",
                             models={"script": {"kind": "scripted"}}, server={"grace": 0.2})
    async with open_services(settings, library=False) as opened:
        opened.models.register("script", giver)
        await store_templates(opened.database, [load_data(GOODS)])
        yield opened
