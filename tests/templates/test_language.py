"""The second part of the language: what a template can say, and every mistake in it by line and cure."""
# ruff: noqa: E501  whole messages are compared

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyscrai.prompts.library import render_text
from pyscrai.prompts.parameters import with_parameters
from pyscrai.templates.cel.variable_target import variable_target
from pyscrai.templates.checks.checker import check, validate
from pyscrai.templates.json_schema import schema
from pyscrai.templates.models.action import ActionSpec
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.models.variable import Variable
from pyscrai.templates.reading.loader import load_data, read_file
from pyscrai.templates.reading.yaml_reader import read
from pyscrai.templates.yaml_writer import dump_yaml

GAME = Path(__file__).parent / "fixtures" / "night-game.yaml"
DATA: dict[str, Any] = read(GAME.read_text(encoding="utf-8"))[0][0].data

Change = Callable[[dict[str, Any]], object]


def game(change: Change = lambda data: None) -> ScenarioTemplate:
    data = copy.deepcopy(DATA)
    change(data)
    template = load_data(data).template
    assert isinstance(template, ScenarioTemplate)
    return template


def phase(data: dict[str, Any], name: str = "day") -> dict[str, Any]:
    found: dict[str, Any] = data["flow"]["phases"][name]
    return found


def test_all_of_it_can_be_said() -> None:
    assert [str(problem) for problem in validate([read_file(GAME)])] == []
    template = game()
    assert load_data(read(dump_yaml(template))[0][0].data).template == template
    assert template.content() == game().content()
    names = schema("scenario")["$defs"]
    assert {"GroupSpec", "SpeakerSpec"} <= names.keys()
    assert "per_role" in names["Variable"]["properties"]


