"""Validation errors in plain words, all at once, with line, field, value and cure."""
# ruff: noqa: E501, ISC004  whole messages are compared

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyscrai.errors import NotFound, TemplateError
from pyscrai.templates.reading.loader import load_data, load_file, load_text, read_data, read_text
from tests.templates.examples import AGENTS, MEETING, meeting, meeting_data

AGENT = "kind: agent\nname: x\nengine: actor\npersonality: {role: y}\n"
SCENARIO = """\
kind: scenario
name: small
premise: p
roles: {a: {agent: x}}
flow: {start: talk, phases: {talk: {speakers: [a], next: [{to: end}]}}}
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_text(text).problems]


def test_files() -> None:
    loaded = load_file(MEETING)
    assert [item.reference for item in loaded] == ["town-meeting@1.2.0"]
    assert loaded[0].file == str(MEETING)
    assert loaded[0].source == MEETING.read_text(encoding="utf-8")
    assert [item.template.name for item in load_file(AGENTS)] == ["townsman", "chair", "clerk"]


def test_a_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "no.yaml", tmp_path, "\0"):
        with pytest.raises(NotFound):
            load_file(path)


def test_plain_data() -> None:
    assert load_data(meeting_data()).template == meeting()
    with pytest.raises(TemplateError) as caught:
        load_data({**meeting_data(), "max_turns": 0, "rols": {}})
    assert sorted(problem.field for problem in caught.value.problems) == ["max_turns", "rols"]
    assert all(problem.line is None for problem in caught.value.problems)
    for odd in (None, [], "x", 3, {}, {"kind": []}, {"kind": "scenario"}):
        assert read_data(odd).problems
    for odd in ("\ud800", 10**30, float("nan"), "x" * 10_000):
        for data in ({**meeting_data(), "max_turns": odd}, {**meeting_data(), str(odd): 1}):
            for problem in read_data(data).problems:
                assert json.dumps(problem.as_dict(), allow_nan=False, ensure_ascii=False).encode()
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert read_data({"kind": "scenario", "ends": deep}).problems[0].code == "template.too_deep"


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    found = problems("""\
kind: scenario
name: My Scenario
version: 1.0
premise: " "
varibles: {trust: {type: int, initial: 3}}
roles:
  Mayor: {agent: 3, human: alowed}
  clerk: {agent: {engine: analist, personality: {}}}
flow:
  start: a
  phases:
    a: {speakers: mayor, order: round-robin, max_turns: many, next: [{to: end, after: 3}]}
