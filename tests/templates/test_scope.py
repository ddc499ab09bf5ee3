"""One definition of names: events, tools and prompt variables are those of the engines."""

from __future__ import annotations

from typing import get_args

from pyscrai.engines.tools.consultation import SHIPPED
from pyscrai.events import AnyEvent
from pyscrai.templates.cel.scope import EVENT_KINDS, HIDDEN, ExpressionContext, members, scope_of
from pyscrai.templates.models.base import PROMPT_VARIABLES, TOOLS
from pyscrai.templates.models.scenario import ScenarioTemplate
from tests.templates.examples import meeting


def test_event_kinds_are_those_of_the_log() -> None:
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(AnyEvent)[0])}
    assert set(EVENT_KINDS) == kinds


def test_tools_are_those_of_the_engines() -> None:
    assert set(TOOLS) == set(SHIPPED)


def test_the_scope_is_the_context() -> None:
    scenario = meeting()
    known = set(ExpressionContext.__annotations__) - set(HIDDEN)
    assert set(scope_of(scenario)) | {"args", "role"} == known | set(scenario.groups)
    assert set(scope_of(scenario, action=scenario.actions["vote"], of_role=True)) == known | set(scenario.groups)


def test_prompts_read_more_in_a_turn() -> None:
    assert set(PROMPT_VARIABLES["system"]) < set(PROMPT_VARIABLES["turn"])


def test_types() -> None:
    scope = scope_of(meeting())
    assert scope["vars"].fields["trust"].kind == "int"
    assert scope["vars"].fields["budget"].kind == "double"
    assert scope["vars"].fields["mood"].choices == ("calm", "tense", "angry")
    assert scope["measures"].fields["fairness"].fields["anna"].kind == "int"
    assert set(scope["measures"].fields["share"].fields) == {"anna", "bert"}
    assert scope["tally"].fields["vote"].fields["choice"].choices == ("build", "stay")


def test_members_open_groups_once() -> None:
    scenario: ScenarioTemplate = meeting()
    assert members(("citizens", "anna", "nobody"), scenario) == ("anna", "bert", "carl")
    assert members(("all",), scenario) == tuple(scenario.roles)
    looped = scenario.model_copy(update={"groups": {"a": ("b", "anna"), "b": ("a",)}})
    assert members(("a",), looped) == ("anna",)
