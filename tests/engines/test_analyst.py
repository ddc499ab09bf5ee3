"""Analysts look on beside the play: they cost no waiting, nobody hears them, and what they cite is checked."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError
from tests.engines.playing import Playing, actor, analyst, narrator, played, scenario, timeless

ROLES = {"ann": actor(), "bob": actor(), "eve": analyst()}


def watched(turns: int = 4, roles: Any = None, **more: Any) -> Any:
    return scenario(roles=roles or ROLES, phases={"talk": {
        "observe": {"by": "eve", "every": 2}, "next": [{"to": "end", "after_turns": turns}]}}, **more)


async def test_an_observer_shares_the_superstep_of_the_next_speaker() -> None:
    playing = Playing(watched())
    assert (await playing.play()).status == "completed"
    steps = [{task.name for task in snapshot.tasks}
             async for snapshot in playing.graph.aget_state_history(playing.runner.config)]
    assert {"eve", "ann"} in steps
    assert [event.turn for event in playing.of("assessment")] == [2], "the fourth turn ends the play"


async def test_nobody_hears_an_analyst() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"summary": "A zeppelin.", "findings": ["zeppelin"]} if role == "eve" else None

    play = await played(watched(6), script)
    assert [event.audience for event in play.of("assessment")] == [(), ()]
    assert not any("zeppelin" in prompt for role in ("ann", "bob") for prompt in play.prompts(role))


async def test_an_analyst_that_fails_may_skip_and_the_play_goes_on() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return ModelServerError("down") if role == "eve" else None

    roles = {**ROLES, "eve": analyst(failure={"retries": 0, "then": "skip"})}
    play = await played(watched(6, roles), script)
    assert [event.source for event in play.of("turn_skipped")] == ["eve", "eve"]
    assert len(play.of("utterance")) == 6


async def test_measures_are_judged_or_counted_and_rest_on_lines_that_were_seen() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if role != "eve":
            return {"ann": "I love this wonderful plan. It is great.", "bob": "I hate it."}[role]
        made_up = [] if "corrected" in request.messages[-1].content else ["t99"]
        return {"value": 4, "rationale": "so", "evidence": ["t1", *made_up]}

    measures = [{"name": "warmth", "scale": [1, 5], "of": "each", "rubric": "how warm"},
                {"name": "share", "metric": "turn_share", "of": "each"},
                {"name": "words", "metric": "words", "of": "ann"},
                {"name": "mood", "metric": "sentiment", "of": "each"}, {"name": "total", "metric": "words"}]
    play = await played(scenario(roles=ROLES, analysis={"by": "eve", "measures": measures, "report": False}, phases={
        "talk": {"next": [{"to": "end", "after_turns": 3}]}}), script)
    found = {(event.measure, event.of): event for event in play.of("measurement")}
    assert found["warmth", "ann"].value == 4
    assert found["warmth", "bob"].evidence == ["t1"]
    assert all("evidence.1: 't99' is not one of" in event.problem for event in play.of("reply_repaired"))
    assert [found["share", role].value for role in ("ann", "bob")] == [0.6667, 0.3333]
    assert found["words", "ann"].value == 8
    assert found["total", None].value == round(19 / 3, 2)
    assert found["mood", "ann"].value > 0.5 > -0.4 > found["mood", "bob"].value
    assert (await play.state())["measures"]["share"] == {"ann": 0.6667, "bob": 0.3333}


async def test_counted_measures_count_the_whole_play_not_the_analysts_window() -> None:
    roles = {**ROLES, "eve": analyst(memory={"window": 4, "block": 2})}
    play = await played(scenario(roles=roles, analysis={"by": "eve", "report": False, "measures": [
        {"name": "share", "metric": "turn_share", "of": "each"}]}, phases={
            "one": {"speakers": ["ann"], "next": [{"to": "two", "after_turns": 6}]},
            "two": {"speakers": ["bob"], "next": [{"to": "end", "after_turns": 6}]}}))
    assert [event.value for event in play.of("measurement")] == [0.5, 0.5]


async def test_latency_is_measured() -> None:
    play = await played(scenario(roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
        {"name": "latency", "metric": "latency_ms", "of": "ann"}]}))
    assert play.of("measurement")[0].value == 0.0


async def test_measures_by_turn_phase_and_number_drive_conditions() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"value": 5, "rationale": "so", "evidence": []} if role == "eve" else None

    def measure(each: Any) -> dict[str, Any]:
        return {"name": "heat", "scale": [1, 5], "each": each, "rubric": "how hot"}

    for each, turns in (("turn", [1, 2, 3, 4]), (2, [2, 4]), ("phase", [2, 4]), ("end", [4])):
        play = await played(scenario(
            roles=ROLES, analysis={"by": "eve", "report": False, "measures": [measure(each)]},
            phases={"one": {"next": [{"to": "two"}]}, "two": {"next": [{"to": "end"}]}}), script)
        assert sorted({event.turn for event in play.of("measurement")}) == turns, (each, timeless(play.events))


@pytest.mark.parametrize("slow", ["eve", "ann", "bob", "nobody"])
async def test_when_a_measure_counts_does_not_depend_on_who_answers_first(slow: str) -> None:
    """What was measured beside the second turn is known at the third one, be the Analyst fast or slow."""
    def script(role: str, request: ModelRequest) -> Any:
        return {"value": 5, "rationale": "so", "evidence": []} if role == "eve" else None

    playing = Playing(scenario(
        roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
            {"name": "heat", "scale": [1, 5], "each": "turn", "rubric": "how hot"}]}, max_turns=20,
        ends={"when": "measures.heat >= 5"}, phases={"one": {"next": [{"to": "end", "when": "false"}]}}), script)
    if slow != "nobody":
        playing.models[slow]._delay = 0.02
    assert (await playing.play()).status == "completed"
    told = timeless(playing.events)
    assert playing.of("end_reached")[0].outcome["end"] == "when", told
    assert playing.of("end_reached")[0].turn == 3, told


class Dawdling(MemoryRecord):
    """A record that lets others go first, a drawn number of times, before and after it takes something."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def pause(self) -> None:
        for _ in range(self._chance.randrange(5)):
            await asyncio.sleep(0)

    async def commit(self, events: Any, progress: Any = None, **more: Any) -> None:
        await self.pause()
        await super().commit(events, progress, **more)
        await self.pause()


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["turn", 2, "phase", "end"]))
async def test_no_order_of_work_changes_what_is_measured(chance: random.Random, each: Any) -> None:
    """Speakers, the Analyst and its scores, all asked at once, get to work in any order."""
    def script(role: str, request: ModelRequest) -> Any:
        return {"value": 1 + request.seed % 5, "rationale": "so", "evidence": []} if role == "eve" else None

    template = scenario(
        roles=ROLES, analysis={"by": "eve", "report": False, "measures": [
            {"name": "heat", "scale": [1, 5], "each": each, "rubric": "how hot", "of": "each", "repeats": 2},
            {"name": "chill", "scale": [1, 5], "each": "turn", "rubric": "how cold"}]},
        phases={"one": {"next": [{"to": "two", "when": "measures.chill >= 4"}, {"to": "two"}]},
                "two": {"next": [{"to": "end"}]}}, max_turns=12)
    straight = await played(template, script)
    record = Dawdling(chance)
    dawdling = Playing(template, script, record=record)
    for model in dawdling.models.values():
        async def complete(request: ModelRequest, on_token: Any = None, plain: Any = model.complete) -> Any:
            await record.pause()
            reply = await plain(request, on_token)
            await record.pause()
            return reply
        model.complete = complete  # type: ignore[method-assign]
    assert (await dawdling.play()).status == "completed"
    assert ({event["key"]: event for event in timeless(dawdling.events)}
            == {event["key"]: event for event in timeless(straight.events)})


