"""What failed is recorded and never given as an answer: who comes back to a question has it asked anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError
from pyscrai.events import Measurement, Report
from tests.engines.playing import Playing, actor, analyst, played, scenario, timeless

VOTE = {"vote": {"fields": {"who": {"enum": ["yes", "no"]}}}}
GOOD = {"text": "I vote.", "actions": {"vote": {"who": "yes"}}}
REFUSAL = "I cannot do that."


def voting(**policy: Any) -> Any:
    return scenario(roles={"ann": actor(failure={"retries": 0, "backoff": 0, **policy})}, actions=VOTE, phases={
        "x": {"action": "vote", "next": [{"to": "end", "after_turns": 1}]}})


def saying(*answers: Any) -> Callable[[str, ModelRequest], Any]:
    left = list(answers)
    return lambda role, request: left.pop(0) if left else GOOD


@pytest.mark.parametrize("then", ["fail", "pause"])
async def test_after_an_unusable_reply_resume_asks_anew_with_a_fresh_count_of_tries(then: str) -> None:
    playing = Playing(voting(then=then, repairs=1), saying(REFUSAL, REFUSAL, REFUSAL))
    result = await playing.play()
    assert result.status == {"fail": "failed", "pause": "paused"}[then]
    assert playing.calls == 2
    assert (await playing.play()).status == "completed"
    assert playing.calls == 4, "one repair is left again"
    assert [(call.key.ordinal, call.answered) for call in playing.record.calls.values()] == [
        (0, False), (1, False), (2, False), (3, True)]
    first, _, anew, _ = playing.record.calls.values()
    assert first.question == anew.question
    assert first.request.seed != anew.request.seed, "a model that says the same to the same would fail for ever"
    assert playing.of("action")[0].arguments == {"who": "yes"}
    assert len(playing.of("reply_repaired")) == 2
    again = Playing(voting(then=then, repairs=1), record=MemoryRecord(playing.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(playing.events)


async def test_the_error_names_role_turn_purpose_and_cure() -> None:
    playing = Playing(voting(repairs=0), saying(REFUSAL))
    error = (await playing.play()).error or {}
    assert error["code"] == "engine.reply"
    assert error["message"].startswith("ann, turn 1, speech: ")
    assert "resume the run to ask anew" in error["cure"]
    assert (error["role"], error["turn"], error["purpose"]) == ("ann", 1, "speech")


async def test_a_model_that_was_down_is_asked_anew() -> None:
    playing = Playing(voting(retries=1), saying(*[ModelServerError("down")] * 3))
    assert (await playing.play()).status == "failed"
    assert (await playing.play()).status == "completed"
    calls = list(playing.record.calls.values())
    assert [(call.key.ordinal, len(call.attempts), call.answered) for call in calls] == [(0, 2, False), (1, 1, True)]
    assert calls[0].request == calls[1].request, "an outage leaves no trace in what is asked"
    assert [event.attempt for event in playing.of("model_retried")] == [1, 2, 1]
    assert len({event.key for event in playing.of("model_retried")}) == 3


async def test_what_was_skipped_stays_skipped_when_the_turn_is_played_again() -> None:
    """As after a crash between the log and the checkpoint: the log says that the turn was skipped."""
    first = await played(voting(then="skip", repairs=0), saying(REFUSAL))
    assert first.of("turn_skipped")
    again = Playing(voting(then="skip", repairs=0), record=MemoryRecord(first.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(first.events)


async def test_an_answer_is_used_only_for_its_own_question() -> None:
    """A run pauses at a turn; what is put into the world before it goes on changes what is asked there."""
    inbox = MemoryInbox()
    template = scenario(roles={"ann": actor(tools=["dice"], failure={"retries": 0, "then": "pause"})},
                        phases={"x": {"next": [{"to": "end", "after_turns": 1}]}})
    no_tool, answers = {"use": None}, [ModelServerError("down")]

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema is not None:
            return no_tool
        return answers.pop(0) if answers else "I speak."

    playing = Playing(template, script, inbox=inbox)
    assert (await playing.play()).status == "paused"
    inbox.put({"id": 1, "actor": "kim", "kind": "inject", "payload": {"text": "A storm breaks.", "audience": ["all"]}})
    assert (await playing.play()).status == "completed"
    assert [(call.purpose, call.key.ordinal, call.answered) for call in playing.record.calls.values()] == [
        ("tool", 0, True), ("speech", 1, False), ("tool", 2, True), ("speech", 3, True)]
    assert all("A storm breaks." in playing.prompts("ann")[number] for number in (2, 3))
    [note] = playing.of("flow_warning")
    assert "a recorded answer of ann (tool) is not used" in note.message
    replayed = Playing(template, record=MemoryRecord(playing.record.calls.values()), inbox=MemoryInbox([
        {"id": 1, "actor": "kim", "kind": "inject", "payload": {"text": "A storm breaks.", "audience": ["all"]}}]))
    assert (await replayed.play()).status == "completed"
    assert replayed.calls == 0
    assert {event.key: event for event in replayed.events if not event.kind.startswith("run_")} == {
        event.key: event for event in playing.events if not event.kind.startswith("run_")}


JUDGES = [{"judge": {"goal": f"the {which} goal", "by": "eye", "every": 2}} for which in ("first", "second")]


async def test_every_goal_of_one_analyst_gets_a_verdict_of_its_own() -> None:
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Any:
        if role != "eye":
            return "Well."
        asked.append(request.messages[-1].content)
        return {"met": "second goal" in asked[-1], "rationale": "so it is", "evidence": []}

    template = scenario(roles={"ann": actor(), "bob": actor(), "eye": analyst()}, ends=JUDGES,
                        phases={"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end", "after_turns": 4}]}})
    play = await played(template, script)
    verdicts = play.of("verdict")
    assert [(event.goal, event.met) for event in verdicts[:2]] == [("the first goal", False), ("the second goal", True)]
    assert len(asked) == len(verdicts)
    assert (await play.state())["outcome"]["end"] == "judge"


MEASURED = {"analysis": {"by": "eye", "report": True, "measures": [
    {"name": "calm", "scale": [1, 5], "of": "each", "rubric": "How calm."}]}}


async def test_measures_and_reports_that_fail_leave_the_play_completed() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return REFUSAL if role == "eye" and request.schema else "" if role == "eye" else "Well."

    template = scenario(roles={"ann": actor(), "bob": actor(), "eye": analyst(failure={"retries": 0, "repairs": 0})},
                        **MEASURED)
    play = await played(template, script)
    missing = play.of("result_missing")
    assert [(event.task, event.measures, event.of) for event in missing] == [
        ("measure", ["calm"], "ann"), ("measure", ["calm"], "bob"), ("report", [], None)]
    assert {event.error["code"] for event in missing} == {"engine.reply"}
    assert not play.of(Measurement)
    assert not play.of(Report)
    again = Playing(template, record=MemoryRecord(play.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(play.events)


async def test_a_measure_that_fails_does_not_take_the_others_with_it() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if role != "eye" or request.schema is None:
            return "Well, that is how it was."
        if "Ann" in request.messages[-1].content.rpartition("calm")[2]:
            return REFUSAL
        return {"value": 3, "rationale": "calm", "evidence": []}

    template = scenario(roles={"ann": actor(), "bob": actor(), "eye": analyst(failure={"retries": 0, "repairs": 0})},
                        **MEASURED)
    play = await played(template, script)
    assert {event.of for event in play.of(Measurement)} | {event.of for event in play.of("result_missing")} == {
        "ann", "bob"}
    assert play.of(Report)


async def test_an_analyst_that_cannot_be_reached_is_not_asked_for_every_measure() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if role == "eye":
            raise ModelServerError("down")
        return "Well."

    template = scenario(roles={"ann": actor(), "bob": actor(), "eye": analyst(failure={"retries": 0})}, **MEASURED)
    play = await played(template, script)
    assert len(play.models["eye"].requests) == 2, "one for the measures, one for the report"
    assert [(event.task, event.of) for event in play.of("result_missing")] == [
        ("measure", "ann"), ("measure", "bob"), ("report", None)]


async def test_an_analyst_whose_policy_is_to_pause_pauses_and_measures_anew() -> None:
    answers: list[Any] = [ModelServerError("down")]

    def script(role: str, request: ModelRequest) -> Any:
        if role != "eye":
            return "Well."
        if answers:
            return answers.pop()
        return "It was a calm talk, all in all." if request.schema is None else {
            "value": 3, "rationale": "calm", "evidence": []}

    template = scenario(roles={"ann": actor(), "bob": actor(), "eye": analyst(
        failure={"retries": 0, "then": "pause"})}, **MEASURED)
    playing = Playing(template, script)
    assert (await playing.play()).status == "paused"
    assert (await playing.play()).status == "completed"
    assert len(playing.of(Measurement)) == 2
    assert playing.of(Report)


async def test_a_short_report_is_a_report() -> None:
    template = scenario(roles={"ann": actor(), "eye": analyst()}, analysis={"by": "eye"})
    play = await played(template, lambda role, request: "All went well.")
    assert [event.markdown for event in play.of(Report)] == ["All went well."]
