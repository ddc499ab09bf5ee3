"""One round of checking tells all: mistakes of form hide no mistakes of names and conditions, and invent none."""
# ruff: noqa: E501  whole messages are compared

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


COINS = """kind: scenario
name: coins
premise: Money.
variables: {coins: {type: number, per_role: [ann, bob], initial: 5}}
roles:
  ann: {agent: {engine: actor, personality: {role: a dealer}}}
  bob: {agent: {engine: actor, personality: {role: a dealer}}}
  hammer: {agent: {engine: narrator, personality: {role: the auctioneer}}}
  eve: {agent: {engine: analyst, personality: {role: an economist}}}
flow:
  start: a
  phases: {a: {speakers: [all], optional_actions: [pay], next: [{to: end, after_rounds: 2}]}}
actions:
  pay:
    by: [ann, bob]
    fields: {sum: {type: number, minimum: 0, maximum: "vars.coins[mover]"}}
    set: {"coins[mover]": "vars.coins[mover] - args.sum"}
rules: [{when: "mover != 'hammer' && vars.coins[mover] > 3.0", set: {"coins[mover]": "vars.coins[mover] - 1.0"}}]
analysis: {by: eve, measures: [{name: had, value: "role == 'hammer' ? 0.0 : vars.coins[role]", of: each}]}
"""


def test_an_expression_is_tried_with_those_alone_who_can_move() -> None:
    """Whom `by` leaves out makes no move, an Analyst takes no turn and is not measured, and a rule follows a turn."""
    assert [str(found) for found in validate([read_text(COINS, file="x.yaml")])] == []
    wrong = COINS.replace("by: [ann, bob]", "by: [ann, hammer]").replace("mover != 'hammer' && ", "")
    assert {problem.field for problem in validate([read_text(wrong, file="x.yaml")])} == {
        "actions.pay.fields.sum.maximum", "actions.pay.set.coins[mover]", "rules[0].when"}


PLAIN = """kind: scenario
name: talk
premise: Two people talk.
variables: {trust: {type: integer, initial: 5}}
roles:
  ann: {agent: {engine: actor, personality: {role: a baker}}}
  bob: {agent: {engine: actor, personality: {role: a smith}}}
flow:
  start: talk
  phases:
    talk:
      speakers: [ann, bob]
      next: [{to: end, after_rounds: 2}]
"""


@pytest.mark.parametrize(("written", "instead", "told"), [
    ("[ann, bob]", "[ann, bobb]", "12:23: flow.phases.talk.speakers[1]: there is no role or group `bobb` (did you mean bob?)"),
    ("[ann, bob]", "ann bob", "12:17: flow.phases.talk.speakers: the text 'ann bob' stands where a list is wanted (write [ann, bob])"),
    ("[ann, bob]", "all", "12:17: flow.phases.talk.speakers: the text 'all' stands where a list is wanted (write [all])"),
    ("{role: a baker}", "a baker", "6:45: roles.ann.agent.personality: the text 'a baker' stands where named fields are wanted (write {role: ...})"),
    ("role: a baker", "role: [a baker]", "6:52: roles.ann.agent.personality.role: a list stands where a text is wanted (write it without brackets: a baker)"),
    ("flow:", "documents: [{law: x}]\nflow:", "8:12: documents: a list stands where named entries are wanted (write each entry below its name, `name: ...`, with no - before it)"),
    ("initial: 5", "initial: five", "4:45: variables.trust.initial: `initial` is impossible: 'five' is not of type integer (write an integer, such as 5)"),
    ("initial: 5", "initial: '5'", "4:45: variables.trust.initial: `initial` is impossible: '5' is not of type integer (write it without quotes)"),
    ("after_rounds: 2", "after_rounds: two", "13:38: flow.phases.talk.next[0].after_rounds: nothing is called `two` (write a number, or an expression such as `params.rounds`)"),
    ("flow:", "ends: [{phrase: bye, when: vars.trust > 3}]\nflow:", "8:8: ends[0]: an end needs exactly one of any, all, turns, seconds, tokens, cost_usd, phrase, when, narrator, judge; it has phrase, when"),
    ("  start: talk", " start: talk", "10:3: this line is indented further than those that it belongs with (look at the indentation: what belongs together begins in one column)"),
    ("      speakers", "     speakers", "13:7: this line does not begin in the column of those that it belongs with (look at the indentation: what belongs together begins in one column)"),
])
def test_a_mistake_is_told_alone_with_its_cure(written: str, instead: str, told: str) -> None:
    """Nothing follows from a guess at what was meant: no role that never speaks, no end that is never come to."""
    assert PLAIN.count(written) == 1
    found = validate([read_text(PLAIN.replace(written, instead), file="x.yaml")])
    assert [str(problem).removeprefix("x.yaml:") for problem in found] == [told]


@pytest.mark.parametrize(("text", "told"), [
    ("Two people talk.", ["nothing reads the parameter `heat`"]), ("It is {{ params.heat }} degrees.", []),
    ("It is {{ params.hate }} degrees.", ["there is no `hate` in `params`"])])
def test_a_parameter_that_nothing_reads_is_told(text: str, told: list[str]) -> None:
    """An arm of an experiment that sets it would differ in nothing; where a name is misspelt, it may be the one."""
    written = PLAIN.replace("Two people talk.", f'"{text}"').replace(
        "roles:", "parameters: {heat: {type: number, default: 20}}\nroles:")
    assert [problem.message for problem in validate([read_text(written, file="x.yaml")])] == told
