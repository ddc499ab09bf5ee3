"""Plays that would keep a server busy in one step: what all expressions and all texts of a step take is bounded."""

from __future__ import annotations

import asyncio

import pytest

from tests.engines.playing import Playing, scenario
from tests.hostile.limited import assert_within

ONES = "[" + ",".join(["1"] * 60) + "]"
LONG = ("{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 13
        + "{% for x in a %}{% if x == 'b' %}{{ a }}{% endif %}{% endfor %}")


@pytest.mark.parametrize(("rule", "code"), [
    ({"when": "turn == 2", "set": {"n": f"size({ONES}.map(a, {ONES}.map(b, a + b)))"}}, "template.expression"),
    ({"when": f"has(measures.x) && turn == 2 || size({ONES}.map(a, {ONES}.map(b, a + b))) > 0 && measures.x > 0",
      "set": {"n": "1"}}, "template.expression"),
    ({"when": "turn == 2", "inject": {"text": LONG}}, "engine.prompt"),
])
def test_many_costly_rules_end_the_play_and_not_the_server(rule: dict[str, object], code: str) -> None:
    playing = Playing(scenario(variables={"n": {"type": "integer", "initial": 0}}, rules=[rule] * 2_000))

    def work() -> None:
        result = asyncio.run(playing.play())
        assert result.status == "failed"
        assert result.error is not None
        assert result.error["code"] == code

    assert_within(work, seconds=8)


async def test_many_small_rules_are_no_matter() -> None:
    rules = [{"when": f"turn >= {number % 3}", "set": {"n": f"vars.n + {number % 2}"},
              "inject": {"text": "{{ vars.n }} of {{ old.n }}"}} for number in range(300)]
    playing = Playing(scenario(variables={"n": {"type": "integer", "initial": 0}}, rules=rules))
    assert (await playing.play()).status == "completed"


async def test_a_group_may_be_called_whatever_we_call_something() -> None:
    playing = Playing(scenario(
        groups={"work": {"of": ["ann", "bob"], "when": "role != 'bob'"}},
        variables={"n": {"type": "integer", "initial": 0}},
        rules=[{"when": "'ann' in work && !('bob' in work)", "set": {"n": "work.size()"}}]))
    assert (await playing.play()).status == "completed"
    assert (await playing.state())["variables"] == {"n": 1}
