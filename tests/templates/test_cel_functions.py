"""Functions and macros beside CEL's own: lists, maps, figures and chance."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pyscrai.errors import ExpressionError
from pyscrai.templates.cel.expression import value

CONTEXT: dict[str, Any] = {
    "vars": {"dead": ["bob"], "payoff": {"ann": 3, "bob": 1, "cat": 3}, "bids": [4.0, 1.5, 2.5], "none": [],
             "roles": {"ann": "wolf", "bob": "seer", "cat": "villager"}, "count": 2},
    "players": ["ann", "bob", "cat"], "mover": "ann", "names": {"ann": "Ann Lee", "bob": "Bob", "cat": "Cat"},
    "tally": {"vote": {"whom": {"bob": 2, "cat": 1}}}}


@pytest.mark.parametrize(("text", "expected"), [
    ("sum(vars.bids)", 8.0), ("sum(vars.payoff)", 7), ("sum(vars.none)", 0), ("mean(vars.bids)", 8 / 3),
    ("median(vars.payoff.values())", 3.0), ("sort(vars.bids)", [1.5, 2.5, 4.0]), ("sqrt(9)", 3.0),
    ("round(2.345, 2)", 2.35), ("round(2.5)", 3), ("min(vars.bids)", 1.5), ("max(vars.payoff)", 3), ("max(1, 7, 3)", 7),
    ("vars.payoff[mover]", 3), ("vars.payoff.keys()", ["ann", "bob", "cat"]),
    ("players.filter(p, !(p in vars.dead) && p != mover)", ["cat"]),
    ("players.max_by(p, vars.payoff[p])", "ann"), ("players.min_by(p, vars.payoff[p])", "bob"),
    ("players.sort_by(p, -vars.payoff[p])", ["ann", "cat", "bob"]), ("players.count(p, vars.payoff[p] > 2)", 2),
    ("tally.vote.whom.max_by(w, tally.vote.whom[w])", "bob"), ("tally.vote.whom[mover]", 0),
    ("distinct(vars.payoff.values())", [3, 1]), ("join(players.map(p, name(p)), ', ')", "Ann Lee, Bob, Cat"),
    ("join(vars.bids, ' ')", "4 1.5 2.5"), ("vars.dead + ['cat']", ["bob", "cat"]), ("string(true)", "true"),
    ("vars.roles.filter(r, vars.roles[r] == 'wolf')", ["ann"]),
    ("[1, 2].map(x, [3, 4].map(y, x * y))", [[3, 4], [6, 8]]),
])
def test_values(text: str, expected: object) -> None:
    found = value(text, CONTEXT)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("text", "message"), [
    ("mean(vars.none)", "an empty list has no mean"), ("min(vars.none)", "an empty list has no least"),
    ("vars.none.max_by(x, x)", "an empty list has no first"), ("sum(players)", "this needs a number, not a text"),
    ("sort(['a', 1])", "only numbers, or only texts"), ("sqrt(-1.0)", "cannot be computed"),
    ("name('zoe')", "there is no role 'zoe'"), ("random(1, 6)", "nothing can be drawn by chance here"),
    ("vars.dead[4]", "the list has no item 4, it has 1"), ("vars.payoff['zoe']", "'zoe', which is not there"),
])
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        value(text, CONTEXT)


def drawn(text: str, seed: int) -> Any:
    return value(text, {**CONTEXT, "chance": lambda: random.Random(seed)})


def test_chance_is_the_seeds() -> None:
    texts = ["random(1, 6)", "random(0.0, 1.0)", "choose(players)", "shuffle(players)",
             "deal(players, ['w', 's', 'v'])"]
    for text in texts:
        results = [drawn(text, seed) for seed in range(60)]
        assert results == [drawn(text, seed) for seed in range(60)]
        assert len({str(result) for result in results}) > 2
    assert {drawn("random(1, 6)", seed) for seed in range(200)} == set(range(1, 7))
    dealt = drawn("deal(players, ['wolf', 'seer', 'villager'])", 4)
    assert list(dealt) == ["ann", "bob", "cat"]
    assert sorted(dealt.values()) == ["seer", "villager", "wolf"]
    with pytest.raises(ExpressionError, match="2 cards are too few for 3"):
        drawn("deal(players, ['a', 'b'])", 1)
    with pytest.raises(ExpressionError, match="from low to high"):
        drawn("random(6, 1)", 1)
    assert CONTEXT["players"] == ["ann", "bob", "cat"], "what is given stays as it is"