CASES: list[tuple[str, Change, str, str]] = [
    ("unknown in a group", lambda d: d["groups"]["alive"].update(of=["playrs"]), "groups.alive[0]", "there is no role or group `playrs` (did you mean players?)"),
    ("group condition", lambda d: d["groups"]["alive"].update(when="role in vars.ded"), "groups.alive.when", "there is no variable `ded` at character 14 (did you mean dead?)"),
    ("role outside", lambda d: d["rules"][0].update(when="role == 'ann'"), "rules[0].when", "nothing is called `role`"),
    ("speaker", lambda d: phase(d)["speakers"].append({"role": "annn", "when": "true"}), "flow.phases.day.speakers[3].role", "there is no role `annn` (did you mean ann?)"),
    ("speaker group", lambda d: phase(d)["speakers"].append({"group": "ann", "when": "true"}), "flow.phases.day.speakers[3].group", "there is no group `ann`"),
    ("speaker condition", lambda d: phase(d)["speakers"][0].update(when="role in vars.pot"), "flow.phases.day.speakers[0].when", "`in` looks into a list, not an integer"),
    ("speakers expression", lambda d: phase(d).update(speakers="vars.bids"), "flow.phases.day.speakers", "this gives a list of integers; a list of roles is wanted"),
    ("speakers as text", lambda d: phase(d).update(speakers="ann, bob"), "flow.phases.day.speakers", "the text 'ann, bob' stands where a list is wanted (write [ann, bob])"),
    ("rounds", lambda d: phase(d)["next"][0].update(after_turns="params.place"), "flow.phases.day.next[0].after_turns", "this gives a text; a number is wanted"),
    ("on_enter", lambda d: phase(d).update(on_enter={"kiled": "''"}), "flow.phases.day.on_enter.kiled", "there is no variable `kiled` (did you mean killed?)"),
    ("setup", lambda d: d["setup"].update(pot="'x'"), "setup.pot", "`pot` is an integer; this is a text"),
    ("whole for one", lambda d: d["actions"]["give"].update(set={"payoff": "1.0"}), "actions.give.set.payoff", "`payoff` is a map of numbers; this is a number (set one role's: `payoff[mover]`"),
    ("entry of one", lambda d: d["actions"]["give"].update(set={"pot[mover]": "1"}), "actions.give.set.pot[mover]", "`pot` is an integer and has no entries"),
    ("entry type", lambda d: d["actions"]["give"].update(set={"payoff[mover]": "'x'"}), "actions.give.set.payoff[mover]", "an entry of `payoff` is a number; this is a text"),
    ("entry key", lambda d: d["actions"]["give"].update(set={"bids[mover]": "1"}), "actions.give.set.bids[mover]", "an entry of `bids` is set by its place, an integer, not by a text"),
    ("entry of nobody", lambda d: d["actions"]["give"].update(set={"payoff['zoe']": "1.0"}), "actions.give.set.payoff['zoe']", "`payoff` has no entry 'zoe' (one of ann, bob"),
    ("list item", lambda d: d["actions"]["give"].update(set={"bids": "vars.bids + ['x']"}), "actions.give.set.bids", "this joins a list of integers with one of texts at character 11"),
    ("item without list", lambda d: d["actions"]["give"].update(set={"bids": "vars.bids + args.amount"}), "actions.give.set.bids", "`+` joins a list with a list at character 11 (put the item in [ ])"),
    ("chance in a condition", lambda d: d["rules"][0].update(when="random(1, 6) > 3"), "rules[0].when", "chance decides in `set`, `setup`, `on_enter` and `on_leave` alone"),
    ("computed choices", lambda d: d["actions"]["kill"]["fields"]["whom"].update(enum="vars.pot"), "actions.kill.fields.whom.enum", "this gives an integer; a list of values is wanted"),
    ("computed bound", lambda d: d["actions"]["give"]["fields"]["amount"].update(maximum="params.endowmen"), "actions.give.fields.amount.maximum", "there is no parameter `endowmen`"),
    ("by", lambda d: d["actions"]["kill"].update(by=["wolfs"]), "actions.kill.by[0]", "there is no role or group `wolfs` (did you mean wolves?)"),
    ("per role", lambda d: d["variables"]["card"].update(per_role=["playrs"]), "variables.card.per_role[0]", "there is no role or group `playrs`"),
    ("first of a role", lambda d: d["variables"]["payoff"].update(initial={"ann": 1}), "variables.payoff.initial", "there is no first value for bob, cat"),
    ("first of nobody", lambda d: d["variables"]["card"].update(initial={"ann": "wolf", "bob": "seer", "cat": "seer", "dan": "seer", "zoe": "seer"}), "variables.card.initial.zoe", "there is no role `zoe`"),
    ("first list", lambda d: d["variables"]["bids"].update(initial=3), "variables.bids.initial", "`initial` is impossible: 3 is not of type list (write [a, b], or [] for an empty list)"),
    ("first item", lambda d: d["variables"]["bids"].update(initial=["x"]), "variables.bids.initial", "`initial` is impossible: 'x' is not of type integer"),
    ("item of one", lambda d: d["variables"]["pot"].update(item="string"), "variables.pot.item", "a single integer has no `item`"),
    ("own of the world", lambda d: d["variables"]["pot"].update(visible_to=["own"]), "variables.pot.visible_to[0]", "there is no role or group `own`"),
    ("no program", lambda d: d["roles"]["dan"].update(played_by="games.wolves"), "roles.dan.played_by", "'games.wolves' names no program (write tool:package.module:function)"),
    ("program and person", lambda d: d["roles"]["dan"].update(human="allowed"), "roles.dan.human", "a role that a program plays has no `human`"),
    ("approver", lambda d: d["roles"]["cat"].update(approve="bob"), "roles.cat.approve", "no person can play `bob`"),
    ("analyst knows", lambda d: d["roles"]["eye"].update(knows=["secret"]), "roles.eye.knows[0]", "an Analyst knows secrets and goals of roles, or nothing; not 'secret' (did you mean secrets?"),
    ("parallel roles", lambda d: phase(d, "tables").update(speakers=["left", "cat"]), "flow.phases.tables.speakers[1]", "where groups talk at the same time, `cat` is no group"),
    ("in two groups", lambda d: d["groups"].update(right=["bob", "dan"]), "flow.phases.tables.speakers[1]", "`bob` is in `left` and in `right`"),
    ("scene rounds", lambda d: phase(d).update(scene_rounds=2), "flow.phases.day.scene_rounds", "scene_rounds goes with `order: parallel`"),
    ("to several", lambda d: phase(d).update(audiences=[]), "flow.phases.day.to_several", "to_several goes with `audiences`"),
    ("measure", lambda d: d["analysis"]["measures"][0].update(value="vars.bids"), "analysis.measures[0].value", "this gives a list; one value is wanted"),
    ("measure of a role", lambda d: d["analysis"]["measures"][0].update(value="vars.payoff[role]"), "analysis.measures[0].value", "nothing is called `role`"),
    ("parameter in a goal", lambda d: d["roles"]["bob"].update(goals=["win in {{ params.round }}"]), "roles.bob.goals[0]", "there is no `round` in `params` (did you mean rounds?)"),
    ("variable in a secret", lambda d: d["roles"]["bob"].update(secret="{{ vars.pot }}"), "roles.bob.secret", "nothing but parameters is put in here"),
    ("name of nothing", lambda d: d["rules"][0]["inject"].update(text="{{ nam(vars.killed) }}"), "rules[0].inject.text", "a call cannot stand in a text"),
    ("old", lambda d: d["rules"][0]["inject"].update(text="{{ old.pott }}"), "rules[0].inject.text", "there is no `pott` in `old` (did you mean pot?)"),
    ("name in a prompt", lambda d: d["roles"]["bob"].update(prompts={"turn": "{{ name('ann') }}"}), "roles.bob.prompts.turn", "a call cannot stand in a text"),
    ("secret that is known", lambda d: d["roles"]["bob"].update(knows=["They say I count cards."], secret="I count cards all night long at the mill."), "roles.bob", ""),
    ("key", lambda d: d["setup"].update({"card[": "1"}), "setup.card[", "neither a variable nor an entry of one"),
]


