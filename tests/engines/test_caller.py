"""Failure policies: retries, repair, fallback, and what is done in the end; and the journal before all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.model import ModelReply, ModelRequest, Usage
from pyscrai.errors import ModelClosed, ModelRateLimited, ModelRefused, ModelServerError
from pyscrai.llm.scripted.model import Scripted, ScriptedModel
from tests.engines.playing import Playing, actor, played, scenario, timeless


def failing(errors: list[Any], then: str = "Well then.") -> Callable[[str, ModelRequest], Scripted | None]:
    """The first answers of ann, then always the same."""
    left = list(errors)

    def script(role: str, request: ModelRequest) -> Scripted | None:
        return left.pop(0) if role == "ann" and left else then

    return script


def with_policy(**policy: Any) -> Any:
    return scenario(roles={"ann": actor(failure={"retries": 0, "backoff": 1, **policy}), "bob": actor()})


async def test_a_failed_call_is_made_again_after_a_growing_wait() -> None:
    sleeps: list[float] = []
    play = await played(with_policy(retries=3), failing([ModelServerError("down")] * 3), sleeps=sleeps)
    assert [round(sleep) in (1, 2, 3, 4, 5) for sleep in sleeps] == [True] * 3
    assert sleeps[0] < sleeps[1] < sleeps[2]
    assert [(event.error, event.attempt, event.source) for event in play.of("model_retried")] == [
        ("model.server_error", number, "ann") for number in (1, 2, 3)]
    assert play.speakers == ["ann", "bob"]


async def test_retry_after_is_honoured_but_not_for_ever() -> None:
    sleeps: list[float] = []
    await played(with_policy(retries=2), failing([ModelRateLimited("slow", retry_after=7.0),
                                                  ModelRateLimited("slow", retry_after=9_999.0)]), sleeps=sleeps)
    assert sleeps == [7.0, 600.0]


async def test_an_endpoint_that_is_closed_for_hours_pauses_the_run_at_once() -> None:
    closed = ModelClosed("closed until 18:00", retry_after=7_200.0)
    playing = Playing(with_policy(retries=5), failing([closed]))
    result = await playing.play()
    assert result.status == "paused"
    assert playing.of("run_paused")[-1].reason == "ann, turn 1, speech: closed until 18:00"
    assert len(playing.models["ann"].requests) == 1


async def test_what_cannot_help_is_not_tried_again() -> None:
    playing = Playing(with_policy(retries=5), failing([ModelRefused("a bad key")] * 6))
    result = await playing.play()
    assert result.status == "failed"
    assert (result.error or {})["code"] == "model.refused"
    assert len(playing.models["ann"].requests) == 1


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    playing = Playing(with_policy(timeout=0.01, retries=1))

    class Stuck(ScriptedModel):
        async def complete(self, request: ModelRequest, on_token: Any = None) -> ModelReply:
            await asyncio.Event().wait()
            raise AssertionError

    playing.runtime.engines["ann"].model = Stuck()
    result = await playing.play()
    assert (result.error or {})["code"] == "model.timeout"
    assert len(playing.of("model_retried")) == 2


async def test_an_unusable_reply_is_sent_back_once_with_what_is_wrong() -> None:
    template = scenario(actions={"vote": {"fields": {"choice": {"enum": ["a", "b"]}}}},
                        phases={"talk": {"action": "vote", "next": [{"to": "end"}]}})
    play = await played(template, failing(
        [{"text": "I vote.", "actions": {"vote": {"choice": "c"}}}],
        then='{"text": "I vote b.", "actions": {"vote": {"choice": "b"}}}'))
    repaired = play.models["ann"].requests[1]
    assert [message.role for message in repaired.messages] == ["system", "user", "assistant", "user"]
    assert '"c"' in repaired.messages[2].content
    assert "is none of" in repaired.messages[3].content
    assert "is none of" in play.of("reply_repaired")[0].problem
    assert play.of("action")[0].arguments == {"choice": "b"}


async def test_an_empty_reply_is_simply_asked_for_again_with_another_seed() -> None:
    play = await played(with_policy(), failing(["   "]), seed=5)
    first, again = play.models["ann"].requests
    assert again.seed == first.seed + 1
    assert again.messages == first.messages


@pytest.mark.parametrize(("then", "status"), [("fail", "failed"), ("skip", "completed"), ("pause", "paused")])
async def test_in_the_end_the_role_fails_skips_or_pauses(then: str, status: str) -> None:
    playing = Playing(with_policy(then=then, retries=1), failing([ModelServerError("down")] * 2))
    result = await playing.play()
    assert result.status == status
    assert len(playing.of("model_retried")) == 2
    if then == "skip":
        assert playing.speakers == ["ann", "bob"]
        assert playing.of("turn_skipped")[0].error["code"] == "model.server_error"
        return
    assert playing.speakers == []
    result = await playing.play()
    assert result.status == "completed", "it can be resumed, and the turn is played again"
    assert playing.speakers == ["ann", "bob"]


async def test_an_unusable_reply_follows_the_policy_too() -> None:
    playing = Playing(with_policy(repairs=1, then="skip"), failing(["", "", ""]))
    assert (await playing.play()).status == "completed"
    assert playing.of("turn_skipped")[0].error["code"] == "engine.reply"


async def test_the_fallback_answers_when_the_first_model_failed_for_good() -> None:
    other = ScriptedModel(lambda request: "The other one speaks.", alias="other")
    play = await played(with_policy(fallback="other", retries=1), failing([ModelServerError("down")] * 2),
                        fallbacks={"other": other})
    assert play.of("utterance")[0].text == "The other one speaks."
    fell = play.of("model_fell_back")
    assert [(event.alias, event.fallback) for event in fell] == [("scripted", "other")]
    assert next(iter(play.record.calls.values())).alias == "other"


async def test_a_prefill_is_for_models_that_go_on_from_it() -> None:
    other = ScriptedModel(lambda request: "I speak.", alias="other")
    play = await played(with_policy(fallback="other"), failing([ModelServerError("down")]), prefill=True,
                        fallbacks={"other": other})
    assert play.models["ann"].requests[0].messages[-1].role == "assistant"
    assert other.requests[0].messages[-1].role == "user"


async def test_a_play_from_the_journal_makes_no_call_and_has_the_same_events() -> None:
    sleeps: list[float] = []
    first = await played(with_policy(retries=2), failing([ModelServerError("down"), "", "Here I am."]), sleeps=sleeps)
    again = await played(with_policy(retries=2), record=MemoryRecord(first.record.calls.values()), sleeps=sleeps)
    assert again.calls == 0
    assert timeless(again.events) == timeless(first.events)
    assert (await again.state())["usage"] == (await first.state())["usage"]
    assert len(sleeps) == 1


async def test_every_turn_has_a_seed_of_its_own_that_follows_from_the_runs() -> None:
    plays = [await played(scenario(), seed=seed) for seed in (5, 5, 6)]
    one, same, other = ([call.request.seed for call in play.record.calls.values()] for play in plays)
    assert one == same
    assert len(set(one)) == len(one)
    assert not set(one) & set(other)


async def test_a_small_model_that_repeats_a_line_is_asked_twice_more_and_then_taken_as_it_is() -> None:
    line = "We could still meet at the harbour tomorrow."
    told = [line, line, "", line]
    template = with_policy(repairs=1)

    def script(role: str, request: ModelRequest) -> Scripted | None:
        return told.pop(0) if role == "bob" else line

    play = await played(template, script, layout="script")
    assert [event.text for event in play.of("utterance")] == [line, line]
    assert not told
    assert [(event.source, event.problem) for event in play.of("reply_repaired")] == [
        ("bob", "it repeats what stands in the prompt"), ("bob", "it repeats what stands in the prompt"),
        ("bob", "the reply is empty")]
    first, again, without = (call.request for call in list(play.record.calls.values())[1:4])
    assert len({first.seed, again.seed, without.seed}) == 3
    assert (first.temperature or 0) < (again.temperature or 0) < (without.temperature or 0)
    assert again.messages == first.messages
    assert line in first.messages[-1].content
    assert line not in without.messages[-1].content


async def test_a_model_with_a_plan_of_its_own_may_say_a_thing_twice() -> None:
    play = await played(scenario(), failing([], then="The same again and again, word for word."))
    assert not play.of("reply_repaired")


async def test_a_fallback_that_takes_no_prefill_is_asked_outright() -> None:
    spare = ScriptedModel(layout="instruct", alias="spare")
    template = scenario(roles={"ann": actor(), "bob": actor(failure={"retries": 0, "backoff": 0, "fallback": "spare"})})

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if role == "bob":
            raise ModelServerError("down")
        return "The word is quince."

    play = await played(template, script, layout="script", prefill=True, fallbacks={"spare": spare})
    begun = play.models["bob"].requests[0].messages
    assert begun[-1].role == "assistant"
    assert begun[-1].content.endswith("Bob:")
    outright = spare.requests[0].messages
    assert [message.role for message in outright] == ["system", "user"]
    assert "The word is quince." in outright[-1].content
    assert not outright[-1].content.endswith("Bob:")


async def test_a_small_model_speaks_first_and_is_then_asked_for_its_move() -> None:
    lines = {"ann": "A fair price is seven.", "bob": "Then I take it gladly."}
    offer = {"description": "the price", "fields": {"price": {"type": "integer"}}}
    template = scenario(roles=("ann", "bob", "cat"), actions={"offer": offer}, phases={"talk": {
        "speakers": ["ann", "bob"], "action": "offer", "audiences": ["whisper"], "next": [{"to": "end"}]}})

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if request.schema is None:
            return f"{role.title()}: {lines[role]}"
        assert set(request.schema["properties"]) == {"actions", "to"}
        assert lines[role] in request.messages[-1].content
        return {"actions": {"offer": {"price": 7}}, "to": "bob" if role == "ann" else "all"}

    play = await played(template, script, layout="script", prefill=True)
    assert [(event.text, event.audience) for event in play.of("utterance")] == [
        (lines["ann"], ("ann", "bob")), (lines["bob"], "all")]
    assert [event.arguments for event in play.of("action")] == [{"price": 7}] * 2
    assert [call.purpose for call in play.record.calls.values()] == ["speech", "move"] * 2


@pytest.mark.parametrize(("costs", "shown"), [((0.25, 0.5), 0.75), ((0.25, None), None), ((None, None), None)])
async def test_an_unknown_cost_is_null_and_not_zero(costs: tuple[float | None, ...], shown: float | None) -> None:
    left = list(costs)

    def script(role: str, request: ModelRequest) -> Scripted | None:
        return ModelReply("Well then.", "stop", Usage(10, 0, 5, left.pop(0)), "priced", 1.0)

    playing = Playing(scenario(roles={"ann": actor(), "bob": actor()}), script)
    result = await playing.play()
    assert result.status == "completed"
    assert result.usage["cost_usd"] == shown
    assert "unpriced" not in result.usage
    assert (await playing.state())["usage"]["cost_usd"] == sum(cost or 0 for cost in costs), "what a budget counts"


@pytest.mark.parametrize(("reason", "said"), [("length", "at its bound of tokens"),
                                              ("content_filter", "by the endpoint's content filter")])
async def test_a_reply_that_was_cut_off_is_used_with_a_warning(reason: str, said: str) -> None:
    play = await played(scenario(), failing([ModelReply("So I thought", reason, Usage(), "m", 1.0)]))
    assert play.speakers == ["ann", "bob"]
    assert [(event.source, event.message) for event in play.of("flow_warning")] == [
        ("ann", f"the reply of ann (speech) was cut off {said}")]
