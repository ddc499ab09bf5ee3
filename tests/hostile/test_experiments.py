"""Experiments that would keep a server busy: how much is looked at is bounded, also of what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.experiments.checks import check_experiment
from pyscrai.experiments.reader import experiment_of_data
from pyscrai.templates.models.scenario import ScenarioTemplate
from tests.hostile.limited import assert_within

FACTORS = 20

SCENARIO = ScenarioTemplate.model_validate({
    "name": "talk", "premise": "x", "roles": {"ann": {"agent": {"engine": "actor", "personality": {"role": "x"}}}},
    "parameters": {f"p{number}": {"type": "integer", "default": 0} for number in range(FACTORS)},
    "variables": {"trust": {"type": "integer", "initial": 5}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann"], "next": [{"to": "end", "after_turns": 1}]}}}})
COSTLY = "[1, 2, 3, 4, 5, 6, 7, 8, 9].map(a, [1, 2, 3, 4, 5, 6, 7, 8, 9].map(b, a * b * f0)).size() > 0"


@pytest.mark.parametrize(("factors", "levels", "exclude", "message"), [
    (FACTORS, 20, "f0 >= 0", "combinations, more than"),
    (2, 300, COSTLY, "the exclusions take more than"),
    (2, 300, r"string(f0 + 1000 * f1).matches('\\w{30}')", "the exclusions take more than"),
])
def test_combinations_that_are_left_out_are_counted_too(factors: int, levels: int, exclude: str, message: str) -> None:
    data: dict[str, Any] = {
        "kind": "experiment", "name": "large", "question": "x", "scenario": "talk", "pasts": {"seeds": 10},
        "factors": {f"f{number}": {"parameter": f"p{number}", "values": list(range(levels))}
                    for number in range(factors)},
        "exclude": [exclude], "measures": {"primary": {"name": "trust", "variable": "trust"}}}

    def work() -> None:
        found = check_experiment(experiment_of_data(data), SCENARIO)
        assert any(message in problem.message for problem in found), [str(problem) for problem in found[:3]]

    assert_within(work, seconds=4)
