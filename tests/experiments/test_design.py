"""Experiment files: read, checked with lines and cures, and expanded to cells."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pyscrai.errors import TemplateError
from pyscrai.experiments.checks import check_experiment
from pyscrai.experiments.design import contrasts, planned_arms, planned_pasts, repeat_seed
from pyscrai.experiments.reader import experiment_of_data, is_experiment, read_experiment
from pyscrai.templates.models.scenario import ScenarioTemplate

SCENARIO = ScenarioTemplate.model_validate({
    "name": "talk", "premise": "Two people talk.",
    "parameters": {"heat": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1}},
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10}},
    "roles": {"ann": {"agent": "conversationalist"}, "bob": {"agent": "conversationalist"},
              "eve": {"agent": "observer"}},
    "actions": {"vote": {"fields": {"choice": {"enum": ["yes", "no"]}}}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"],
                                                  "next": [{"to": "end", "after_turns": 4}]}}},
    "analysis": {"by": "eve", "measures": [
        {"name": "agreement", "scale": [1, 5], "rubric": "Do they agree?"},
        {"name": "tone", "categories": ["warm", "cold"], "rubric": "How is the tone?"}]}})

BASE: dict[str, Any] = {
    "kind": "experiment", "name": "leak", "question": "Does it matter?", "scenario": "talk", "pasts": {"seeds": 10},
    "arms": {"control": {}, "leak": {"injects": [{"text": "It leaks."}]}},
    "measures": {"primary": {"name": "agreement"}}}


CROSSED: dict[str, Any] = {
    "h": {"parameter": "heat", "values": [0.1, 0.2]}, "t": {"variable": "trust", "values": [1, 2]},
    "three": {"role_model": "ann", "values": ["default", "embedded", "openai:x"]}}


def problems(**changes: Any) -> list[tuple[str, str, str]]:
    loaded = experiment_of_data({**BASE, **changes})
    return [(found.code.partition(".")[2], found.field, found.severity)
            for found in check_experiment(loaded, SCENARIO, {"default", "embedded"})]


def test_a_sound_experiment_has_no_problems() -> None:
    assert problems() == []


def test_the_hash_is_of_the_content_alone() -> None:
    text = ("# a comment\nkind: experiment\nname: a\nquestion: Why?\nscenario: talk\npasts: {seeds: 3}\n"
            "arms: {one: {}, two: {model: x}}\nmeasures: {primary: {name: agreement}}\n")
    turned = ("kind: experiment\nquestion: Why?\nname: a\nscenario: talk\nrepeats: 1\npasts: {seeds: 3}\n"
              "arms: {one: {}, two: {model: x}}\nmeasures: {primary: {name: agreement}}\n")
    assert read_experiment(text).template.hash == read_experiment(turned).template.hash
    assert is_experiment(text.encode())
    assert not is_experiment(b"kind: scenario\n")


def test_every_mistake_of_a_file_is_told_with_its_line_and_cure() -> None:
    text = ("kind: experiment\nname: Bad Name\nscenario: talk\npasts: {seed: 3}\narms: {one: {}, two: {modle: x}}\n"
            "measures:\n  primary: {name: agreement, take: lst}\n")
    with pytest.raises(TemplateError) as caught:
        read_experiment(text, file="bad.yaml")
    told = {(problem.line, problem.field): problem for problem in caught.value.problems}
    assert {(2, "name"), (4, "pasts.seed"), (5, "arms.two.modle"), (7, "measures.primary.take")} <= told.keys()
    assert told[4, "pasts.seed"].cure == "did you mean seeds?"
    assert told[7, "measures.primary.take"].cure == "did you mean last?"
    assert any(problem.field == "question" for problem in caught.value.problems)


@pytest.mark.parametrize(("changes", "code", "field"), [
    ({"parameters": {"heart": 1}}, "unknown_parameter", "parameters.heart"),
    ({"parameters": {"heat": 3}}, "bounds", "parameters.heat"),
    ({"role_models": {"bab": "default"}}, "unknown_role", "role_models.bab"),
    ({"model": "gpt"}, "unknown_model_alias", "model"),
    ({"pasts": {"seeds": 10, "vary": {"heat": [0.1, 9]}}}, "bounds", "pasts.vary.heat[1]"),
    ({"pasts": {"seeds": 10, "until": {"phase": "tal"}}}, "unknown_phase", "pasts.until.phase"),
    ({"pasts": {"seeds": 10, "until": {"when": "vars.trust < "}}}, "expression", "pasts.until.when"),
    ({"pasts": {"seeds": 10, "until": {"when": "vars.trst < 3"}}}, "expression", "pasts.until.when"),
    ({"pasts": {"seeds": 10, "until": {"turn": 4000}}}, "never", "pasts.until.turn"),
    ({"pasts": {"seeds": 1}}, "one_past", "pasts.seeds"),
    ({"pasts": {"seeds": 3}}, "few_pasts", "pasts.seeds"),
    ({"arms": {"a": {}, "b": {"variables": {"trust": 11}}}}, "bounds", "arms.b.variables.trust"),
    ({"arms": {"a": {}, "b": {"injects": [{"text": "x", "audience": ["nobody"]}]}}}, "unknown_role_or_group",
     "arms.b.injects[0].audience[0]"),
    ({"arms": {"a": {}, "b": {"message": {"of": "bob", "text": "x"}}}}, "no_past", "arms.b.message"),
    ({"arms": {"a": {}, "b": {}}}, "same_arm", "arms.b"),
    ({"arms": {"a": {}}}, "one_arm", "arms"),
    ({"measures": {"primary": {"name": "agreemnt"}}}, "unknown_measure", "measures.primary.name"),
    ({"measures": {"primary": {"name": "tone"}}}, "not_a_number", "measures.primary"),
    ({"measures": {"primary": {"name": "tone", "is": "hot"}}}, "unknown_category", "measures.primary.is"),
    ({"measures": {"primary": {"name": "x", "variable": "trst"}}}, "unknown_variable", "measures.primary.variable"),
    ({"measures": {"primary": {"name": "x", "action": "vote"}}}, "not_a_number", "measures.primary.action"),
    ({"measures": {"primary": {"name": "x", "action": "vote.choice"}}}, "not_a_number", "measures.primary.action"),
    ({"contrasts": [{"leak": "contrl"}]}, "unknown_arm", "contrasts[0]"),
    ({"contrasts": [{"leak": "leak"}]}, "contrast", "contrasts[0]"),
    ({"judges": {"by": ["defalt"], "repeats": 2}}, "unknown_model_alias", "judges.by[0]"),
    ({"judges": {"by": ["default"], "measures": ["agre"]}}, "unknown_measure", "judges.measures[0]"),
    ({"stop": {"first": [{"pasts": 60}]}}, "never", "stop.first[0]"),
    ({"judges": {"by": ["default"]}, "stop": {"first": [{"half_width": 1, "after": 5}]}}, "never", "stop.first[0]"),
    ({"arms": {}, "factors": {"h": {"parameter": "heat", "values": [0.1, 7]}}}, "bounds", "factors.h.values[1]"),
    ({"arms": {}, "factors": {"h": {"parameter": "heat", "values": [0.1, 0.2]}}, "exclude": ["g > 1"]}, "exclude",
     "exclude[0]"),
    ({"arms": {}}, "arms", ""), ({"design": "list"}, "arms", "design"),
    ({"factors": {"h": {"parameter": "heat", "values": [0.1, 0.2]}}}, "arms", "factors"),
    ({"arms": {}, "factors": {"h": {"parameter": "heat", "range": [0, 1]}}}, "arms", "factors.h.range"),
    ({"arms": {}, "factors": {"h": {"parameter": "heat", "values": [0.1, 0.1]}}}, "factor", "factors.h.values[1]"),
    ({"measures": {"primary": {"name": "agreement"}, "secondary": [{"name": "agreement", "figure": "words"}]}},
     "same_measure", "measures.secondary[0].name"),
    ({"judges": {"by": ["default", "default"]}}, "judges", "judges.by[1]"),
    *(({"arms": {}, "factors": CROSSED, "contrasts": [{"factor": "h", "value": 0.1, "to": 0.2, **more}]}, code, field)
      for more, code, field in (
          ({"by": "g"}, "unknown_factor", "contrasts[0].by"), ({"by": "h"}, "contrast", "contrasts[0].by"),
          ({"by": "three"}, "contrast", "contrasts[0].by"), ({"at": 1}, "contrast", "contrasts[0]"),
          ({"by": "t", "at": 1}, "contrast", "contrasts[0]"),
          ({"by": "t", "at": 1, "less_at": 1}, "contrast", "contrasts[0]"),
          ({"by": "t", "at": 1, "less_at": 7}, "contrast", "contrasts[0].less_at"),
          ({"to": 0.1}, "contrast", "contrasts[0]"), ({"bye": "t"}, "contrast", "contrasts[0].bye"))),
    ({"arms": {"a": {}, "b": {"prompts": {"ann": {"system": "{{ nmae }}"}}}}}, "prompt", "arms.b.prompts.ann.system"),
])
def test_what_does_not_fit_the_scenario_is_named(changes: dict[str, Any], code: str, field: str) -> None:
    assert (code, field) in [found[:2] for found in problems(**changes)]


@pytest.mark.parametrize("changes", [
    {"stop": {"first": [{"pasts": 3, "cost_usd": 1}]}},
    {"judges": {"by": ["default"], "repeats": 1}}, {"pasts": {"seeds": [1, 1]}},
    {"arms": {}, "factors": {"h": {"values": [1]}}},
])
def test_what_is_wrong_in_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        experiment_of_data({**BASE, **changes})


def test_an_interaction_is_a_comparison_like_others() -> None:
    for more in ({"by": "t"}, {"by": "t", "at": 1, "less_at": 2},
                 {"by": "three", "at": "openai:x", "less_at": "default"}):
        assert problems(arms={}, factors=CROSSED, contrasts=[
            {"factor": "h", "value": 0.2, "to": 0.1, **more}]) == [], more


def test_pasts_are_balanced_over_blocks_in_any_first_part() -> None:
    spec = experiment_of_data({**BASE, "pasts": {"seeds": [7, 9], "vary": {"heat": [0.2, 0.8]}}}).template
    assert [(past.number, past.seed, past.block["heat"]) for past in planned_pasts(spec)] == [
        (1, 7, 0.2), (2, 7, 0.8), (3, 9, 0.2), (4, 9, 0.8)]
    assert spec.pasts.count == 4


def test_a_factor_may_be_called_work() -> None:
    spec = experiment_of_data({**BASE, "arms": {}, "factors": {"work": {"parameter": "heat", "values": [0.1, 0.2]}},
                               "exclude": ["work > 0.15"]}).template
    assert [arm.levels for arm in planned_arms(spec)] == [{"work": 0.1}]


def test_factors_are_crossed_less_what_is_excluded() -> None:
    spec = experiment_of_data({**BASE, "arms": {}, "factors": {
        "heat": {"parameter": "heat", "values": [0.2, 0.8]}, "who": {"role_model": "ann", "values": ["a", "b", "c"]}},
        "exclude": ["heat > 0.5 && who == 'c'"]}).template
    arms = planned_arms(spec)
    assert [arm.name for arm in arms] == ["heat=0.2,who=a", "heat=0.2,who=b", "heat=0.2,who=c", "heat=0.8,who=a",
                                          "heat=0.8,who=b"]
    assert arms[3].overrides.parameters == {"heat": 0.8}
    assert arms[3].overrides.role_models == {"ann": "a"}
    found = contrasts(spec, arms)
    assert [contrast.name for contrast in found] == ["heat=0.8 - heat=0.2", "who=b - who=a", "who=c - who=a"]
    assert found[0].arms == ("heat=0.8,who=a", "heat=0.8,who=b")
    assert found[0].references == ("heat=0.2,who=a", "heat=0.2,who=b")
    assert found[2].arms == ("heat=0.2,who=c",)


def test_prompt_and_memory_factors_have_named_levels() -> None:
    spec = experiment_of_data({**BASE, "arms": {}, "factors": {
        "style": {"prompt": "ann.system", "values": {"short": "Be short.", "long": "Be long."}},
        "span": {"memory": "bob", "values": {"two": {"window": 2}, "all": {"window": None}}}}}).template
    arms = planned_arms(spec)
    assert [arm.name for arm in arms][:2] == ["style=short,span=two", "style=short,span=all"]
    assert arms[0].overrides.prompts == {"ann": {"system": "Be short."}}
    assert arms[0].overrides.memory["bob"].window == 2


def test_a_latin_hypercube_has_one_point_in_each_stratum() -> None:
    spec = experiment_of_data({**BASE, "arms": {}, "design": {"latin_hypercube": 10}, "factors": {
        "heat": {"parameter": "heat", "range": [0, 1]}, "trust": {"variable": "trust", "values": [1, 9]}}}).template
    arms = planned_arms(spec)
    assert arms == planned_arms(spec)
    strata = sorted(int(float(arm.levels["heat"]) * 10) for arm in arms)
    assert strata == list(range(10))
    assert sorted(arm.levels["trust"] for arm in arms).count(1) == 5


def test_repeats_of_a_past_share_their_seeds_over_the_arms() -> None:
    assert repeat_seed(7, 1) == 7
    assert repeat_seed(7, 2) == repeat_seed(7, 2) != repeat_seed(7, 3)
    assert len({repeat_seed(past, repeat) for past in range(50) for repeat in range(2, 20)}) == 50 * 18


def test_a_range_over_an_integer_needs_a_step() -> None:
    factors = {"t": {"variable": "trust", "range": [1, 9]}}
    assert ("factor", "factors.t.range", "error") in problems(arms={}, design={"latin_hypercube": 5}, factors=factors)
    stepped = {"t": {"variable": "trust", "range": [1, 9], "step": 2}}
    assert problems(arms={}, design={"latin_hypercube": 5}, factors=stepped) == []
    spec = experiment_of_data({**BASE, "arms": {}, "design": {"latin_hypercube": 5}, "factors": stepped}).template
    assert sorted(arm.levels["t"] for arm in planned_arms(spec)) == [1, 3, 5, 7, 9]


def test_a_list_of_combinations() -> None:
    factors = {"heat": {"parameter": "heat", "values": [0.2, 0.8]}, "trust": {"variable": "trust", "values": [1, 9]}}
    spec = experiment_of_data({**BASE, "arms": {}, "design": "list", "factors": factors, "combinations": [
        {"heat": 0.2, "trust": 9}, {"heat": 0.8, "trust": 1}]}).template
    assert [arm.name for arm in planned_arms(spec)] == ["heat=0.2,trust=9", "heat=0.8,trust=1"]
    assert ("combination", "combinations[0].trust", "error") in problems(
        arms={}, design="list", factors=factors, combinations=[{"heat": 0.2, "trust": 4}])
    assert ("combination", "combinations[0]", "error") in problems(
        arms={}, design="list", factors=factors, combinations=[{"heat": 0.2}])


def test_shipped_scenarios_of_experiments_have_names_of_their_own() -> None:
    """They are stored beside the shipped scenarios: two of one name and version would be a conflict."""
    folder = Path(str(resources.files("pyscrai.experiments").joinpath("shipped", "scenarios")))
    library = Path(str(resources.files("pyscrai.templates").joinpath("library", "scenarios")))
    own = {path.stem for path in folder.glob("*.yaml")}
    assert own
    assert not own & {path.stem for path in library.glob("*.yaml")}
    for path in folder.glob("*.yaml"):
        assert f"\nname: {path.stem}\n" in path.read_text(encoding="utf-8")


AGENTS = {"conversationalist": "actor", "conversationalist@1.0.0": "actor", "dealmaker": "actor",
          "dealmaker@1.0.0": "actor", "observer": "analyst"}


def of_cast(text: str) -> list[tuple[str, int | None, str]]:
    loaded = read_experiment("kind: experiment\nname: who\nquestion: Who?\nscenario: talk\n" + text + (
        "\nmeasures: {primary: {name: agreement}}\n"))
    return [(found.code.partition(".")[2], found.line, found.message)
            for found in check_experiment(loaded, SCENARIO, None, AGENTS) if found.severity == "error"]


def test_who_plays_is_a_field_of_runs_and_arms_and_a_factor() -> None:
    cast = "cast: {bob: dealmaker@1.0.0}\npasts: {seeds: 10}\n"
    assert of_cast(cast + "arms: {own: {}, other: {cast: {ann: dealmaker}}}") == []
    assert of_cast(cast + "factors: {who: {cast: ann, values: [conversationalist, dealmaker@1.0.0]}}") == []
    assert of_cast(cast + "factors: {who: {cast: ann, values: {meek: conversationalist, tough: dealmaker}}}") == []
    loaded = experiment_of_data({**BASE, "arms": {}, "factors": {"who": {"cast": "ann", "values": [
        "conversationalist", "dealmaker"]}}})
    assert [arm.overrides.cast for arm in planned_arms(loaded.template)] == [
        {"ann": "conversationalist"}, {"ann": "dealmaker"}]
    assert experiment_of_data(BASE).template.hash == experiment_of_data({**BASE, "cast": {}}).template.hash


@pytest.mark.parametrize(("text", "found"), [
    ("pasts: {seeds: 10}\ncast:\n  anna: dealmaker\narms: {a: {}, b: {model: x}}",
     ("unknown_role", 7, "there is no role `anna`")),
    ("pasts: {seeds: 10}\ncast:\n  ann: dealmakr\narms: {a: {}, b: {model: x}}",
     ("unknown_agent", 7, "there is no agent `dealmakr`")),
    ("pasts: {seeds: 10}\narms:\n  a: {}\n  b:\n    cast: {ann: observer}",
     ("cast", 9, "the role `ann` is for an Actor or a Narrator, and the engine of `observer` is analyst")),
    ("pasts: {seeds: 10, until: {turn: 2}}\narms:\n  a: {}\n  b:\n    cast: {ann: dealmaker}",
     ("cast", 9, "`ann` has played the past already when the arms begin")),
    ("pasts: {seeds: 10}\nfactors:\n  who:\n    cast: ann\n    values:\n      - dealmaker\n      - nobody",
     ("unknown_agent", 11, "there is no agent `nobody`")),
    ("pasts: {seeds: 10}\nfactors:\n  who:\n    cast: eve\n    values: [observer, dealmaker]",
     ("cast", 8, "the role `eve` is for an Analyst, and the engine of `dealmaker` is actor"))])
def test_mistakes_in_who_plays_are_told_with_their_line(text: str, found: tuple[str, int, str]) -> None:
    assert of_cast(text) == [found]
