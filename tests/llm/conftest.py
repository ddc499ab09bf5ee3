"""The fake server that tests of the model layer talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakeserver import FakeOpenAI


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server
