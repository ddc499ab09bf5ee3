"""Runs of one template and the same options share what these decide, and are stored as they would be by themselves."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from pyscrai.config.settings import load_settings
from pyscrai.databases.tables import AgentInstanceRow, AgentTemplateRow, RunRow, ScenarioTemplateRow
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.factories.run_draft import draft_key
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, load_plan, new_run, open_run
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.templates.reading.loader import load_data
from tests.conftest import MakeUrl


def talk(version: str = "1.0.0", premise: str = "A room with {{ params.door }}.") -> Any:
    agent = {"engine": "actor", "personality": {"role": "a person", "goals": ["find {{ params.door }}"]}}
    return load_data({
        "kind": "scenario", "format": 1, "name": "talk", "version": version, "premise": premise,
        "parameters": {"door": {"type": "string", "default": "a door"}},
        "variables": {"calm": {"type": "integer", "initial": 3}},
        "roles": {"ann": {"agent": agent}, "bob": {"agent": agent, "human": "allowed"}},
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
            {"to": "end", "after_turns": 2}]}}}})


@pytest.fixture
async def services(make_url: MakeUrl, tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(load_settings(database_url=make_url("sqlite"), data_dir=tmp_path, model="scripted"),
                             library=False) as services:
        await store_templates(services.database, [talk()])
        yield services


async def stored(services: Services, run_id: str) -> dict[str, Any]:
    """All that is stored of a run that was made, but for what is its own alone."""
    async with services.database.read() as session:
        row = await session.get_one(RunRow, run_id)
        cast = (await session.scalars(select(AgentInstanceRow).where(AgentInstanceRow.run_id == run_id).order_by(
            AgentInstanceRow.position))).all()
        return {"settings": list(row.settings.items()), "parameters": row.parameters, "needs": row.needs,
                "cast": [(member.role, member.name, member.configuration, member.played_by) for member in cast]}


CHOSEN = {"parameters": {"door": "a window"}, "variables": {"calm": 1}, "max_turns": 2, "people": {"bob": "Kim"},
          "injects": ({"text": "It rains."},), "memory": {"ann": {"window": 4}}, "without": ()}


async def test_runs_that_differ_in_seed_name_and_tags_share_their_draft(services: Services) -> None:
    first, one = await new_run(services, "talk", RunOptions(seed=1, name="a", tags=("x",), **CHOSEN), actor="eve")
    second, other = await new_run(services, "talk", RunOptions(seed=2, name="b", tags=("y",), **CHOSEN))
    assert (one.seed, one.given.seed, first.seed, other.seed, other.given.seed, second.seed) == (1, 1, 1, 2, 2, 2)
    assert one.phases is other.phases
    assert first.cast is second.cast
    assert (first.name, first.tags, second.name, second.tags) == ("a", ("x",), "b", ("y",))
    assert first.settings.get("actor") == "eve"
    assert "actor" not in second.settings
    drawn = {(await new_run(services, "talk"))[0].seed for _ in range(3)}
    assert len(drawn) == 3, "without a seed each run draws its own"


async def test_a_shared_draft_is_stored_as_one_of_its_own(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in (RunOptions(seed=1), RunOptions(seed=1, **CHOSEN)):
        await new_run(services, "talk", options)
        shared = await create_scenario_run_from_template(services, "talk", options, actor="eve")
        services.shared.drafts = type(services.shared.drafts)(128)
        alone = await create_scenario_run_from_template(services, "talk", options, actor="eve")
        assert await stored(services, shared) == await stored(services, alone)


@pytest.mark.parametrize("other", [
    {"parameters": {"door": "a gate"}}, {"parameters": {}}, {"variables": {"calm": True}}, {"max_turns": 3},
    {"people": {}}, {"memory": {"ann": {"window": 5}}}, {"share": "eve"}, {"injects": ()}, {"budget_usd": 2.0}])
def test_another_choice_makes_another_draft(other: dict[str, Any]) -> None:
    template = ScenarioTemplateRow(id=1, content_hash="a")
    assert draft_key(template, {}, RunOptions(**CHOSEN)) != draft_key(template, {}, RunOptions(**{**CHOSEN, **other}))


def test_another_version_of_a_template_or_an_agent_makes_another_draft() -> None:
    agent = {"ann": AgentTemplateRow(id=7, content_hash="h")}
    keys = [draft_key(ScenarioTemplateRow(id=id, content_hash=text), agents, RunOptions())
            for id, text in ((1, "a"), (2, "a"), (1, "b"))
            for agents in ({}, agent, {"ann": AgentTemplateRow(id=8, content_hash="h")}, {"bob": agent["ann"]})]
    assert len(set(keys)) == len(keys)


def test_options_that_are_no_plain_data_are_a_draft_of_their_own() -> None:
    class Door(str):
        pass

    options = RunOptions(parameters={"door": Door("x")})
    assert draft_key(ScenarioTemplateRow(id=1, content_hash="a"), {}, options) is None


PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
                     lambda inner: st.lists(inner, max_size=2)
                     | st.dictionaries(st.text(max_size=2), inner, max_size=2), max_leaves=4)


@given(PLAIN, PLAIN)
@settings(max_examples=100)
def test_a_key_tells_values_apart_as_json_does(one: Any, other: Any) -> None:
    template = ScenarioTemplateRow(id=1, content_hash="a")
    keys = [draft_key(template, {}, RunOptions(parameters={"p": value})) for value in (one, copy.deepcopy(one), other)]
    assert keys[0] == keys[1]
    assert (keys[0] == keys[2]) == (repr(one) == repr(other))


async def test_what_a_caller_changes_afterwards_is_not_shared(services: Services) -> None:
    injects: list[dict[str, Any]] = [{"text": "It rains."}]
    parameters = {"door": "a window"}
    options = {"seed": 1, "parameters": parameters, "injects": tuple(injects)}
    before, _ = await new_run(services, "talk", RunOptions(**options))
    parameters["door"], injects[0]["text"] = "a gate", "It snows."
    after, plan = await new_run(services, "talk", RunOptions(**options))
    assert before.parameters == {"door": "a window"}
    assert before.settings["injects"] == [{"text": "It rains."}]
    assert after.parameters == plan.parameters == {"door": "a gate"}
    assert [inject["text"] for inject in after.injects] == ["It snows."]


async def test_a_new_version_is_played_at_once(services: Services) -> None:
    old, _ = await new_run(services, "talk", RunOptions(seed=1))
    await store_templates(services.database, [talk("1.0.1", "Another room.")])
    new, plan = await new_run(services, "talk", RunOptions(seed=1))
    assert old.template.version == "1.0.0"
    assert new.template.version == "1.0.1"
    assert plan.scenario.premise == "Another room."


async def test_an_error_is_told_each_time(services: Services) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="there is no parameter 'dor'"):
            await new_run(services, "talk", RunOptions(parameters={"dor": "x"}))


async def test_hundreds_of_runs_made_together_keep_their_plans(services: Services) -> None:
    """None of them is read back when it is opened: what it is made of was known when it was made."""
    made = [await create_scenario_run_from_template(services, "talk", RunOptions(seed=seed)) for seed in range(300)]
    plans = services.shared.plans
    first = plans.find((made[0], None))
    assert first is not None
    assert first.seed == 0
    async with open_run(services, made[0]) as runner:
        assert runner.runtime.plan is first


async def test_what_is_made_of_a_plan_is_shared_by_seeds_alone(services: Services) -> None:
    _, one = await new_run(services, "talk", RunOptions(seed=1))
    _, other = await new_run(services, "talk", RunOptions(seed=2))
    assert services.shared.graph(one) is services.shared.graph(other)
    assert one.kept is other.kept
    assert replace(one, max_turns=3).kept == {}


@pytest.fixture
async def elsewhere(services: Services) -> AsyncIterator[Services]:
    """Another process over the same database, which knows what is stored alone."""
    async with open_services(services.settings, library=False) as other:
        yield other


def told(plan: Plan) -> list[Any]:
    """All that a plan says."""
    return [getattr(plan, each.name) for each in fields(Plan) if each.compare]


async def test_runs_that_another_process_made_share_their_plan(services: Services, elsewhere: Services) -> None:
    options = [RunOptions(seed=1), RunOptions(seed=2), RunOptions(seed=1, **CHOSEN), RunOptions(seed=1, max_turns=2),
               RunOptions(seed=1, parameters={"door": "a gate"}), RunOptions(seed=1, variables={"calm": 9}),
               RunOptions(seed=1, standstill={"turn": 1}), RunOptions(seed=1, budget_usd=1.0, allow_unknown_price=True)]
    made = [await new_run(services, "talk", each) for each in options]
    ids = [await services.joint.create(new) for new, _ in made]
    plans = [await load_plan(elsewhere, run_id) for run_id in ids]
    for (_, own), plan in zip(made, plans, strict=True):
        assert told(plan) == told(own)
    assert plans[0].kept is plans[1].kept
    assert len({id(plan.kept) for plan in plans}) == len(plans) - 1
