"""Two processes' worth of services over one database ask one model server, within the limit of its alias."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.factories.services import open_services
from pyscrai.llm.limited_model import LimitedModel
from pyscrai.services.fleet import shared_limits
from pyscrai.services.fleet.shared_limits import SharedLimits
from tests.fakeserver import FakeOpenAI, RateLimited

HELLO = ModelRequest((Message("user", ("Hello",)),))


async def test_two_processes_keep_one_limit_and_ride_out_a_storm(database_url: str, monkeypatch: pytest.MonkeyPatch
                                                                 ) -> None:
    monkeypatch.setattr(shared_limits, "BEAT", 0.1)
    monkeypatch.setattr(shared_limits, "SOON", 0.01)
    async with FakeOpenAI(latency=0.03) as server, AsyncExitStack() as stack:
        settings = load_settings(database_url=database_url, model="fake", models={"fake": {
            "base_url": server.base_url, "model": "fake", "concurrency": 4}})
        models = []
        for _ in range(2):
            services = await stack.enter_async_context(open_services(settings, library=False))
            await stack.enter_async_context(SharedLimits(services))
            models.append(await services.models.get("fake"))
        assert all(isinstance(model, LimitedModel) and model.shared for model in models)
        async with asyncio.timeout(20):
            await asyncio.gather(*(model.complete(HELLO) for model in models for _ in range(30)))
        assert server.peak_in_flight == 4
        server.plan(*[RateLimited(0.01)] * 6)
        async with asyncio.timeout(20):  # nobody's call fails
            await asyncio.gather(*(model.complete(HELLO) for model in models for _ in range(6)))
        assert server.peak_in_flight == 4
