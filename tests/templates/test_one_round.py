"""One round of checking tells all: mistakes of form hide no mistakes of names and conditions, and invent none."""

from __future__ import annotations

import json

import pytest

from pyscrai.templates.checks.checker import validate
from pyscrai.templates.checks.prompts import problems_of
from pyscrai.templates.reading.loader import read_text
from pyscrai.templates.reading.yaml_reader import read
from tests.templates.examples import MEETING, agents

EVERYTHING_AT_ONCE = """
kind: scenario
name: Bad Name
premise:
variables:
  trust: {type: int, initial: 5}
  mood: {initial: calm}
roles:
  ann: {agent: {engine: acter, personality: {role: X}}}
  bob: {agent: {engine: actor, personality: {}}}
  cat:
flow:
  start: talkk
  phases:
    talk:
      speakers: [ann, bobb]
      order: round-robin
      next: [{to: end, when: "vars.trst > 3"}, {too: end}]
    later: {speakers: [cat], audience: [nobody], next: [{to: nowhere}]}
rules:
  - {when: "vars.trust >"}
  - {when: "foo(turn) > 1", set: {open: "true"}}
injects:
  - {text: "{{ vars.nope }}", at_turn: one}
  - {text: x, when: "turnn > 1"}
ends: [{turns: 0}, {when: "last.rol == 'ann'"}]
analysis: {by: eve, measures: [{name: m}]}
"""


def test_mistakes_of_form_hide_no_others() -> None:
    found = {(problem.line, problem.field) for problem in validate([read_text(EVERYTHING_AT_ONCE)], {})}
    assert found == {
        (3, "name"), (4, "premise"), (6, "variables.trust.type"), (7, "variables.mood.type"),
        (9, "roles.ann.agent.engine"), (10, "roles.bob.agent.personality.role"), (11, "roles.cat"), (13, "flow.start"),
        (16, "flow.phases.talk.speakers[1]"), (17, "flow.phases.talk.order"), (18, "flow.phases.talk.next[0].when"),
        (18, "flow.phases.talk.next[1].too"), (19, "flow.phases.later.audience[0]"),
        (19, "flow.phases.later.next[0].to"), (21, "rules[0]"), (21, "rules[0].when"), (22, "rules[1].when"),
        (22, "rules[1].set.open"), (24, "injects[0].text"), (24, "injects[0].at_turn"), (25, "injects[1].when"),
        (26, "ends[0].turns"), (26, "ends[1].when"), (27, "analysis.by"), (27, "analysis.measures[0]")}


@pytest.mark.parametrize("lost", ["roles: [ann]", "variables: 3", "actions: []", "flow: {start: talk}", "groups: x",
                                  "analysis: yes"])
def test_what_is_lost_is_told_once(lost: str) -> None:
    """Where a whole section cannot be read, its names are not reported missing everywhere."""
    section = lost.split(":")[0]
    data = read(MEETING.read_text(encoding="utf-8"))[0][0].data
    text = json.dumps({key: value for key, value in data.items() if key != section}, indent=1)
    problems = validate([read_text(text[:-2] + f",\n{json.dumps(section)}:{lost.split(':', 1)[1]}\n}}\n")], agents())
    assert problems
    assert {problem.field.split(".")[0].split("[")[0] for problem in problems} == {section}, [
        str(problem) for problem in problems]


def test_misspelt_names_are_told_beside_what_is_forbidden() -> None:
    """In one text, in one round: a name that is not there, a field, a filter and a power."""
    text = "{{ parms.heat }} {{ 9 ** 9 }} {{ params.heta }} {{ params.heat|shout }} {% include 'x' %} {{ params.heat }}"
    found = {problem.message for problem in problems_of(text, {"params": ("heat",)})}
    assert found == {"nothing is called `parms` here", "there is no `heta` in `params`", "there is no filter `shout`",
                     "a power cannot stand in a text", "an include cannot stand in a text"}
    [large] = problems_of("{{ nobody }}" + "{{ params.heat }}" * 5_000, {"params": ("heat",)})
    assert large.message.startswith("the text has more than"), "names are not looked for in what is out of bounds"


@pytest.mark.parametrize(("variable", "target"), [
    ("{type: integer, initial: params.purse}", "money"),
    ("{type: integer, per_role: true, initial: params.purse}", "money[*]")])
def test_an_expression_for_a_first_value_is_sent_to_setup(variable: str, target: str) -> None:
    text = f"""kind: scenario
name: purse
premise: Money.
parameters: {{purse: {{type: integer, default: 5}}}}
variables: {{money: {variable}}}
roles: {{ann: {{agent: {{engine: actor, personality: {{role: a dealer}}}}}}}}
flow: {{start: a, phases: {{a: {{speakers: [ann], next: [{{to: end}}]}}}}}}
"""
    [problem] = [found for found in validate([read_text(text, file="x.yaml")]) if found.severity == "error"]
    assert problem.line == 5
    assert f'setup: {{{target}: "params.purse"}}' in (problem.cure or "")


def test_moves_are_tried_with_those_who_can_make_them() -> None:
    """The resolver of a round makes none of its moves, so a rule need not provide for it."""
    text = """kind: scenario
name: bids
premise: Money.
variables: {won: {type: integer, per_role: [ann, bob], initial: 0}}
roles:
  ann: {agent: {engine: actor, personality: {role: a dealer}}}
  bob: {agent: {engine: actor, personality: {role: a dealer}}}
  hammer: {agent: {engine: narrator, personality: {role: the auctioneer}}}
flow:
  start: a
  phases: {a: {speakers: [ann, bob], order: simultaneous, resolver: hammer, action: bid, next: [{to: end}]}}
actions: {bid: {fields: {amount: {type: integer, minimum: 0, maximum: 9}}}}
rules: [{when: "size(moves) == 2", set: {"won[moves[0].role]": "vars.won[moves[0].role] + 1"}}]
"""
    assert [str(found) for found in validate([read_text(text, file="x.yaml")]) if found.severity == "error"] == []
