"""Hostile Jinja: neither checking nor rendering a text takes more than a bounded time and memory."""

from __future__ import annotations

import pytest

from pyscrai.errors import PromptError, RunError
from pyscrai.prompts.library import render_text
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.reading.loader import read_text
from tests.engines.playing import plan_of, scenario
from tests.hostile.limited import assert_within

HEAD = """kind: scenario
name: hostile
roles: {ann: {agent: {engine: actor, personality: {role: X}}}}
flow: {start: x, phases: {x: {speakers: [ann], next: [{to: end, after_turns: 1}]}}}
"""

GROWING = {
    "replace": "{{ 'aaaaaaaaaa'" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 9 + " }}",
    "doubled text": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "added text": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "joined": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a | join(a) %}" * 9 + "{{ a | length }}",
    "doubled list": "{% set a = [1, 2] %}" + "{% set a = a + a %}" * 60 + "{{ a | length }}",
    "nested list": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}",
    "nested mapping": "{% set a = {'k': 1} %}" + "{% set a = {'k': a, 'l': a} %}" * 60 + "{{ a }}",
    "compared": "{% set a = [1] %}" + "{% set a = (a, a) %}" * 60 + "{{ a == a }}",
    "large number": "{% set a = 9 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "rounded": "{{ 1.5 | round(999999999, 'ceil') }}",
    "sum of lists": "{{ [[1], [2]] | sum(start=[]) }}",
    "multiplied": "{{ 'x' * 999999999 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "formatted": "{{ '%999999999d' % 1 }}",
    "sliced loop": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 14
                   + "{% for x in a %}{{ a[1:] }}{% endfor %}",
    "compared loop": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 15
                     + "{% for x in a %}{{ a ~ 'b' == a ~ 'c' }}{% endfor %}",
    "long loop": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 14
                 + "{% for x in a %}" + "text " * 2000 + "{% endfor %}",
    "loops": "{% for x in 'aaaaaaaa' %}" * 12 + "y" + "{% endfor %}" * 12,
    "deep": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "deep ifs": "{% if 1 %}" * 900 + "{% endif %}" * 900,
    "elifs": "{% if 0 %}" + "{% elif 0 %}" * 1_500 + "{% endif %}",
    "long sum": "{{ 1" + "+1" * 9_000 + " }}",
    "many filters": "{{ 'a'" + "|upper" * 3_000 + " }}",
    "unclosed": "{{" * 9_900,
    "unclosed blocks": "{%" * 9_900,
    "comments": "{#" * 9_900,
    "quotes": "{{ '" + "\\'" * 9_000,
    "digits": "{{ " + "9" * 19_000 + " }}",
    "newlines": "{%- if 1 %}" + "\n" * 19_000 + "{%- endif %}",
}


@pytest.mark.parametrize("name", GROWING)
def test_a_hostile_text_is_bounded(name: str) -> None:
    text = GROWING[name]
    assert len(text) <= 20_000

    def play() -> None:
        quoted = text.replace("'", "''")
        validate([read_text(HEAD + f"premise: '{quoted}'\n")], {})
        try:
            shown = render_text(text, {"params": {}})
        except PromptError:
            return
        assert len(shown) <= 4_000_000

    assert_within(play, seconds=2)


def test_text_by_text_the_given_values_are_counted_too() -> None:
    def play() -> None:
        given = {"params": {"a": "x" * 20_000}, "many": list(range(20_000))}
        for text in ("{% for x in many %}{{ params.a }}{% endfor %}", "{{ params.a | replace('x', params.a) }}",
                     "{% for x in many if params.a == params.a ~ 'y' %}{% endfor %}", "{{ many | join(params.a) }}",
                     "{% for x in many %}{{ x in many }}{% endfor %}"):
            with pytest.raises(PromptError, match="costs more than"):
                render_text(text, given)

    assert_within(play, seconds=3)


@pytest.mark.parametrize("text", ["{{ params.items }}", "{{ params.keys | string }}", "{{ 'a' ~ params.values }}",
                                  "{{ self }}", "{% for x in [1] %}{{ loop }}{% endfor %}", "{{ name }}"])
def test_a_text_shows_no_method(text: str) -> None:
    with pytest.raises(PromptError, match="is no value"):
        render_text(text, {"params": {"a": 1}, "name": str.upper})


def test_entries_are_shown_as_values_are() -> None:
    assert render_text("{{ params.keys() }} {{ 'a' ~ params.values() }} {{ params.items() }}", {"params": {"b": 1.0}}
                       ) == '["b"] a[1.0] [["b", 1.0]]'


@pytest.mark.parametrize("text", [r"{{ '\ud800' }}", r"{{ '\x00' }}", r"{{ '\ud83d' }}{{ '\ude00' }}"])
def test_what_a_text_spells_out_is_storable(text: str) -> None:
    shown = render_text(text, {})
    assert shown.encode()
    assert "\x00" not in shown


def test_parameters_blow_up_no_texts() -> None:
    def work() -> None:
        with pytest.raises(RunError, match="longer by more than 1,000,000"):
            plan_of(scenario(parameters={"x": {"type": "string", "default": "a"}}, phases={
                f"p{number}": {"task": "{{ params.x }}" * 1_400, "next": [{"to": "end"}]} for number in range(30)}),
                parameters={"x": "y" * 20_000})

    assert_within(work, seconds=2)


def test_what_a_parameter_says_is_no_text_of_the_template() -> None:
    plan = plan_of(scenario(parameters={"x": {"type": "string", "default": "a"}}, phases={
        "talk": {"task": "Say {{ params.x }}.", "next": [{"to": "end"}]}}), parameters={"x": "{{ vars.secret }}"})
    assert plan.phases["talk"].spec.task == "Say {{ vars.secret }}."
