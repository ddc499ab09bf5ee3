"""Experiments are played to their end: from turn 0 and from shared pasts, with retries, stops, pauses and restarts."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import scipy.stats  # noqa: F401  (its first import takes longer than many runs: a look would come late)
from sqlalchemy import delete, func, select, update

from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow, ExperimentRow
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.experiment_cells import ExperimentCells
from pyscrai.databases.repositories.runs import Runs
from pyscrai.databases.tables import CallRow, RunMetricsRow, RunRow
from pyscrai.engines.scenario_runner import ScenarioRunner
from pyscrai.errors import RunError, TemplateError, VersionConflict, WrongState
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.experiment_store import store_experiment
from pyscrai.services.experiments.freeze import freeze_experiment
from pyscrai.services.experiments.results import compute_results
from pyscrai.services.experiments.run_player import own_manager
from tests.services.experiments.giving import Giver, experiment

FORKED: dict[str, Any] = {
    "name": "forked", "pasts": {"seeds": 3, "until": {"turn": 3}}, "repeats": 2,
    "arms": {"one": {}, "bonus": {"variables": {"bonus": 5}, "injects": [{"text": "A bonus."}]}}}


async def planned(services: Services, **changes: Any) -> ExperimentPlan:
    return await freeze_experiment(services, await store_experiment(services, experiment(**changes)))


async def run(services: Services, plan: ExperimentPlan, **options: Any) -> ExperimentPlan:
    async with asyncio.timeout(60), own_manager(services, 8) as manager:
        return await ExperimentRunner(services, manager, plan.id, **options).run()


async def cells(services: Services, plan: ExperimentPlan) -> list[tuple[int, str, int, str]]:
    async with services.database.read() as session:
        rows = await session.execute(select(
            ExperimentCellRow.past, ExperimentCellRow.arm, ExperimentCellRow.repeat, ExperimentCellRow.state).where(
                ExperimentCellRow.experiment_id == plan.id).order_by(ExperimentCellRow.past, ExperimentCellRow.arm,
                                                                     ExperimentCellRow.repeat))
        return [tuple(row) for row in rows]


async def runs(services: Services) -> int:
    async with services.database.read() as session:
        return await session.scalar(select(func.count()).select_from(RunRow)) or 0


async def test_arms_that_begin_at_turn_0_share_their_pasts_seeds(services: Services, giver: Giver) -> None:
    plan = await run(services, await planned(services))
    assert (plan.row.status, plan.row.reason) == ("completed", "all pasts were played")
    results = await compute_results(services, plan)
    [contrast] = results["contrasts"]
    assert [(pair["arm_value"], pair["reference_value"] * 3) for pair in contrast["pairs"]] == [
        (pair["arm_value"], pair["arm_value"]) for pair in contrast["pairs"]], "three times the same gifts"
    assert contrast["n_pasts"] == 4
    assert contrast["n_runs"] == 8
    assert giver.calls == 8 * 6


async def test_arms_fork_from_a_past_that_is_played_once(services: Services, giver: Giver) -> None:
    plan = await run(services, await planned(services, **FORKED))
    assert plan.row.status == "completed"
    assert giver.calls == 3 * 3 + 12 * 3, "three turns of each past, three of each cell"
    async with services.database.read() as session:
        [past] = (await session.scalars(select(ExperimentPastRow).where(ExperimentPastRow.past == 2))).all()
        row = (await session.scalars(select(RunRow).where(RunRow.parent_run_id == past.run_id))).first()
        assert row is not None
        assert row.fork_turn == past.turn == 3
        events = await Events(session).read(row.id)
        assert len([event for event in events if event.kind == "utterance"]) == 6
    [contrast] = (await compute_results(services, plan))["contrasts"]
    assert {pair["difference"] for pair in contrast["pairs"]} == {15.0}, "a bonus of 5 in each of three turns"
    assert contrast["n_runs"] == 12


@pytest.mark.parametrize(("until", "turn"), [({"phase": "last"}, 4), ({"when": "vars.pot >= 0 && turn >= 2"}, 2)])
async def test_a_past_stands_where_a_phase_begins_or_a_condition_holds(services: Services, until: Any, turn: int
                                                                       ) -> None:
    plan = await run(services, await planned(services, **{**FORKED, "pasts": {"seeds": 2, "until": until}}))
    assert plan.row.status == "completed"
    async with services.database.read() as session:
        assert set(await session.scalars(select(ExperimentPastRow.turn))) == {turn}


async def test_a_past_that_ends_before_its_point_is_excluded_and_said_so(services: Services) -> None:
    plan = await run(services, await planned(services, **{
        **FORKED, "pasts": {"seeds": 2, "until": {"when": "vars.pot > 9000"}}}))
    results = await compute_results(services, plan)
    assert [line["excluded"] for line in results["flow"]] == [4, 4]
    assert results["reasons"] == [{"state": "excluded", "cells": 8,
                                   "reason": "its past ended before the arms could begin"}]
    assert results["contrasts"][0]["finding"] == "no pairs"


async def test_failed_runs_are_tried_again_then_kept_in_the_table(services: Services, giver: Giver) -> None:
    giver.fails = lambda request: giver.calls in (2, 5, 9)
    plan = await run(services, await planned(services, failures={"retry": 10}))
    assert {state for *_, state in await cells(services, plan)} == {"ended"}
    giver.fails = lambda request: True
    plan = await run(services, await planned(services, name="other", failures={"retry": 1}))
    assert plan.row.status == "completed"
    results = await compute_results(services, plan)
    assert [(line["failed"], line["ended"]) for line in results["flow"]] == [(4, 0), (4, 0)]
    giver.fails = lambda request: False
    before = await runs(services)
    plan = await run(services, plan)
    assert {state for *_, state in await cells(services, plan)} == {"ended"}, "what failed is played again"
    assert await runs(services) == before, "from where it failed, in the same runs"


async def test_too_many_failures_pause_the_experiment(services: Services, giver: Giver) -> None:
    giver.fails = lambda request: True
    plan = await run(services, await planned(services, pasts={"seeds": 40},
                                             failures={"retry": 0, "stop_above": 0.5}))
    assert plan.row.status == "paused"
    assert "runs failed" in plan.row.reason
    assert sum(state == "planned" for *_, state in await cells(services, plan)) > 40


@pytest.mark.parametrize("rule", [{"pasts": 3}, {"half_width": 1000.0, "after": 4}])
async def test_a_stop_rule_ends_the_playing_with_whole_pasts(services: Services, rule: Any) -> None:
    plan = await run(services, await planned(services, pasts={"seeds": 30}, stop={"first": [rule]}))
    assert plan.row.status == "completed"
    assert plan.row.reason.startswith("stop rule: ")
    states = Counter(state for *_, state in await cells(services, plan))
    assert states["ended"] % 2 == 0, "both arms of a past"
    assert 6 <= states["ended"] < states["planned"]
    assert states["playing"] == states["failed"] == 0


async def test_paused_in_the_middle_it_goes_on_without_playing_anything_twice(services: Services, giver: Giver
                                                                              ) -> None:
    plan = await planned(services, **FORKED)
    gate = asyncio.Event()
    original = giver.complete

    async def slow(request: Any, on_token: Any = None) -> Any:
        if giver.calls >= 20:
            await asyncio.sleep(0.4)   # a pause is seen within a second
            gate.set()
        return await original(request, on_token)

    giver.complete = slow  # type: ignore[method-assign]
    async with asyncio.timeout(60), own_manager(services, 8) as manager:
        runner = ExperimentRunner(services, manager, plan.id)
        task = asyncio.create_task(runner.run())
        await gate.wait()
        async with services.database.session() as session:
            await session.execute(update(ExperimentRow).values(desired="pause"))
        stopped = await task
    assert stopped.row.status == "paused"
    giver.complete = original  # type: ignore[method-assign]
    plan = await run(services, plan)
    assert plan.row.status == "completed"
    assert {state for *_, state in await cells(services, plan)} == {"ended"}
    assert giver.calls == 3 * 3 + 12 * 3
    assert await runs(services) == 3 + 12


async def test_one_process_at_a_time(services: Services) -> None:
    plan = await planned(services)
    async with services.database.session() as session:
        row = await session.get_one(ExperimentRow, plan.id)
        from datetime import timedelta

        from pyscrai.databases.columns import now

        row.owner, row.lease_until = "elsewhere/1/1/x", now() + timedelta(minutes=1)
    with pytest.raises(WrongState, match="another process"):
        await run(services, plan)


async def test_what_is_frozen_changes_only_by_amendment_and_each_change_is_noted(services: Services) -> None:
    plan = await run(services, await planned(services))
    with pytest.raises(VersionConflict, match="frozen"):
        await store_experiment(services, experiment(pasts={"seeds": 6}))
    with pytest.raises(VersionConflict, match="another experiment"):
        await store_experiment(services, experiment(smallest_effect=2.0), amend=True)
    more = {"pasts": {"seeds": 6}, "repeats": 2,
            "arms": {"one": {}, "three": {"parameters": {"multiplier": 3}}, "nine": {"parameters": {"multiplier": 9}}}}
    amended = await store_experiment(services, experiment(**more), amend=True, actor="ann")
    assert amended.id == plan.id
    before = await runs(services)
    assert before == 8
    plan = await run(services, amended)
    assert len(await cells(services, plan)) == await runs(services) == 6 * 3 * 2
    results = await compute_results(services, plan)
    assert [(entry["what"], entry["by"]) for entry in results["deviations"]] == [
        ("pasts: 4 -> 6", "ann"), ("arms added: nine", "ann"), ("repeats: 1 -> 2", "ann")]


async def test_an_unfrozen_experiment_may_still_change(services: Services) -> None:
    one = await store_experiment(services, experiment())
    other = await store_experiment(services, experiment(pasts={"seeds": 2}))
    assert one.id == other.id
    assert one.row.content_hash != other.row.content_hash
    with pytest.raises(WrongState, match="not frozen"):
        await run(services, other)


async def test_mistakes_are_told_before_anything_is_stored(services: Services) -> None:
    with pytest.raises(TemplateError, match="there is no variable"):
        await store_experiment(services, experiment(measures={"primary": {"name": "pt", "variable": "pt"}}))
    with pytest.raises(TemplateError, match="no scenario"):
        await store_experiment(services, experiment(scenario="god"))


async def test_a_deleted_run_is_played_anew(services: Services) -> None:
    plan = await run(services, await planned(services))
    async with services.database.session() as session:
        [run_id, *_] = await session.scalars(select(ExperimentCellRow.run_id).order_by(ExperimentCellRow.past))
        await Runs(session).delete(str(run_id))
    plan = await run(services, plan)
    assert {state for *_, state in await cells(services, plan)} == {"ended"}
    assert await runs(services) == 8


def test_the_scenario_may_stand_in_a_file_beside_the_experiment(tmp_path: Path) -> None:
    assert experiment(scenario="goods.yaml").template.scenario == "goods.yaml"


async def test_a_past_that_was_killed_at_its_point_plays_no_further(services: Services, giver: Giver) -> None:
    """Its last turn is durable, the pause that follows from it is not: as after a kill between the two."""
    plan = await planned(services, **FORKED)
    async with own_manager(services, 8) as manager:
        commit = ScenarioRunner._pause

        async def dies(runner: ScenarioRunner, reason: str) -> Any:
            if "stand" in reason:
                raise RunError("killed here")
            return await commit(runner, reason)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ScenarioRunner, "_pause", dies)
            await ExperimentRunner(services, manager, plan.id).run()
    assert giver.calls == 3 * 3, "three turns of each past, and no more"
    plan = await run(services, plan)
    async with services.database.read() as session:
        assert set(await session.scalars(select(ExperimentPastRow.turn))) == {3}
    assert plan.row.status == "completed"
    assert giver.calls == 3 * 3 + 12 * 3


async def test_what_pasts_took_is_counted(services: Services) -> None:
    plan = await run(services, await planned(services, **FORKED))
    cost = (await compute_results(services, plan))["cost"]
    async with services.database.read() as session:
        prompts, replies = (await session.execute(select(
            func.sum(CallRow.prompt_tokens), func.sum(CallRow.completion_tokens)))).one()
    assert cost["runs_tokens"] == prompts + replies


async def test_figures_that_a_killed_process_did_not_keep_are_made_good(services: Services) -> None:
    plan = await run(services, await planned(services, measures={"primary": {"name": "words", "figure": "words"}}))
    async with services.database.session() as session:
        await session.execute(delete(RunMetricsRow))
        await session.execute(update(ExperimentCellRow).values(state="playing"))
        await session.execute(update(ExperimentRow).values(status="paused"))
    plan = await run(services, plan)
    assert (await compute_results(services, plan))["contrasts"][0]["n_pasts"] == 4





async def test_what_runs_took_stands_with_their_cells(services: Services) -> None:
    plan = await run(services, await planned(services, **FORKED))
    async with services.database.read() as session:
        kept = await session.scalar(select(func.sum(
            RunMetricsRow.prompt_tokens + RunMetricsRow.completion_tokens)).where(RunMetricsRow.role == ""))
        totals = await ExperimentCells(session, plan.id).totals()
        calls = await session.scalar(select(func.sum(CallRow.prompt_tokens + CallRow.completion_tokens)))
    assert totals.spent[1] == kept == calls
    assert totals.cells == {"one": {"ended": 6}, "bonus": {"ended": 6}}
    assert totals.pasts == {"made": 3}
