"""Template from the database -> completed run -> every table: with a real model, and with a server that misbehaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from pyscrai.config.settings import Settings, load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.databases.tables import AgentInstanceRow, AgentTemplateRow, MeasurementRow, ScenarioTemplateRow, TextRow
from pyscrai.engines.ports.record import CallRecord
from pyscrai.engines.scenario_runner import Result
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.replays import replay_run
from pyscrai.templates.reading.loader import load_data
from tests.conftest import MakeUrl
from tests.fakeserver import Cut, Drip, Drop, Empty, FakeOpenAI, Hang, Malformed, RateLimited, Raw, Reply, Status

SCENARIO = "used-car-negotiation"
KEY = "sk-never-to-be-written-down"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return load_settings(database_url=database_url, data_dir=tmp_path)


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with open_services(settings) as services:
        yield services


@pytest.fixture
def sqlite_url(make_url: MakeUrl) -> str:
    return make_url("sqlite")


@pytest.fixture
async def sqlite_services(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(load_settings(database_url=sqlite_url, data_dir=tmp_path)) as services:
        yield services


async def play(services: Services, template: str, options: RunOptions) -> tuple[str, Result]:
    """Make a run from the stored template and play it."""
    run_id = await create_scenario_run_from_template(services, template, options)
    async with open_run(services, run_id) as runner:
        return run_id, await runner.play()


async def log(services: Services, run_id: str) -> tuple[list[StoredEvent], list[CallRecord]]:
    """Everything that was recorded of a run."""
    async with services.database.read() as session:
        calls = [stored.call for stored in await Calls(session).read(run_id)]
        return await Events(session).read(run_id), calls


async def check_tables(services: Services, run_id: str, *, analyst: str) -> None:
    """See that every table holds what a completed run leaves, and that they agree with each other."""
    events, calls = await log(services, run_id)
    kinds = Counter(event.kind for event in events)
    assert kinds["run_started"] == kinds["end_reached"] == kinds["run_completed"] == 1
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    async with services.database.read() as session:
        run = await Runs(session).get(run_id)
        template = await session.get_one(ScenarioTemplateRow, run.scenario_template_id)
        cast = (await session.scalars(select(AgentInstanceRow).where(AgentInstanceRow.run_id == run_id))).all()
        agents = {row.id: row for row in (await session.scalars(select(AgentTemplateRow))).all()}
        measured = (await session.scalars(select(MeasurementRow).where(MeasurementRow.run_id == run_id))).all()
        texts = await session.scalar(select(func.count()).select_from(TextRow))
        metrics = {row.role: row for row in await RunMetrics(session).read(run_id)}
        checkpoints = await session.scalar(
            text("SELECT count(*) FROM checkpoints WHERE thread_id = :run"), {"run": run_id})
    assert run.status == "completed"
    assert run.template_hash == template.content_hash
    assert run.outcome == next(event for event in events if event.kind == "run_completed").payload["outcome"]
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at
    assert run.turn == kinds["utterance"] == run.outcome["turn"]
    assert {row.role for row in cast} == set(template.content["roles"])
    for row in cast:
        assert row.configuration["personality"]["role"]
        assert row.agent_template_id is None or agents[row.agent_template_id].content_hash == row.agent_hash
    answered = [call for call in calls if call.reply is not None]
    assert all(call.error for call in calls if call.reply is None)
    assert all(call.reply.usage.prompt_tokens > 0 for call in answered if call.reply)
    assert all(call.request.messages[0].role == "system" and call.prompts for call in calls)
    assert {call.key.role for call in calls} == {
        event.source for event in events if event.kind in ("utterance", "report", "measurement")}
    assert texts is not None
    assert texts > len(calls)
    assert len(measured) == kinds["measurement"] > 0
    assert next(event for event in events if event.kind == "report").source == analyst
    whole = metrics[""]
    assert (whole.calls, whole.turns) == (len(calls), run.turn)
    assert whole.prompt_tokens == sum(call.reply.usage.prompt_tokens for call in calls if call.reply)
    assert run.usage["tokens"] >= whole.completion_tokens > 0
    assert checkpoints is not None
    assert checkpoints > run.turn
    unheard = {event.kind for event in events if event.audience == ()}
    assert {"report", "measurement"} <= unheard
    assert (await replay_run(services, run_id)).difference is None


async def test_with_a_server_that_misbehaves(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with FakeOpenAI(key=KEY) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        server.plan(RateLimited(retry_after=0.05), Reply(), Status(500), Status(503), Reply(), Drop(), Reply(),
                    Cut(), Empty(), Malformed(), Reply(), Raw(b"<html>busy</html>"), Reply())
        quick = {"retries": 3, "backoff": 0.01}
        await _store_impatient(services, quick)
        run_id, result = await play(services, "impatient", RunOptions(model="openai:fake", seed=1))
    assert result.status == "completed", result.error
    await check_tables(services, run_id, analyst="analyst")
    events, calls = await log(services, run_id)
    failed = Counter(attempt.code for call in calls for attempt in call.attempts)
    assert failed == Counter(event.payload["error"] for event in events if event.kind == "model_retried")
    assert set(failed) >= {"model.rate_limited", "model.server_error", "model.unavailable", "model.malformed"}
    assert sum(failed.values()) >= 6
    await assert_key_unwritten(services)


async def test_timeouts_and_a_slow_drip_end_in_time(sqlite_services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        server.plan(Hang(), Drip(every=0.05), Reply())
        await _store_impatient(sqlite_services, {"retries": 3, "backoff": 0.01, "timeout": 0.3})
        run_id, result = await play(sqlite_services, "impatient", RunOptions(model="openai:fake", seed=1))
    assert result.status == "completed"
    events, _ = await log(sqlite_services, run_id)
    assert [event.payload["error"] for event in events if event.kind == "model_retried"] == ["model.timeout"] * 2


async def test_a_model_that_fails_for_good_fails_the_run_and_resuming_goes_on(
        sqlite_services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        server.plan(Reply(), Reply(), *[Status(500)] * 3)
        await _store_impatient(sqlite_services, {"retries": 2, "backoff": 0.01})
        run_id, result = await play(sqlite_services, "impatient", RunOptions(model="openai:fake", seed=1))
        assert result.status == "failed"
        assert result.error is not None
        assert result.error["code"] == "model.server_error"
        asked = len(server.requests)
        async with open_run(sqlite_services, run_id) as runner:
            assert (await runner.play()).status == "completed"
        assert server.requests[asked].body["messages"] == server.requests[asked - 1].body["messages"]
    await check_tables(sqlite_services, run_id, analyst="analyst")


@pytest.mark.embedded
@pytest.mark.usefixtures("one_thread")
async def test_with_the_real_embedded_model(sqlite_services: Services) -> None:
    # This model talks nonsense: it is asked more often than a good one before a turn counts as failed.
    await _store_impatient(sqlite_services, {"repairs": 4})
    run_id, result = await play(sqlite_services, "impatient", RunOptions(
        model="embedded-tiny", seed=11, parameters={"asking": 5300, "opening": 4900}))  # near enough to be over soon
    assert result.status == "completed", result.error
    await check_tables(sqlite_services, run_id, analyst="analyst")
    _, calls = await log(sqlite_services, run_id)
    assert {call.alias for call in calls} == {"embedded-tiny"}
    assert len({call.reply.text for call in calls if call.reply}) > 2


async def _store_impatient(services: Services, failure: dict[str, float]) -> None:
    """The negotiation under another failure policy: quick retries, so that no test waits for seconds, say."""
    async with services.database.read() as session:
        row = await session.scalar(select(ScenarioTemplateRow).where(ScenarioTemplateRow.name == SCENARIO))
        assert row is not None
    await store_templates(services.database, [load_data({**row.content, "name": "impatient", "failure": failure})])


async def assert_key_unwritten(services: Services) -> None:
    """The key is in no table."""
    async with services.database.read() as session:
        sqlite = services.database.path is not None
        names = (await session.scalars(text(
            "SELECT name FROM sqlite_master WHERE type = 'table'" if sqlite else
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        assert "llm_calls" in names
        for name in names:
            for row in await session.execute(text(f'SELECT * FROM "{name}"')):
                assert KEY not in repr(tuple(row))
