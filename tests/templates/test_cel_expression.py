"""Conditions at run time: what they read, what is not there yet, and what cannot be computed."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.expression import compile_expression, truth, value

CONTEXT: dict[str, Any] = {
    "vars": {"trust": 5, "heat": 0.5, "mood": "calm", "open": True}, "params": {"cost": 4.0}, "turn": 7,
    "phase": "vote",
    "phase_turns": 2, "round": 1, "last": {"role": "anna", "text": "I AGREE.", "kind": "utterance"},
    "events": {"utterance": 3}, "cost": 0.1, "tokens": 900, "seconds": 12.5,
    "measures": {"tone": "calm", "fairness": {"anna": 2}}, "tally": {"vote": {"choice": {"build": 2}}}}


@pytest.mark.parametrize(("text", "holds"), [
    ("vars.trust <= 5 && turn > 6", True),
    ("vars.trust < 3.5", False),
    ("phase in ['debate', 'vote']", True),
    ("last.text.lowerAscii().contains('agree')", True),
    ("last.text.matches('(?i)^i agree')", True),
    ("events.utterance == 3 && events.inject == 0", True),
    ("has(events.inject)", False),
    ("tally.vote.choice.build > tally.vote.choice.stay", True),
    ("tally.vote.choice['stay'] == 0", True),
    ("tally.vote.choice.stay + size(tally.vote.choice) >= 1", True),
    ("'build' in tally.vote.choice", True),
    ("measures.fairness.anna < 3", True),
    ("min(vars.trust, 3) == 3 && clamp(12, 0, 10) == 10 && abs(-2) == 2 && round(2.5) == 3", True),
    ("vars['trust'] == 5", True),
    ("[1, 2].exists(turn, turn == 2)", True),
])
def test_truth(text: str, holds: bool) -> None:
    assert truth(text, CONTEXT) is holds


@pytest.mark.parametrize("text", ["measures.speed > 1", "measures.fairness.bert > 1", "!(measures.speed > 1)",
                                  "measures.speed > 1 || false"])
def test_what_waits_for_a_measure_does_not_hold(text: str) -> None:
    assert truth(text, CONTEXT) is False


def test_a_measure_that_is_not_there_does_not_spoil_the_rest() -> None:
    assert truth("measures.speed > 1 || turn == 7", CONTEXT)
    assert truth("has(measures.speed) ? measures.speed > 1 : turn == 7", CONTEXT)
    assert truth("measures.tone == 'calm'", {**CONTEXT, "measures": {"tone": None}}) is False


def test_value() -> None:
    assert value("vars.trust - 2", CONTEXT) == 3
    assert value("vars.heat + 0.25", CONTEXT) == 0.75
    assert value("args.choice == 'build'", {**CONTEXT, "args": {"choice": "build"}}) is True
    assert value("vars.mood + '!'", CONTEXT) == "calm!"


@pytest.mark.parametrize(("text", "message"), [
    ("vars.trust", "neither true nor false"),
    ("vars.nope > 1", "'nope', which is not there"),
    ("vars.trust / (turn - 7) > 1", "divides by zero"),
    ("vars.trust < 'a'", "cannot be computed"),
    ("vars.trust <", "a value is missing"),
])
def test_errors_say_why(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        truth(text, CONTEXT)


def test_only_what_is_read_is_handed_over() -> None:
    class Loud(dict[str, Any]):
        def __iter__(self) -> Any:
            raise AssertionError("the whole context was walked")

    context = {**CONTEXT, "vars": Loud(CONTEXT["vars"]), "measures": Loud()}
    assert truth("vars.trust == 5 && tally.vote.choice.build == 2", context)


def test_the_context_is_left_as_it_is() -> None:
    context = {"tally": {"vote": {"choice": {"build": 2}}}, "events": {}}
    assert truth("tally.vote.choice.stay == 0 && size(tally.vote) == 1 && events.inject == 0", context)
    assert context == {"tally": {"vote": {"choice": {"build": 2}}}, "events": {}}


def test_compiled_once() -> None:
    assert compile_expression("turn == 7") is compile_expression("turn == 7")


def test_paths() -> None:
    expression = compile_expression("vars.trust > 1 && has(measures.a.b) && size(events) > 0 && [1].all(x, x < turn)")
    assert expression.paths == {("vars", "trust"), ("measures", "a", "b"), ("events",), ("turn",)}
