"""A call's time is its own: what it waits for others' calls does not count against it."""

from __future__ import annotations

import asyncio

import pytest

from pyscrai.engines.ports.model import Message, ModelRequest, complete_within
from pyscrai.llm.limited_model import LimitedModel
from pyscrai.llm.models import Models
from tests.fakeserver import FakeOpenAI, Hang
from tests.llm.test_models import settings_for

HELLO = ModelRequest((Message("user", ("hello",)),))


async def test_a_calls_time_begins_when_it_is_made_and_not_while_it_waits_for_a_slot() -> None:
    async with FakeOpenAI(latency=0.15) as server, Models(settings_for(server, concurrency=1)) as models:
        model = await models.get()
        assert isinstance(model, LimitedModel)
        async with asyncio.timeout(20):  # eight calls one after the other take longer than each of them may
            await asyncio.gather(*(complete_within(model, 0.9, HELLO) for _ in range(8)))
        assert (server.peak_in_flight, server.answered) == (1, 8)


async def test_a_call_that_takes_too_long_gives_its_slot_back() -> None:
    async with FakeOpenAI() as server, Models(settings_for(server, concurrency=1)) as models:
        model = await models.get()
        server.plan(Hang())
        with pytest.raises(TimeoutError):
            await complete_within(model, 0.1, HELLO)
        assert (await complete_within(model, 5, HELLO)).text