ends: [{turns: 0}, {turns: 5, tokens: 4}, {phrase: 5}]
""")
    assert found == [
        "2:7: name: 'My Scenario' cannot be a name (a name is lower-case words with hyphens: my-scenario; for example "
        "my-scenario)",
        "3:10: version: 1.0 is a number, a version has three parts (write 1.0.0)",
        "4:10: premise: `premise` is empty (write something, or leave the field out)",
        "5:1: varibles: there is no field `varibles` here (did you mean variables?)",
        "5:26: variables.trust.type: 'int' is none of integer, number, boolean, string, list, map (did you mean integer?)",
        "7:3: roles.Mayor: 'Mayor' cannot be a name (a name is lower-case letters, digits and _, a letter first; for "
        "example mayor)",
        "7:18: roles.Mayor.agent: the number 3 stands where a text is wanted (put it in quotes: \"3\")",
        "7:28: roles.Mayor.human: 'alowed' is none of no, allowed, always (did you mean allowed?)",
        "8:27: roles.clerk.agent.engine: 'analist' is none of actor, narrator, analyst (did you mean analyst?)",
        "8:49: roles.clerk.agent.personality.role: `role` is missing (add `role:` to `roles.clerk.agent.personality`, "
        "which is empty)",
        "12:33: flow.phases.a.order: 'round-robin' is none of sequence, round_robin, random, moderated, simultaneous, free, "
        "parallel (did you mean round_robin?)",
        "12:57: flow.phases.a.max_turns: the text 'many' stands where an integer is wanted (write an integer, such as 3)",
        "12:80: flow.phases.a.next[0].after: there is no field `after` here (did you mean after_turns?)",
        "13:16: ends[0].turns: 0 is out of bounds (it must be at least 1)",
        "13:20: ends[1]: an end needs exactly one of any, all, turns, seconds, tokens, cost_usd, phrase, when, narrator, "
        "judge; it has turns, tokens",
        "13:52: ends[2].phrase: the number 5 stands where a text is wanted (put it in quotes: \"5\")",
    ]


@pytest.mark.parametrize(("text", "expected"), [
    (SCENARIO + "ends: 5\n", "6:7: ends: the number 5 stands where named fields or a list is wanted"),
    (SCENARIO + "ends:\n", "6:1: ends: nothing stands where named fields or a list is wanted"),
    (SCENARIO + "roles: {}\n", "6:1: `roles` stands here twice (keep one of them)"),
    (SCENARIO + "format: 2\n",
     "6:9: format: this PyScrAI reads format 1, not 2 (update PyScrAI to a version that reads it)"),
    (SCENARIO + "format: one\n", "6:9: format: this PyScrAI reads format 1, not 'one' (write `format: 1`)"),
    (SCENARIO + "max_turns: .inf\n", "6:12: max_turns: inf is out of bounds (it must be finite)"),
    (SCENARIO + "variables: {v: {type: number, initial: .nan}}\n",
     "6:40: variables.v.initial: nan is out of bounds (it must be finite)"),
    (SCENARIO + "rules: [{when: true}]\n", "6:9: rules[0]: a rule needs `set` or `inject`"),
    (SCENARIO + "tags: x\n", "6:7: tags: the text 'x' stands where a list is wanted (write [x])"),
    (SCENARIO + "actions: {bid: {fields: {a: {}}, set: {x: max(1, 2)}}}\n",
     "6:50: actions.bid.set.2): nothing stands where a text is wanted (inside { } a text with a comma in it needs quotes)"),
    (SCENARIO.replace("{agent: x}", "{agent: x, secret: Tall, old and ill}"),
     "4:37: roles.a.old and ill: there is no field `old and ill` here (inside { } a text with a comma in it needs quotes)"),
    (SCENARIO + "parameters: {p: {type: string}}\n",
     "6:17: parameters.p.default: `default` is missing (add `default:` to `parameters.p`)"),
    (SCENARIO + "analysis: {by: a, measures: [{name: m, rubric: r, scale: [1]}]}\n",
     "6:58: analysis.measures[0].scale: the list is too short (it needs 2 entries)"),
    (SCENARIO + "<<: {}\n", "6:1: <<: there is no field `<<` here (YAML 1.2 has no merge keys; write the fields out)"),
    (AGENT + "memory: {window: 0}\n", "5:18: memory.window: 0 is out of bounds (it must be at least 1)"),
    (AGENT + "tools: [1]\n", "5:9: tools[0]: the number 1 stands where a text is wanted (put it in quotes: \"1\")"),
    (AGENT.replace("agent", "agnet"), "1:7: kind: 'agnet' is no kind of template (did you mean agent?)"),
    (AGENT.replace("kind: agent\n", ""), "1:1: kind: the template does not say its kind (begin with `kind: agent`)"),
    ("- a\n", "1:1: a template is a group of named fields (begin with `kind: scenario` or `kind: agent`)"),
    ("# nothing\n", "there is no template in here (begin with `kind: scenario` or `kind: agent`)"),
    (AGENT + "---\n" + AGENT, "7:7: name: agent x@1.0.0 stands in this file twice (give one of them another name or "
                              "version)"),
])
def test_one_problem(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_problems_are_plain_data() -> None:
    with pytest.raises(TemplateError) as caught:
        load_text(SCENARIO + "max_turns: 0\n", file="f.yaml")
    assert caught.value.as_dict()["problems"] == [{
        "code": "template.bound", "message": "0 is out of bounds", "field": "max_turns", "value": 0,
        "cure": "it must be at least 1", "file": "f.yaml", "line": 6, "column": 12, "severity": "error"}]


def test_bare_values_are_expressions() -> None:
    template = load_text(SCENARIO + "variables: {v: {type: number, initial: 1}, w: {type: boolean, initial: false}}\n"
                         "rules: [{when: true, set: {v: 0.5, w: true}}]\n")[0].template
    assert template.rules[0].when == "true"  # type: ignore[union-attr]
    assert template.rules[0].set == {"v": "0.5", "w": "true"}  # type: ignore[union-attr]
    assert type(template.variables["v"].initial) is float  # type: ignore[union-attr]


def test_drafts_mend_by_guess() -> None:
    reading = read_text(SCENARIO.replace("premise", "premis") + "variabels: {v: {type: integer, initial: 1}}\n")
    assert len(reading.problems) == 2
    assert not reading.templates
    assert reading.drafts[0].template.variables["v"].initial == 1  # type: ignore[union-attr]
    assert reading.drafts[0].positions.values["variables", "v", "initial"].line == 6
