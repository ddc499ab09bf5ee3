"""Templates that are large in one way: checking them takes time in proportion to their size."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.templates.checks.checker import validate
from pyscrai.templates.reading.loader import read_data
from tests.depth import FULL
from tests.hostile.limited import assert_within

AGENT = {"engine": "actor", "personality": {"role": "X"}}
WORDS = " ".join(f"word{number}" for number in range(2_500))


def scenario(**more: Any) -> dict[str, Any]:
    return {"kind": "scenario", "name": "large", "premise": "x", "roles": {"ann": {"agent": AGENT}},
            "flow": flow({"x": {"speakers": ["ann"], "next": [{"to": "end", "after_turns": 1}]}}), **more}


def flow(phases: dict[str, Any]) -> dict[str, Any]:
    return {"start": next(iter(phases)), "phases": phases}


def to(name: str) -> list[dict[str, Any]]:
    return [{"to": name, "when": "turn > 1"}]


LARGE: dict[str, dict[str, Any]] = {
    "unknown variables": scenario(
        variables={f"v{number}": {"type": "integer", "initial": 0} for number in range(2_500)},
        rules=[{"when": f"vars.w{number} > 1", "set": {"v0": "1"}} for number in range(2_500)]),
    "unknown speakers": scenario(flow=flow({"x": {"speakers": [f"no{number}" for number in range(5_000)],
                                                  "next": [{"to": "end"}]}})),
    "secrets and tasks": scenario(
        roles={f"r{number}": {"agent": AGENT, "secret": f"secret {number} {WORDS[:2_000]}"} for number in range(200)},
        flow=flow({f"p{number}": {"speakers": ["all"], "task": WORDS[:1_500], "next": [{"to": "end"}]}
                   for number in range(200)})),
    "long secrets": scenario(roles={f"r{number}": {"agent": AGENT, "secret": WORDS[:18_000]} for number in range(40)}),
    "misspelt fields": {**scenario(), **{f"premis{number}": "x" for number in range(4_000)}},
    "misspelt names": scenario(roles={f"R{number}": {"agent": AGENT} for number in range(900)}),
    "chain of groups": scenario(groups={f"g{number}": [f"g{number - 1}"] if number else ["ann"]
                                        for number in range(1_000)}),
    "many groups": scenario(groups={f"g{number}": ["ann"] for number in range(9_000)}),
    "every phase to every phase": scenario(flow=flow({
        f"p{number}": {"speakers": ["ann"], "next": [way for other in range(100) for way in to(f"p{other}")]}
        for number in range(100)})),
    "chain of phases": scenario(flow=flow({
        f"p{number}": {"speakers": ["ann"], "next": to(f"p{number + 1}" if number < 5_999 else "end")}
        for number in range(6_000)})),
    "transitions of one phase": scenario(flow=flow({"x": {"speakers": ["ann"], "next": to("x") * 5_000}})),
    "actions": scenario(variables={"v": {"type": "integer", "initial": 0}}, actions={
        f"a{number}": {"fields": {f"f{field}": {"enum": ["x", "y"]} for field in range(5)}, "set": {"v": "1"}}
        for number in range(600)}),
    "lists": scenario(variables={f"v{number}": {"type": "list", "initial": [], "max_items": 1_000}
                                 for number in range(2_000)}, rules=[{"when": "turn > 1", "set": {"v0": "vars.v0"}}]),
    "values of roles": scenario(
        roles={f"r{number}": {"agent": AGENT} for number in range(400)},
        variables={f"v{number}": {"type": "integer", "initial": 0, "per_role": True} for number in range(400)},
        rules=[{"when": "turn > 1", "set": {"v0": "vars.v0"}}]),
}


QUICK = ("unknown speakers", "secrets and tasks", "many groups", "every phase to every phase", "actions",
         "transitions of one phase")


@pytest.mark.parametrize("name", LARGE if FULL else QUICK)
def test_a_large_template_is_checked_in_bounded_time(name: str) -> None:
    def work() -> None:
        problems = validate([read_data(LARGE[name])], {})
        assert len(problems) <= 5_000

    assert_within(work, seconds=12, megabytes=400)