@pytest.mark.parametrize(("length", "whole"), [(299, True), (300, False), (450, True)])
async def test_a_reason_is_cut_where_decoding_has_ended_it_and_nowhere_else(length: int, whole: bool) -> None:
    """A model that is not bound to the length ends without a full stop where it likes."""
    reason = f"{'They moved a little. ' * 30}"[:length - 29] + "and so they settled in the end"[:29]

    def script(role: str, request: ModelRequest) -> Any:
        return {"value": 4, "rationale": reason, "evidence": []} if role == "eve" else None

    analysis = {"by": "eve", "report": False, "measures": [{"name": "heat", "scale": [1, 5], "rubric": "how hot"}]}
    assert len(reason) == length
    [found] = (await played(watched(2, analysis=analysis), script)).of("measurement")
    assert (found.rationale == reason) == whole
    assert found.rationale[:200] == reason[:200]
    earlier = Playing(watched(2, analysis=analysis), script, edition=2)
    await earlier.play()
    assert earlier.of("measurement")[0].rationale == reason


@pytest.mark.parametrize(("edition", "kept"), [(2, False), (3, True)])
async def test_a_summary_that_is_longer_than_asked_for_is_recorded_whole(edition: int, kept: bool) -> None:
    summary = "They moved a little. " * 30 + "And so they settled"
    playing = Playing(watched(), lambda role, request: {"summary": summary, "findings": []} if role == "eve" else None,
                      edition=edition)
    await playing.play()
    assert playing.of("assessment")[0].summary.endswith("settled") == kept


async def test_the_report_is_written_last() -> None:
    play = await played(watched(analysis={"by": "eve"}))
    assert [event.kind for event in play.events][-2:] == ["report", "run_completed"]


def heat(**more: Any) -> dict[str, Any]:
    return {"by": "eve", "report": False, "measures": [{"name": "heat", "scale": [1, 9], "rubric": "how hot", **more}]}


