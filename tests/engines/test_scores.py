"""Scores that are asked for at once, and scores that are taken several times."""

from __future__ import annotations

import json
from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.llm.scripted.model import Scripted
from tests.engines.playing import actor, analyst, played, scenario

ROLES = {"ann": actor(), "bob": actor(), "eve": analyst()}
CALM = {"name": "calm", "scale": [1, 5], "rubric": "how calm", "of": "each"}
MOOD = {"name": "mood", "categories": ["high", "low"], "rubric": "the mood"}


def measured(play: Any) -> list[tuple[Any, ...]]:
    return [(event.measure, event.of, event.value) for event in play.of("measurement")]


async def test_all_scores_in_one_call() -> None:
    def script(role: str, request: ModelRequest) -> Scripted | None:
        if role != "eve":
            return None
        keys = (request.schema or {})["properties"]
        assert list(keys) == ["calm_of_ann", "calm_of_bob", "mood"]
        return (json.dumps({key: {"rationale": "So.", "evidence": ["t1", "made up"],
                                          "value": "low" if key == "mood" else 3} for key in keys}))

    play = await played(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "together": True,
                                                        "measures": [CALM, MOOD]}), script)
    assert len(play.models["eve"].requests) == 1
    assert measured(play) == [("calm", "ann", 3), ("calm", "bob", 3), ("mood", None, "low")]
    assert play.of("measurement")[0].evidence == ["t1"]


async def test_an_unusable_answer_to_all_is_asked_one_by_one() -> None:
    def script(role: str, request: ModelRequest) -> Scripted | None:
        return "{}" if role == "eve" and len((request.schema or {"properties": ()})["properties"]) == 3 and (
            "mood" in (request.schema or {})["properties"]) else None

    play = await played(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "together": True,
                                                        "measures": [CALM, MOOD]}), script)
    assert [name for name, _, _ in measured(play)] == ["calm", "calm", "mood"]


async def test_a_measure_is_taken_several_times() -> None:
    values = iter([5, 1, 4])

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if role != "eve":
            return None
        return json.dumps({"rationale": "So.", "evidence": [], "value": next(values)})

    play = await played(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
        {**CALM, "of": "scenario", "repeats": 3}]}), script)
    assert sorted(value for _, _, value in measured(play)) == [1, 4, 5]
    assert measured(play)[-1] == ("calm", None, 4), "the one in the middle counts, and comes last"
    assert (await play.state())["measures"] == {"calm": 4}
    assert len({request.seed for request in play.models["eve"].requests}) == 3
