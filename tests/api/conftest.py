"""A server for a test, on SQLite, and on PostgreSQL where it may differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.api.fleet import end_all
from tests.api.serving import Serving, serving


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """End the servers and workers that a test which failed did not end itself."""
    yield
    end_all()


@pytest.fixture
def sqlite_url(make_url: Callable[[str], str]) -> str:
    """A fresh SQLite database."""
    return make_url("sqlite")


@pytest.fixture
async def server(sqlite_url: str) -> AsyncIterator[Serving]:
    """A server on SQLite."""
    async with serving(sqlite_url) as found:
        yield found


@pytest.fixture
async def both(database_url: str) -> AsyncIterator[Serving]:
    """A server on each kind of database."""
    async with serving(database_url) as found:
        yield found