@pytest.mark.parametrize(("change", "field", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mistake_is_named(change: Change, field: str, message: str) -> None:
    problems = check(game(change), {})
    if not message:
        assert problems == []
        return
    assert any(problem.field == field and message in str(problem) for problem in problems), [str(one) for one in problems]


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: phase(d)["speakers"].append({"when": "true"}), "a speaker needs exactly one of `role`, `group`"),
    (lambda d: d["rules"][0].update(chance=2), "out of bounds"),
    (lambda d: d["analysis"]["measures"][2].update(difference=True), "`difference` goes with `metric` or `value`"),
    (lambda d: d["analysis"]["measures"][0].update(repeats=3), "`repeats` goes with a judged measure"),
    (lambda d: d["analysis"]["measures"][0].update(scale=[1, 2]), "exactly one of `scale`, `categories`, `metric`, `value`"),
])
def test_a_mistake_of_form_is_named(change: Change, message: str) -> None:
    data = copy.deepcopy(DATA)
    change(data)
    text = [str(problem) for problem in read_file_of(data)]
    assert any(message in problem for problem in text), text


def read_file_of(data: dict[str, Any]) -> list[Any]:
    from pyscrai.templates.reading.loader import read_data
    return list(read_data(data).problems)


# -- values -----------------------------------------------------------------------------------------------------------


def test_variables_hold_lists_maps_and_values_of_roles() -> None:
    bids = Variable(type="list", item="number", initial=(1, 2), minimum=0, max_items=3)
    assert bids.first(()) == [1.0, 2.0]
    assert bids.coerce([3]) == [3.0]
    assert bids.why_not([1.0, -2.0]) == "-2.0 is below the minimum 0"
    assert bids.why_not([1.0] * 4) == "it has 4 items, more than 3"
    assert bids.why_not("x") == "'x' is not of type list"
    assert bids.with_entry([1.0, 2.0], 1, 9.0) == [1.0, 9.0]
    with pytest.raises(ValueError, match="no item 2"):
        bids.with_entry([1.0, 2.0], 2, 9.0)
    notes = Variable(type="map", item="integer", initial={})
    assert notes.coerce({"a": 2.0}) == {"a": 2}
    assert notes.why_not({"a": "x"}) == "'x' is not of type integer"
    payoff = Variable(type="number", per_role=True, initial=1, maximum=9)
    assert (payoff.plain, payoff.holders) == (False, ("all",))
    assert payoff.first(("ann", "bob")) == {"ann": 1.0, "bob": 1.0}
    assert payoff.coerce({"ann": 2}) == {"ann": 2.0}
    assert payoff.why_not({"ann": 12.0}) == "ann: 12.0 is above the maximum 9"
    assert payoff.why_not(3.0) == "3.0 is no map of role to value"
    before = {"ann": 1.0}
    assert payoff.with_entry(before, "bob", 2.0) == {"ann": 1.0, "bob": 2.0}
    assert before == {"ann": 1.0}
    mine = Variable(type="integer", per_role=("ann",), initial={"ann": 3})
    assert mine.first(("ann",)) == {"ann": 3}


def test_what_is_legal_is_computed() -> None:
    move = ActionSpec.model_validate({"fields": {
        "whom": {"enum": "targets"}, "amount": {"type": "integer", "minimum": 0, "maximum": "most"}, "why": {}}})
    found = move.resolved({"targets": ["ann", "bob"], "most": 20}.__getitem__).json_schema()["properties"]
    assert found["whom"] == {"enum": ["ann", "bob"]}
    assert (found["amount"]["minimum"], found["amount"]["maximum"]) == (0, 20)
    with pytest.raises(ValueError, match="there is nothing to choose"):
        move.resolved({"targets": [], "most": 20}.__getitem__)
    with pytest.raises(ValueError, match="gives no number"):
        move.resolved({"targets": ["ann"], "most": True}.__getitem__)


def test_what_a_set_sets() -> None:
    assert variable_target("pot") == ("pot", None)
    assert variable_target("payoff[mover]") == ("payoff", "mover")
    assert variable_target("payoff[vars.order[0]]") == ("payoff", "vars.order[0]")


def test_parameters_in_texts() -> None:
    given = {"place": "Ardea", "rounds": 3, "rate": 2.0}
    assert with_parameters("In {{ params.place }}, {{params.rounds}} x {{ params.rate }}.", given) == "In Ardea, 3 x 2."
    assert with_parameters("{{ params.other }} {{user}} {% x %}", given) == "{{ params.other }} {{user}} {% x %}"
    names = {"ann": "Ann Lee"}
    assert render_text("{{ name(vars.killed) }}", {"vars": {"killed": "ann"}, "name": names.get}) == "Ann Lee"
