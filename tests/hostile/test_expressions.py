"""Hostile CEL: what an expression may cost is bounded while it runs, when it is checked and when it is played."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.expression import compile_expression
from pyscrai.templates.cel.patterns import HEAVIEST, LONGEST_PATTERN, Pattern, weight_of
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.reading.loader import read_text
from tests.hostile.limited import assert_within

ONES = "[" + ",".join(["1"] * 100) + "]"
CONTEXT = {"vars": {"s": "a" * 20_000, "l": list(range(1_000)),
                    "m": {str(number): "a" * 100 for number in range(1_000)}}}

COSTLY = {
    "product of lists": f"size({ONES}.map(a, {ONES}.map(b, {ONES}))) > 0",
    "quadratic": "vars.l.all(a, vars.l.all(b, a + b >= 0))",
    "texts": "size(vars.l.map(a, vars.s + vars.s + vars.s + vars.s)) > 0",
    "long text": "size(" + "+".join(["vars.s"] * 160) + ") > 0",
    "long list": "size(" + "+".join(["vars.l"] * 160) + ") > 0",
    "text in lists": "vars.l.all(a, a in vars.l)",
    "compared": "vars.l.all(a, vars.m == vars.m)",
    "searched": "vars.l.all(a, !vars.s.contains('aaaaaaaaaaaaaaab') && vars.m.all(k, vars.s != k))",
    "regular expressions": "vars.l.all(a, vars.s.matches('(a*)*b') || vars.m.all(k, true))",
    "joined": "vars.l.all(a, size(join(vars.l, vars.s)) > 0)",
    "sorted": "vars.l.all(a, size(vars.l.sort_by(x, -x)) > 0)",
    "pattern made ready again and again": r"vars.l.all(a, !''.matches('\\w{30}' + string(a)))",
    "heavy pattern": r"vars.l.all(a, !vars.s.matches('[ab]*a[ab]{900}c'))",
    "texts in order": "size(sort(vars.l.map(a, vars.s))) > 0",
    "texts apart": "size(distinct(vars.l.map(a, vars.s))) > 0",
    "lists of texts apart": "size(distinct(vars.l.map(a, [vars.s]))) > 0",
    "joined after": "size(join(vars.l.map(a, vars.s))) > 0",
    "one text many times": "vars.l.map(a, vars.s)",
    "one list many times": "[vars.l.map(a, vars.s)].map(x, [" + ",".join("x" * 100) + "])",
    "summed": "vars.l.all(a, sum(vars.l) > 0 && sum(vars.l) > 0)",
}

CHEAP = {
    "nested maps": f"size({ONES}.map(a, {ONES}.map(b, a + b))) > 0",
    "pattern": "vars.s.matches('((a{100}){100}){10}')",
    "long pattern": "vars.s.matches('" + "(a|b)*" * 80 + "$')",
    "backtracking": "vars.s.matches('(a*)*(a*)*(a*)*b') || vars.s.matches('(.*)(.*)(.*)(.*)[a-z]{50}$')",
    "computed pattern": "vars.s.matches(vars.s)",
    "deep": "(" * 39 + "1" + ")" * 39 + " == 1",
    "wide": " && ".join(["true"] * 160),
    "too large patterns": r"vars.l.all(a, ''.matches('(\\pL{50}){20}' + string(a)) || true)",
    "patterns that are none": "vars.l.all(a, ''.matches('(' + string(a)) || true)",
    "long chains": "(" * 6 + "1" + ("+1" * 158 + ")") * 6,
    "choices": "true ? true : " * 39 + "true",
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_expression_is_stopped(name: str) -> None:
    def work() -> None:
        with pytest.raises(ExpressionError, match=r"takes more than 100,000 steps|(long|larg)er than|has more than"):
            compile_expression(COSTLY[name]).value(CONTEXT)

    assert_within(work, seconds=1)


@given(st.integers())
@settings(max_examples=20, deadline=None)
def test_a_pattern_weighs_what_it_takes(seed: int) -> None:
    chance = random.Random(seed)
    pattern = chance.choice(["", "(?i)", "(?x)", "(?is)"]) + _pattern(chance, 2)
    weight = weight_of(pattern)
    if weight > HEAVIEST or len(pattern) > LONGEST_PATTERN:
        return
    begun = time.process_time()
    try:
        Pattern(pattern)
    except ValueError:
        return
    assert time.process_time() - begun < 0.02 + 5e-6 * weight, (pattern, weight)


def _pattern(chance: random.Random, depth: int) -> str:
    atoms = [r"\w", r"\W", r"\pL", r"\p{Greek}", r"\d", r"\S", ".", "a", "é", "[^a]", r"[^\w]", r"[\pL&&[^a]]",
             "[[:^alpha:]]", r"\b", "^", r"\x{1F600}", r"[\x00-\x{10ffff}]", "ſ", "[à-ÿ]"]
    made = ""
    for _ in range(chance.randint(1, 4)):
        made += "(?:" + _pattern(chance, depth - 1) + "|" + _pattern(chance, depth - 1) + ")" if (
            depth and chance.random() < 0.4) else chance.choice(atoms)
        made += chance.choice(["", "", "*", "+", "?", "{3}", "{ 1,10 }", "{5,}", "{50}"])
    return made


@pytest.mark.parametrize("name", CHEAP)
def test_a_hostile_expression_is_quick(name: str) -> None:
    def work() -> None:
        try:
            compile_expression(CHEAP[name]).value(CONTEXT)
        except ExpressionError:
            pass

    assert_within(work, seconds=1)


def test_a_template_of_costly_expressions_is_checked_in_bounded_time() -> None:
    ones = ONES[:120] + "]"
    rules = "\n".join(f"  - {{when: \"size({ones}.map(a, {ones}.map(b, a + b + {n}))) > 0\", set: {{n: 1}}}}"
                      for n in range(1_500))
    text = ("kind: scenario\nname: hostile\npremise: x\nvariables: {n: {type: integer, initial: 0}}\n"
            "roles: {ann: {agent: {engine: actor, personality: {role: X}}}}\n"
            "flow: {start: x, phases: {x: {speakers: [ann], next: [{to: end, after_turns: 1}]}}}\n"
            f"rules:\n{rules}\n")

    def work() -> None:
        problems = validate([read_text(text.replace(",]", "]"))], {})
        assert any("too costly" in problem.message for problem in problems), [str(problem) for problem in problems[:3]]

    assert_within(work, seconds=20)
