"""One model per alias and process, with its limits; and the check of an alias."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from pyscrai.config.settings import Settings, load_settings
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ConfigError, ModelRefused
from pyscrai.llm.limited_model import LimitedModel
from pyscrai.llm.model_check import check
from pyscrai.llm.models import Models
from pyscrai.llm.reasoning_models import refused_fields
from pyscrai.llm.scripted.model import ScriptedModel
from tests.fakeserver import FakeOpenAI, Hang, Reply, Status

HELLO = ModelRequest((Message("user", ("hello",)),))


def settings_for(server: FakeOpenAI, **alias: Any) -> Settings:
    return load_settings(model="local", models={"local": {"base_url": server.base_url, "model": "fake", **alias}})


async def test_one_object_per_alias(server: FakeOpenAI) -> None:
    async with Models(settings_for(server)) as models:
        first, second, third = await asyncio.gather(models.get("local"), models.get(), models.get("default"))
        assert first is second is third
        assert (first.alias, first.scripted, first.layout) == ("local", False, "instruct")
        assert (await first.complete(HELLO)).text
        assert (await models.get("scripted")).scripted


async def test_closing_and_using_again(server: FakeOpenAI) -> None:
    models = Models(settings_for(server))
    for _ in range(2):
        assert (await (await models.get()).complete(HELLO)).text
        await models.aclose()


async def test_registered_models_come_first(server: FakeOpenAI) -> None:
    own, other = ScriptedModel(["mine"]), ScriptedModel(["default"])
    models = Models(settings_for(server))
    models.register("local", own)
    assert await models.get("local") is await models.get() is own
    models.register("default", other)
    assert await models.get() is await models.get("default") is other


async def test_unknown_alias(server: FakeOpenAI) -> None:
    with pytest.raises(ConfigError, match="did you mean `local`"):
        await Models(settings_for(server)).get("locla")


async def test_a_missing_key_fails_before_any_call(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    models = Models(settings_for(server, api_key_env="LOCAL_KEY"))
    with pytest.raises(ConfigError, match="needs a key in LOCAL_KEY") as caught:
        await models.get()
    assert caught.value.code == "config.key_missing"
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        await models.get("openai:gpt-5-mini")
    monkeypatch.setenv("LOCAL_KEY", "sk-now")
    async with models:
        await (await models.get()).complete(HELLO)
    assert server.requests[0].headers["authorization"] == "Bearer sk-now"


async def test_any_openai_model_at_another_place(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    async with Models(load_settings(model="openai:some/model")) as models:
        await (await models.get()).complete(HELLO)
    assert server.requests[0].body["model"] == "some/model"


def test_fields_that_reasoning_models_refuse() -> None:
    settings = load_settings(models={"o": {"model": "o4-mini"}, "g": {"model": "gpt-4.1"},
                                     "r": {"model": "o4-mini", "base_url": "http://127.0.0.1:1/v1"}})
    assert refused_fields(settings.alias("o")) == {"temperature", "top_p", "stop"}
    assert refused_fields(settings.alias("g")) == refused_fields(settings.alias("r")) == frozenset()


async def test_concurrency_limit(server: FakeOpenAI) -> None:
    server.latency = 0.02
    async with Models(settings_for(server, concurrency=3)) as models:
        model = await models.get()
        assert isinstance(model, LimitedModel)
        assert (model.alias, model.layout, model.prefill, model.scripted) == ("local", "instruct", False, False)
        await asyncio.gather(*[model.complete(HELLO) for _ in range(12)])
    assert server.peak_in_flight == 3


async def test_waiting_for_a_slot_is_not_the_calls_time(server: FakeOpenAI) -> None:
    server.latency = 0.5
    async with Models(settings_for(server, concurrency=1, timeout=2)) as models:
        model = await models.get()
        replies = await asyncio.gather(*[model.complete(HELLO) for _ in range(5)])
    assert all(reply.latency_ms < 2_000 for reply in replies)


async def test_a_failed_call_gives_its_slot_back(server: FakeOpenAI) -> None:
    server.plan(Status(400), Hang())
    async with Models(settings_for(server, concurrency=1)) as models:
        model = await models.get()
        with pytest.raises(ModelRefused):
            await model.complete(HELLO)
        server.arrived.clear()
        task = asyncio.create_task(model.complete(HELLO))
        await server.arrived.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert (await model.complete(HELLO)).text


async def test_requests_per_minute(server: FakeOpenAI) -> None:
    async with Models(settings_for(server, requests_per_minute=2)) as models:
        model = await models.get()
        await asyncio.gather(model.complete(HELLO), model.complete(HELLO))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(model.complete(HELLO), 0.2)
    assert len(server.requests) == 2


async def test_embedded_without_weights_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pyscrai models install embedded"):
        await Models(load_settings(cache_dir=tmp_path)).get("embedded")


async def test_check(server: FakeOpenAI) -> None:
    server.plan(Reply("One, two, three."))
    found = await check(settings_for(server))
    assert found.ok
    assert (found.alias, found.model, found.reachable, found.listed) == ("local", "fake", True, True)
    assert (found.reply, found.error, found.priced) == ("One, two, three.", None, False)
    assert found.latency_ms is not None
    assert found.tokens_per_second is not None


async def test_check_tells_what_is_wrong(server: FakeOpenAI) -> None:
    assert (await check(settings_for(server, model="other"))).listed is False
    server.plan(Status(404, "no such model"))
    unlisted = await check(settings_for(server, model="other"))
    assert unlisted.error is not None
    assert unlisted.error["cure"] == "the endpoint has fake: set `model` in [models.local]"
    server.plan(Status(404, "no such model"))
    found = await check(settings_for(server))
    assert (found.reachable, found.ok) == (True, False)
    assert found.error is not None
    assert found.error["code"] == "model.refused"
    server.key = "right"
    found = await check(settings_for(server))
    assert (found.reachable, found.listed, found.ok) == (True, None, False)


async def test_check_of_nobody() -> None:
    async with FakeOpenAI() as gone:
        settings = settings_for(gone)
    found = await check(settings)
    assert (found.reachable, found.ok) == (False, False)
    assert found.error is not None
    assert found.error["code"] == "model.unavailable"
    with pytest.raises(ConfigError):
        await check(settings, "nobody")
    assert (await check(settings, "scripted")).ok
