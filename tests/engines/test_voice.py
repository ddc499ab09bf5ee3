"""A small model moves first and then puts into words what it means."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.engines.layouts.layout import Standards
from pyscrai.engines.layouts.voice import ANSWERS, CANDIDATES, Faithful, Meaning, faults, without_worded
from pyscrai.engines.line import lines_of
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.engines.state import Line
from pyscrai.errors import TryAgain
from pyscrai.llm.scripted.model import Scripted
from pyscrai.templates.checks.checker import check
from pyscrai.templates.models.scenario import ScenarioTemplate
from tests.engines.playing import Playing, played, scenario

MEANT = Meaning("There is rust on the left door. I pay 5200.", "Lee")
HEARD = Standards([Line(kind="utterance", content="The clutch is new, I had it put in this spring. I want 6100.")],
                  known=(), entries=lambda again: ())


@pytest.mark.parametrize(("line", "fault"), [
    ("There is rust on the left door. I pay 5200.", None),
    ("Look at the rust on that left door! I'll pay 5,200.", None),
    ("There is rust on the left door. I pay 5300.", "it says 5300"),
    ("There is rust on the left door.", "it does not say 5200"),
    ("There is rust on the left door, Lee. I pay 5200.", "its own speaker"),
    ("It is a fine day. I pay 5200.", "all that is meant"),
    ("There is rust on the left door, I can move in tomorrow. I pay 5200.", "adds"),
    ("There is rust on the left door and the clutch. I pay 5200.", "takes up what another has said"),
    ("But there is rust on the left door. I pay 5200.", None),
    ("The left door has no rust, but rust is there. I pay 5200.", "turns around"),
    ("There isn't rust on the left door. I pay 5200.", "turns around"),
    ("I have rust on the left door. I pay 5200.", "of its speaker"),
])
def test_a_line_says_what_is_meant(line: str, fault: str | None) -> None:
    found = faults(line, MEANT, HEARD)
    assert not found if fault is None else any(fault in each for each in found), found


def test_every_sentence_of_what_is_meant_is_said() -> None:
    meant = Meaning("The tires are worn. 5500 is fine, we have a deal.", "Lee")
    assert faults("The tires are worn. I want 5500.", meant, HEARD)
    assert not faults("The tires are worn, and 5500 is a deal.", meant, HEARD)


def test_of_poor_lines_the_best_is_taken_after_the_last_try() -> None:
    critic = Faithful(MEANT, HEARD)
    request = ModelRequest((Message("user", ("Now.",)),), seed=4)
    lines = ["Yes.", "There is rust on the left door.", "No, 5300.", "Well.", "Hm.", "So?"]
    assert len(lines) == CANDIDATES
    for line in lines[:-1]:
        with pytest.raises(TryAgain) as again:
            critic.judged(line)
        assert again.value.again(request).seed == 5
    assert critic.judged(lines[-1]) == lines[1]


def test_of_a_model_that_is_not_up_to_it_no_more_lines_are_asked_for() -> None:
    critic = Faithful(MEANT, HEARD)
    for _ in range(ANSWERS - 1):
        with pytest.raises(TryAgain):
            critic.judged("I am not 77 years old, you know?")
    assert critic.judged("I am not 77 years old, you know?") == "I am not 77 years old, you know?"


def test_later_lines_are_asked_for_without_the_words_that_earlier_ones_took_up() -> None:
    critic = Faithful(MEANT, HEARD)
    request = ModelRequest((Message("system", ("Write.",)), Message("user", (
        "Lee speaks to Dana.\n", 'Dana said: "The clutch is new."\n', "Lee means: There is rust."))), seed=4)
    answers = []
    for _ in range(CANDIDATES - 1):
        with pytest.raises(TryAgain) as again:
            critic.judged("There is rust on the left door and the clutch. I pay 5200.")
        request = again.value.again(request)
        answers.append("The clutch" in request.messages[-1].content)
    assert answers == [True] * (ANSWERS - 1) + [False] * (CANDIDATES - ANSWERS)
    assert request.messages[-1].content == "Lee speaks to Dana.\nLee means: There is rust."


def market(intent: str = "{{ vars.place }} is the place for {{ name(mover) }}s, I want {{ args.price }}.", **place: Any
           ) -> ScenarioTemplate:
    return scenario(
        variables={"place": {"type": "string", "initial": "Ulm", **place}},
        actions={"ask": {"fields": {"price": {"type": "integer"}}, "intent": intent, "by": ["ann", "bob"],
                         "set": {"place": "'Graz'"}}},
        phases={"talk": {"action": "ask", "next": [{"to": "end"}]}})


async def test_a_small_model_moves_first_and_then_speaks() -> None:
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Scripted | None:
        asked.append("".join(message.content for message in request.messages))
        if request.schema is not None:
            return {"actions": {"ask": {"price": 40}}}
        return "In Graz Bobs have their place. I want 40." if role == "bob" else "Ulm is the place for Anns, I want 40."

    play = await played(market(), script, layout="script", prefill=True)
    assert [event.kind for event in play.events if event.kind in ("utterance", "action")] == ["utterance", "action"] * 2
    assert [call.purpose for call in play.record.calls.values()] == ["move", "speech"] * 2
    assert "What Ann does now, as JSON" in asked[0]
    assert asked[1].endswith("Ann means: Ulm is the place for Anns, I want 40.")
    assert 'Ann said: "Ulm is the place for Anns, I want 40."' in asked[-1]
    assert asked[-1].endswith("Bob means: Graz is the place for Bobs, I want 40."), "as the world is when he moves"


async def test_a_large_model_does_both_in_one_reply() -> None:
    play = await played(market(), lambda role, request: {"text": "Forty.", "actions": {"ask": {"price": 40}}})
    assert [call.purpose for call in play.record.calls.values()] == ["speech"] * 2
    assert not any("means:" in prompt for prompt in play.prompts("ann"))


@pytest.mark.parametrize("text", ["{{ args.prize }}", "{{ vars.plaice }}", "{{ who }}"])
def test_an_intent_reads_what_there_is(text: str) -> None:
    problem = next(each for each in check(market(text), {}) if each.code == "template.prompt")
    assert problem.field == "actions.ask.intent"
    assert text.strip("{ }").rpartition(".")[2] in problem.message


def test_an_intent_that_shows_what_the_mover_cannot_see_is_warned_of() -> None:
    assert [each.field for each in check(market(visible_to=["bob"]), {}) if each.code == "template.variable_shown"] == [
        "actions.ask.intent"]


async def test_a_move_that_is_put_into_words_is_told_in_them_alone() -> None:
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if request.schema is None:
            return f"I want 40, {role} of Ulm, so."
        asked.append("".join(message.content for message in request.messages))
        return {"actions": {"ask": {"price": 40}}}

    for intent, told in (("I want {{ args.price }}.", False), ("", True)):
        asked.clear()
        await played(market(intent), script, layout="script", prefill=True)
        assert ("(ask) price = 40" in asked[-1]) is told, "what Bob's model reads before his move"
        assert "I want 40, ann of Ulm, so." in asked[-1]


async def test_what_is_meant_is_one_line_however_it_is_written() -> None:
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if request.schema is not None:
            return {"actions": {"ask": {"price": 40}}}
        asked.append(request.messages[-1].content)
        return "Nothing of that."

    intent = "I want\n\n{{ args.price }}.\nMira means: I give it away."
    await played(market(intent), script, layout="script", prefill=True)
    assert {text.splitlines()[-1] for text in asked} == {
        f"{name} means: I want 40. Mira means: I give it away." for name in ("Ann", "Bob")}


def test_of_a_turn_with_two_moves_both_are_told_in_words_alone() -> None:
    said, one, two = line("utterance", "I ask 4,000 and give 2."), line("action", "(ask) price = 4000"), line(
        "action", "(give) n = 2")
    other, silent = line("action", "(look) at = it"), line("action", "(ask) price = 2", "bob")
    assert without_worded([said, one, two, other, silent], ("(ask) ", "(give) ")) == (said, other, silent)
    assert without_worded([said, other, one], ("(ask) ",)) == (said, other)


def line(kind: str, content: str, speaker: str = "ann", **more: Any) -> Line:
    return {"kind": kind, "speaker": speaker, "turn": 1, "content": content, **more}


@pytest.mark.parametrize("said", [
    line("utterance", "I want 40.", played_by="Kim"), line("utterance", "I want 40.", played_by="model, edited by Kim"),
    line("utterance", "I want a lot.")])
def test_a_move_that_is_not_told_in_words_stays(said: Line) -> None:
    move = line("action", "(ask) price = 40")
    assert without_worded([said, move], ("(ask) ",)) == (said, move)


async def test_a_small_model_reads_the_move_of_a_person_who_spoke_of_something_else() -> None:
    asked: list[str] = []

    def script(role: str, request: ModelRequest) -> Scripted | None:
        if request.schema is None:
            return "I want 40."
        asked.append("".join(message.content for message in request.messages))
        return {"actions": {"ask": {"price": 40}}}

    template = market("I want {{ args.price }}.")
    template = template.model_copy(update={"roles": {**template.roles, "ann": template.roles["ann"].model_copy(
        update={"human": "always"})}})
    playing = Playing(template, script, layout="script", prefill=True)
    assert (await playing.play()).status == "waiting"
    await playing.play(answer={"text": "Nice weather.", "actions": {"ask": {"price": 75}}, "person": "Kim"})
    assert any("Nice weather.\n[Ann (ask) price = 75]" in text for text in asked), "what Bob's model reads"
    told = list(lines_of(playing.events, playing.plan))
    assert list((await playing.state())["messages"]) == told
