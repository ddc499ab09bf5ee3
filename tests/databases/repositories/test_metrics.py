from __future__ import annotations

from dataclasses import fields, replace

import pytest
from sqlalchemy import select

from pyscrai.databases.repositories.metrics import CallFigures, Metrics, RunMetrics, percentile, summarize
from pyscrai.databases.tables import RunMetricsRow
from pyscrai.engines.ports.model import Usage
from pyscrai.events import RunResumed, RunStopped
from tests.databases.conftest import Stage, call, utterance


def test_percentiles_lie_between_the_values() -> None:
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert percentile([float(number) for number in range(101)], 0.95) == 95.0


def test_a_run_without_calls_has_metrics() -> None:
    assert summarize([], []) == [Metrics("")]


def test_costs_are_unknown_where_one_is() -> None:
    figures = [CallFigures("a", 0, True, 1, 0, 1, cost, 1.0) for cost in (None, 0.25, 0.5)]
    assert summarize(figures, [])[0].cost_usd is None
    assert summarize(figures[:1], [])[0].cost_usd is None
    assert summarize(figures[1:], [])[0].cost_usd == 0.75
    unanswered = CallFigures("a", 0, False, 1, 0, 0, None, None)
    assert summarize([*figures[1:], unanswered], [])[0].cost_usd == 0.75, "what was never answered costs nothing"


async def test_a_runs_metrics_are_computed_for_each_role_and_kept(stage: Stage) -> None:
    record = await stage.record()
    for one in (call(1), call(2, "engineer", failed=2), call(3, text=None, failed=4), call(3, "observer")):
        record.note(one)
    await record.commit([utterance(1, text="three small words"), utterance(2, "engineer", "one"),
                         utterance(2, "engineer", "more words", key="second")])
    async with stage.database.session() as session:
        computed = await RunMetrics(session).read(record.run_id)
        await RunMetrics(session).keep(await RunMetrics(session).compute([record.run_id]))
        await RunMetrics(session).keep(await RunMetrics(session).compute([record.run_id]))
    async with stage.database.read() as session:
        kept = (await session.scalars(select(RunMetricsRow).order_by(RunMetricsRow.role))).all()
    assert computed == [Metrics(**{one.name: getattr(row, one.name) for one in fields(Metrics)}) for row in kept]
    whole, engineer, mayor, observer = computed
    assert [one.role for one in computed] == ["", "engineer", "mayor", "observer"]
    assert (whole.turns, whole.words, whole.calls, whole.retries, whole.errors) == (2, 6, 4, 6, 1)
    assert (whole.prompt_tokens, whole.cached_tokens, whole.completion_tokens) == (300, 240, 60)
    assert whole.cost_usd == pytest.approx(0.75)
    assert (whole.latency_p50_ms, whole.latency_p95_ms, whole.latency_max_ms) == (12.5, 12.5, 12.5)
    assert (engineer.turns, engineer.words, engineer.retries) == (1, 3, 2)
    assert (mayor.turns, mayor.calls, mayor.errors) == (1, 2, 1)
    assert (observer.turns, observer.calls) == (0, 1)


async def test_uses_of_tools_and_answers_of_people_are_no_calls_of_models(stage: Stage) -> None:
    record = await stage.record()
    used = replace(call(1, ordinal=1), alias="tool:dice")
    assert used.reply is not None
    record.note(call(1))
    record.note(replace(used, reply=replace(used.reply, usage=Usage(), latency_ms=9_000.0)))
    record.note(replace(call(1, ordinal=2), purpose="human", alias="person:Eve"))
    await record.commit([utterance(1)])
    async with stage.database.read() as session:
        whole, _ = await RunMetrics(session).read(record.run_id)
    assert (whole.calls, whole.cost_usd, whole.latency_max_ms) == (1, 0.25, 12.5)


async def test_metrics_are_kept_when_a_run_ends_and_follow_it_when_it_goes_on(stage: Stage) -> None:
    record = await stage.record()
    record.note(call(1))
    await record.commit([utterance(1), RunStopped(key="s", turn=1, reason="enough")])
    async with stage.database.read() as session:
        assert (await session.get(RunMetricsRow, (record.run_id, ""))) is not None
    record.note(call(2))
    await record.commit([RunResumed(key="r", turn=1), utterance(2)])
    async with stage.database.read() as session:
        assert (await RunMetrics(session).read(record.run_id))[0].calls == 2