@pytest.mark.parametrize("order", ["round_robin", "sequence", "random", "free", "simultaneous", "moderated"])
async def test_a_measure_that_is_waited_for_counts_in_its_own_turn(order: str) -> None:
    scores = iter(range(1, 9))

    def script(role: str, request: ModelRequest) -> Any:
        return {"value": next(scores), "rationale": "so", "evidence": []} if role == "eve" else None

    phase = {"order": order, "speakers": ["ann", "bob"], "next": [{"to": "end", "when": "measures.heat >= 2"}]}
    template = scenario(
        roles={**ROLES, "god": narrator()}, analysis=heat(each="turn", after=True), max_turns=20,
        phases={"talk": {**phase, **({"moderator": "god"} if order == "moderated" else {})}},
        rules=[{"when": "has(measures.heat)", "inject": {"text": "Heat {{ vars.n }}."}}],
        variables={"n": {"type": "integer", "initial": 0}})
    play = await played(template, script)
    outcome = (await play.state())["outcome"]
    taken = [event.turn for event in play.of("measurement")]
    turns = {"sequence": [1, 2], "simultaneous": [2, 4]}.get(order, [1, 2])
    assert taken == turns, "once for each turn, the last one included"
    assert (outcome["end"], outcome["turn"]) == ("flow", turns[-1])
    assert [event.turn for event in play.of("inject")] == turns[1:], "rules of a turn do not know its measure"
    again = Playing(template, record=MemoryRecord(play.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(play.events)


async def test_a_measure_that_is_not_waited_for_counts_two_turns_later() -> None:
    scores = iter(range(1, 9))

    def script(role: str, request: ModelRequest) -> Any:
        return {"value": next(scores), "rationale": "so", "evidence": []} if role == "eve" else None

    play = await played(scenario(roles=ROLES, analysis=heat(each="turn"), max_turns=20, phases={
        "talk": {"next": [{"to": "end", "when": "measures.heat >= 1"}]}}), script)
    assert (await play.state())["outcome"]["turn"] == 3


async def test_what_happened_in_a_turn_is_known_after_the_measure_too() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"value": 1, "rationale": "so", "evidence": []} if role == "eve" else None

    play = await played(scenario(
        roles=ROLES, analysis=heat(each=2, after=True), max_turns=9, injects=[{"at_turn": 4, "text": "Bang."}],
        phases={"talk": {"next": [{"to": "end", "on_event": "inject"}]}}, ends=[{"phrase": "never said"}]), script)
    assert (await play.state())["outcome"]["turn"] == 4
    assert [event.turn for event in play.of("measurement")] == [2, 4]


async def test_a_role_is_not_scored_before_it_has_taken_a_turn() -> None:
    play = await played(scenario(roles=ROLES, analysis=heat(each="turn", of="each"), phases={
        "talk": {"speakers": ["ann"], "next": [{"to": "more", "after_turns": 2}]},
        "more": {"speakers": ["bob"], "next": [{"to": "end", "after_turns": 1}]}}))
    assert [(event.turn, event.of) for event in play.of("measurement")] == [
        (1, "ann"), (2, "ann"), (3, "ann"), (3, "bob")]


async def test_measures_may_be_computed_counted_and_told_as_differences() -> None:
    measures = [{"name": "n", "value": "vars.n", "each": "turn"}, {"name": "rich", "value": "vars.n > 3"},
                {"name": "step", "value": "vars.n", "difference": True, "each": "turn"},
                {"name": "gold", "value": "vars.gold[role]", "of": "each", "difference": True, "each": 2},
                {"name": "wordy", "metric": "words", "of": "ann", "difference": True, "each": 2},
                {"name": "who", "value": "mover"}]
    play = await played(scenario(
        roles=ROLES, analysis={"by": "eve", "report": False, "measures": measures},
        variables={"n": {"type": "integer", "initial": 0}, "gold": {"type": "number", "per_role": True, "initial": 1}},
        rules=[{"when": "true", "set": {"n": "vars.n + turn", "gold[mover]": "vars.gold[mover] * 2.5"}}],
        phases={"talk": {"next": [{"to": "end", "after_turns": 4}]}}),
        lambda role, request: "Well." if role != "ann" else (
            "one two three four" if "Ann:" in request.messages[-1].content else "one two."))
    found = {(event.measure, event.of, event.turn): event.value for event in play.of("measurement")}
    assert [found["n", None, turn] for turn in (1, 2, 3, 4)] == [1, 3, 6, 10]
    assert [found["step", None, turn] for turn in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert (found["rich", None, 4], found["who", None, 4]) == (1, "bob")
    assert [found["gold", role, turn] for role in ("ann", "bob") for turn in (2, 4)] == [2.5, 3.75, 2.5, 3.75]
    assert [found["wordy", "ann", turn] for turn in (2, 4)] == [2.0, 1.0], "the mean has grown from 2 to 3 words"
    assert not play.models["eve"].requests
