"""People who play roles, and what they put into a run from outside."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import WrongState
from tests.engines.playing import Playing, actor, narrator, played, scenario, timeless

_NUMBERS = itertools.count(1)
VOTE = {"vote": {"choice": "a"}}


def command(kind: str, **payload: Any) -> dict[str, Any]:
    return {"id": next(_NUMBERS), "actor": "kim", "kind": kind, "payload": payload}


def with_person(human: str = "always", **more: Any) -> Any:
    return scenario(roles={"ann": {"agent": actor(), "human": human}, "bob": actor()},
                    phases={"talk": {"next": [{"to": "end", "after_turns": 4}]}}, **more)


async def test_a_role_for_people_waits_for_its_answer() -> None:
    playing = Playing(with_person())
    result = await playing.play()
    assert result.status == "waiting"
    request = result.waiting or {}
    assert (request["role"], request["task"], request["turn"], request["schema"]) == ("ann", "speak", 1, None)
    assert (await playing.play()).status == "waiting", "playing on without an answer waits again"
    result = await playing.play(answer={"text": "I am a person.", "person": "kim"})
    assert result.status == "waiting"
    assert (result.waiting or {})["lines"][0]["text"] == "I am a person."
    result = await playing.play(answer={"text": "Still here."})
    assert result.status == "completed"
    said = playing.of("utterance")
    assert [(event.source, event.played_by) for event in said] == [
        ("ann", "kim"), ("bob", "model"), ("ann", "someone"), ("bob", "model")]
    assert not playing.models["ann"].requests


async def test_an_answer_is_recorded_and_never_asked_for_twice() -> None:
    first = Playing(with_person())
    await first.play()
    await first.play(answer={"text": "One."})
    await first.play(answer={"text": "Two."})
    again = await played(with_person(), record=MemoryRecord(first.record.calls.values()))
    assert again.calls == 0
    assert timeless(again.events) == timeless(first.events)


async def test_a_person_hands_a_turn_back() -> None:
    playing = Playing(with_person())
    await playing.play()
    result = await playing.play(answer={"release": True})
    assert result.status == "waiting", "only this turn was handed back"
    assert playing.of("utterance")[0].played_by == "model"


async def test_take_over_and_release_while_the_run_plays() -> None:
    inbox = MemoryInbox([command("take_over", role="ann")])
    playing = Playing(with_person("allowed"), inbox=inbox)
    assert (await playing.play()).status == "waiting"
    assert (await playing.play(answer={"text": "Mine.", "person": "kim"})).status == "waiting"
    inbox.put(command("release", role="ann"))
    assert (await playing.play()).status == "completed", "what arrives while the run waits takes effect"
    assert [event.played_by for event in playing.of("utterance")] == ["kim", "model", "model", "model"]
    assert [event.person for event in playing.of("role_taken")] == ["kim"]
    assert [event.person for event in playing.of("role_released")] == ["kim"]
    assert [event.action for event in playing.of("control")] == ["take_over", "release"]


async def test_a_person_may_be_the_narrator_and_change_the_world() -> None:
    template = scenario(roles={"ann": actor(), "god": {"agent": narrator(), "human": "allowed"}},
                        variables={name: {"type": "integer", "initial": 0, "maximum": 9} for name in ("heat", "rain")},
                        ends={"narrator": True},
                        phases={"talk": {"speakers": ["god", "ann"], "next": [{"to": "end", "when": "false"}]}})
    playing = Playing(template, people={"god": "kim"})
    result = await playing.play()
    assert set((result.waiting or {})["schema"]["properties"]) == {"text", "changes", "scene_over"}
    result = await playing.play(answer={"text": "Fire!", "changes": [
        {"variable": "heat", "value": 8}, {"variable": "rain", "value": 99}], "scene_over": True, "person": "kim"})
    assert result.status == "completed"
    assert [(event.old, event.new) for event in playing.of("variable_changed")] == [(0, 8)]
    assert len(playing.of("change_refused")) == 1


async def test_a_person_moderates() -> None:
    playing = Playing(scenario(roles={"ann": actor(), "bob": actor(), "god": {"agent": narrator(), "human": "always"}},
                               phases={"talk": {"speakers": ["ann", "bob"], "order": "moderated", "moderator": "god",
                                                "next": [{"to": "end", "after_turns": 1}]}}))
    result = await playing.play()
    waiting = result.waiting or {}
    assert waiting["choices"] == ["ann", "bob"]
    assert waiting["schema"]["properties"] == {"next": {"enum": ["ann", "bob"]}}, "what is asked is who is next"
    assert (await playing.play(answer={"next": "bob"})).status == "completed"
    assert playing.speakers == ["bob"]


async def test_an_answer_that_does_not_fit_is_asked_for_again_with_the_reason() -> None:
    template = scenario(roles={"ann": {"agent": actor(), "human": "always"}, "bob": actor(), "cat": actor()},
                        actions={"vote": {"fields": {"choice": {"enum": ["a", "b"]}}}},
                        phases={"talk": {"speakers": ["ann"], "action": "vote", "audiences": ["bob"],
                                         "next": [{"to": "end"}]}})
    playing = Playing(template)
    assert "problem" not in ((await playing.play()).waiting or {})
    wrong: Any
    for wrong, says in (({"text": ""}, "'actions' is a required"), ({"text": "x", "to": "dan", "actions": VOTE}, "dan"),
                        ({"text": "x", "to": "bob", "actions": {"fly": {}}}, "fly"),
                        ({"text": [5], "to": "bob", "actions": VOTE}, "text")):
        result = await playing.play(answer=wrong)
        assert result.status == "waiting", wrong
        assert says in (result.waiting or {})["problem"]
    right = {"text": "x", "to": "bob", "actions": VOTE, "person": "kim"}
    assert (await playing.play(answer=right)).status == "completed"
    assert playing.of("action")[0].arguments == {"choice": "a"}
    assert playing.of("utterance")[0].audience == ("ann", "bob")


async def test_a_moderator_who_is_a_person_must_pick_one_of_the_eligible() -> None:
    playing = Playing(scenario(roles={"ann": actor(), "bob": actor(), "god": {"agent": narrator(), "human": "always"}},
                               phases={"talk": {"speakers": ["ann", "bob"], "order": "moderated", "moderator": "god",
                                                "next": [{"to": "end", "after_turns": 1}]}}))
    await playing.play()
    for wrong in ({"next": "zed"}, {}, {"text": "hm"}):
        assert "problem" in ((await playing.play(answer=wrong)).waiting or {})
    assert (await playing.play(answer={"next": "ann"})).status == "completed"


async def test_an_inject_is_heard_by_its_audience_from_the_next_turn_on() -> None:
    inbox = MemoryInbox([command("inject", text="A whistle blows.", audience=["bob"], set={"heat": 3}, source="Radio")])
    play = await played(with_person("no", variables={"heat": {"type": "integer", "initial": 0}}), inbox=inbox)
    event = play.of("inject")[0]
    assert (event.origin, event.source, event.audience) == ("kim", "Radio", ("bob",))
    assert (await play.state())["variables"] == {"heat": 3}
    assert "Radio: A whistle blows." in play.prompts("bob")[0]
    assert not any("whistle" in prompt for prompt in play.prompts("ann"))


async def test_what_a_person_injects_is_text_and_no_template() -> None:
    inbox = MemoryInbox([command("inject", text="{{ params }} {% boom %}")])
    play = await played(with_person("no"), inbox=inbox)
    assert play.of("inject")[0].text == "{{ params }} {% boom %}"


async def test_commands_before_simultaneous_turns_are_read_once() -> None:
    inbox = MemoryInbox([command("inject", text="A whistle blows.")])
    play = await played(scenario(roles=("ann", "bob"), phases={"talk": {
        "order": "simultaneous", "next": [{"to": "end", "after_rounds": 2}]}}), inbox=inbox)
    assert len(play.of("inject")) == 1
    lines = [line["content"] for line in (await play.state())["messages"]]
    assert lines.count("A whistle blows.") == 1
    assert "whistle" in play.prompts("bob")[1]


async def test_simultaneous_roles_of_people_are_all_waited_for() -> None:
    playing = Playing(scenario(roles={"ann": {"agent": actor(), "human": "always"},
                                      "bob": {"agent": actor(), "human": "always"}, "cat": actor()},
                               phases={"talk": {"order": "simultaneous", "next": [{"to": "end", "after_rounds": 1}]}}))
    roles = []
    result = await playing.play()
    while result.status == "waiting":
        roles.append((result.waiting or {})["role"])
        assert len(roles) < 4
        result = await playing.play(answer={"text": f"{roles[-1]} answers.", "person": "kim"})
    assert result.status == "completed", result
    assert sorted(roles) == ["ann", "bob"]
    said = {event.source: event.text for event in playing.of("utterance")}
    assert said["ann"] == "ann answers."
    assert said["bob"] == "bob answers."
    assert len(playing.models["cat"].requests) == 1


async def test_a_persons_view_holds_no_more_than_the_role_knows() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "The zebra is loose.", "to": "cat"} if role == "bob" else None

    playing = Playing(scenario(
        roles={"bob": actor(), "ann": {"agent": actor(), "human": "always"},
               "cat": {"agent": actor(), "secret": "zebra"}},
        variables={"zebra": {"type": "integer", "initial": 1, "visible_to": ["cat"]}},
        phases={"talk": {"audiences": ["whisper"], "next": [{"to": "end"}]}}), script)
    result = await playing.play()
    assert "zebra" not in str(result.waiting)


async def test_an_answer_says_for_whom_it_is_and_must_be_waited_for() -> None:
    people = {name: {"agent": actor(), "human": "always"} for name in ("ann", "bob")}
    playing = Playing(scenario(roles=people, phases={"talk": {
        "order": "simultaneous", "next": [{"to": "end", "after_rounds": 1}]}}))
    assert (await playing.play()).status == "waiting"
    with pytest.raises(WrongState, match="it waits for ann, bob"):
        await playing.play(answer={"text": "I am nobody.", "role": "cat"})
    result = await playing.play(answer={"text": "I am Bob.", "role": "bob"})
    assert (result.waiting or {})["role"] == "ann"
    assert (await playing.play(answer={"text": "I am Ann.", "role": "ann"})).status == "completed"
    assert {event.source: event.text for event in playing.of("utterance")} == {"ann": "I am Ann.", "bob": "I am Bob."}
    with pytest.raises(WrongState, match="it waits for nobody"):
        await playing.play(answer={"text": "Too late."})


async def test_each_of_two_people_is_recorded_as_who_said_it() -> None:
    """cases/two-people.yaml"""
    playing = Playing(scenario(roles={name: {"agent": actor(), "human": "allowed"} for name in ("a", "b")},
                               phases={"talk": {"next": [{"to": "end", "after_turns": 2}]}}),
                      people={"a": "Ann", "b": "Bob"})
    result = await playing.play()
    for name in ("Ann", "Bob"):
        assert result.status == "waiting"
        assert (result.waiting or {})["person"] == name
        result = await playing.play(answer={"text": f"I am {name}."})
    assert result.status == "completed"
    assert [(event.source, event.played_by) for event in playing.of("utterance")] == [("a", "Ann"), ("b", "Bob")]


@pytest.mark.parametrize("together", [True, False])
async def test_people_who_speak_at_once_are_each_who_they_are(together: bool) -> None:
    playing = Playing(scenario(roles={name: {"agent": actor(), "human": "always"} for name in ("a", "b")},
                               phases={"talk": {"order": "simultaneous" if together else "sequence",
                                                "next": [{"to": "end"}]}}), people={"a": "Ann", "b": "Bob"})
    result = await playing.play()
    while result.status == "waiting":
        asked = result.waiting or {}
        result = await playing.play(answer={"text": "Here.", "role": asked["role"]})
    assert {event.source: event.played_by for event in playing.of("utterance")} == {"a": "Ann", "b": "Bob"}


@pytest.mark.parametrize("waits", [False, True])
async def test_all_who_speak_at_once_hear_what_a_person_has_just_put_in(waits: bool) -> None:
    human = {"human": "always"} if waits else {}
    template = scenario(roles={"ann": {"agent": actor(), **human}, "bob": actor(), "cat": actor()},
                        variables={"heat": {"type": "integer", "initial": 0}},
                        phases={"talk": {"order": "simultaneous", "next": [{"to": "end", "after_rounds": 2}]}})
    whistle = command("inject", text="A whistle blows.", set={"heat": 3})
    playing = Playing(template, inbox=MemoryInbox([whistle]))
    result = await playing.play()
    while result.status == "waiting":
        assert "A whistle blows." in str(result.waiting)
        result = await playing.play(answer={"text": "I hear."})
    assert result.status == "completed"
    for role in ("bob", "cat") if waits else ("ann", "bob", "cat"):
        assert "A whistle blows." in playing.prompts(role)[0], role
    assert [event.turn for event in playing.of("inject")] == [1]
    assert (await playing.state())["variables"] == {"heat": 3}
    again = Playing(template, record=MemoryRecord(playing.record.calls.values()),
                    inbox=MemoryInbox([whistle]))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    first, second = ({event["key"]: event for event in timeless(play.events)} for play in (playing, again))
    assert second == first
