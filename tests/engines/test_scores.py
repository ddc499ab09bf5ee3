"""Scores that are asked for at once, and scores that are taken several times."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.engines.ports.record import CallKey
from pyscrai.errors import ModelServerError
from pyscrai.llm.limited_model import LimitedModel
from pyscrai.llm.scripted.model import Scripted, ScriptedModel
from tests.engines.playing import Playing, actor, analyst, played, scenario, timeless
from tests.fakeserver import Behaviour, FakeOpenAI, Seen
from tests.llm.endpoints import chat_to

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


FOURTEEN = [{"name": f"trait_{number}", "scale": [1, 5], "rubric": f"how much of trait {number}"}
            for number in range(14)]


def delayed(play: Playing, seconds: Callable[[ModelRequest], float]) -> list[tuple[float, float, str]]:
    """Let every model take its time.

    Returns:
        When each call began and ended, and whose it was; filled while the play goes on.
    """
    calls: list[tuple[float, float, str]] = []

    def slow(role: str, model: ScriptedModel) -> Any:
        complete = model.complete

        async def answer(request: ModelRequest, on_token: Any = None) -> ModelReply:
            clock = asyncio.get_running_loop().time
            begun = clock()
            await asyncio.sleep(seconds(request))
            reply = await complete(request, on_token)
            calls.append((begun, clock(), role))
            return reply

        return answer

    for role, model in play.models.items():
        model.complete = slow(role, model)  # type: ignore[method-assign]
    return calls


def asked(request: ModelRequest) -> str:
    return "\n".join(message.content for message in request.messages)


def most_at_once(calls: list[tuple[float, float, str]]) -> int:
    return max(sum(begun <= when < ended for begun, ended, _ in calls) for when, _, _ in calls)


async def test_fourteen_measures_cost_less_than_a_quarter_of_the_play() -> None:
    async with FakeOpenAI(latency=0.06) as server:
        play = Playing(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": FOURTEEN}, phases={
            "talk": {"next": [{"to": "end", "after_turns": 14}]}}))
        async with chat_to(server.base_url) as chat:
            for engine in play.runtime.engines.values():
                engine.model = LimitedModel(chat, concurrency=16, requests_per_minute=None)
            times: dict[str, list[float]] = {"eve": [], "play": []}
            clock = asyncio.get_running_loop().time
            default = server.default

            def noted(seen: Seen) -> Behaviour:
                times["eve" if "response_format" in seen.body else "play"].append(clock())
                return default if isinstance(default, Behaviour) else default(seen)

            server.default = noted
            begun = clock()
            assert (await play.play()).status == "completed"
            ended = clock()
    assert len(times["play"]) == len(times["eve"]) == len(play.of("measurement")) == 14
    played_for, measured_for = times["play"][-1] - begun, ended - times["play"][-1]
    assert measured_for < played_for / 4, f"{measured_for:.2f} s of measuring, {played_for:.2f} s of play"
    assert server.peak_in_flight <= 16


async def test_no_more_scores_are_asked_for_at_once_than_the_model_takes() -> None:
    play = Playing(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": FOURTEEN}))
    play.models["eve"].concurrency = 3
    calls = delayed(play, lambda request: 0.01)
    assert (await play.play()).status == "completed"
    assert most_at_once([call for call in calls if call[2] == "eve"]) == 3


async def test_which_answer_comes_first_makes_no_difference() -> None:
    def script(role: str, request: ModelRequest) -> Scripted | None:
        number = int(re.findall(r"trait (\d+)", asked(request))[-1]) if role == "eve" else 0
        if number == 5 and "corrected" not in asked(request):
            return "no JSON"
        return None

    template = scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": FOURTEEN})
    logs = []
    for seed in (1, 2, 3):
        play, chance = Playing(template, script), random.Random(seed)
        delayed(play, lambda request, chance=chance: chance.uniform(0, 0.02))  # type: ignore[misc]
        assert (await play.play()).status == "completed"
        logs.append((timeless(play.events), {key: call.question for key, call in sorted(
            play.record.calls.items(), key=lambda item: str(item))}))
    assert logs[0] == logs[1] == logs[2]
    assert "reply_repaired" in [event["kind"] for event in logs[0][0]]


@pytest.mark.parametrize("repeats", [1, 3])
async def test_after_a_crash_no_recorded_score_is_asked_for_again(repeats: int) -> None:
    template = scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
        {**measure, "repeats": repeats} for measure in FOURTEEN]})
    whole = await played(template)
    scores = [key for key in whole.record.calls if key.task.startswith("measure")]
    assert len(scores) == len(set(scores)) == 14 * repeats
    kept = [call for key, call in whole.record.calls.items() if key not in scores[::3]]
    again = await played(template, record=MemoryRecord(kept))
    assert len(again.models["eve"].requests) == len(scores[::3])
    assert timeless(again.events) == timeless(whole.events)


@pytest.mark.parametrize("repeats", [1, 3])
async def test_scores_of_an_earlier_version_are_found_at_their_one_place(repeats: int) -> None:
    """They were asked for one after the other, all at the place of the measuring itself."""
    answers = iter([3, "no JSON", 2, 5, 1, 4, 2, 3, 3, 1, 5] * 5)

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if role != "eve":
            return None
        value = next(answers)
        return value if isinstance(value, str) else json.dumps({"rationale": "So.", "evidence": [], "value": value})

    template = scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
        {**measure, "repeats": repeats} for measure in FOURTEEN]})
    whole = await played(template, script)
    ordinal = itertools.count()
    earlier = [replace(call, key=CallKey(key.turn, key.role, "measure", next(ordinal)))
               if key.task.startswith("measure") else call for key, call in whole.record.calls.items()]
    again = await played(template, record=MemoryRecord(earlier))
    assert not again.models["eve"].requests
    assert measured(again) == measured(whole)
    half = await played(template, record=MemoryRecord(call for call in earlier if call.key.ordinal < 7))
    assert len(half.models["eve"].requests) >= 14 * repeats - 7
    assert measured(half)[:4] == measured(whole)[:4]


async def test_a_model_that_cannot_be_reached_is_not_asked_for_every_score() -> None:
    roles = {**ROLES, "eve": analyst(failure={"retries": 0})}
    template = scenario(roles=roles, analysis={"by": "eve", "report": False, "measures": FOURTEEN})
    play = Playing(template, lambda role, request: ModelServerError("down") if role == "eve" else None)
    play.models["eve"].concurrency = 4
    delayed(play, lambda request: 0.01)
    assert (await play.play()).status == "completed"
    assert len(play.models["eve"].requests) == 4
    missing = play.of("result_missing")
    assert [event.measures for event in missing] == [[measure["name"]] for measure in FOURTEEN]
    again = await played(template, record=MemoryRecord(play.record.calls.values()))
    assert not again.models["eve"].requests, "what failed for good is not asked again"
    assert timeless(again.events) == timeless(play.events)
