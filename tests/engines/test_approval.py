"""Approval and programs: nobody hears what a person has not let pass, and a role may be played by a function."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ConfigError
from tests.engines.playing import Playing, actor, narrator, played, scenario, timeless

MOVES = {"pay": {"fields": {"sum": {"type": "integer", "minimum": 0, "maximum": 9}}, "set": {"paid": "args.sum"}}}


def supervised(**more: Any) -> Any:
    return scenario(
        roles={"ann": {"agent": actor(), "approve": "boss"}, "bob": actor(), "boss": {
            "agent": actor(), "human": "allowed"}},
        actions=MOVES, variables={"paid": {"type": "integer", "initial": 0}},
        phases={"desk": {"speakers": ["ann", "bob"], "optional_actions": ["pay"],
                         "next": [{"to": "end", "after_rounds": 1}]}}, **more)


def pays(role: str, request: ModelRequest) -> Any:
    return {"text": f"A word of {role}.", "actions": {"pay": {"sum": 5} if role == "ann" else None}}


@pytest.mark.parametrize(("decision", "said", "paid"), [
    ({"decision": "accept"}, "A word of ann.", 5),
    ({"decision": "edit", "edited": {"text": "Less.", "actions": {"pay": {"sum": 2}}}}, "Less.", 2),
    ({"decision": "reject", "reason": "too much"}, None, 0)])
async def test_a_proposal_waits_for_a_decision(decision: dict[str, Any], said: str | None, paid: int) -> None:
    playing = Playing(supervised(), pays)
    result = await playing.play()
    asked = result.waiting or {}
    assert result.status == "waiting"
    assert (asked["role"], asked["task"], asked["about"], asked["by"]) == ("ann", "approve", "speak", "boss")
    assert asked["proposal"] == {"text": "A word of ann.", "actions": {"pay": {"sum": 5}}}
    assert not playing.of("utterance"), "nobody has heard it"
    wrong = await playing.play(answer={"decision": "edit", "edited": {"actions": {"pay": {"sum": 99}}}})
    assert "99" in (wrong.waiting or {})["problem"]
    result = await playing.play(answer={**decision, "person": "Eve"})
    assert result.status == "completed"
    assert [event.text for event in playing.of("utterance") if event.source == "ann"] == ([said] if said else [])
    assert (await playing.state())["variables"] == {"paid": paid}
    [control] = playing.of("control")
    assert (control.actor, control.action, control.arguments["role"]) == ("Eve", decision["decision"], "ann")
    assert control.arguments["proposal"]["actions"] == {"pay": {"sum": 5}}
    heard = "A word of ann." in playing.prompts("bob")[0]
    assert heard == (decision["decision"] == "accept")
    assert len(playing.models["ann"].requests) == 1, "what was proposed is not asked for again"
    again = Playing(supervised(), record=MemoryRecord(playing.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(playing.events)


async def test_what_is_not_edited_stays_as_it_was_proposed() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "It burns.", "to": ["ann", "bob"], "changes": [{"variable": "heat", "value": 7}]}

    template = scenario(
        roles={"god": {"agent": narrator(), "approve": True}, "ann": actor(), "bob": actor(), "cat": actor()},
        variables={"heat": {"type": "integer", "initial": 0}}, phases={
            "one": {"speakers": ["god"], "audiences": ["whisper"], "to_several": True, "order": "sequence",
                    "next": [{"to": "two"}]},
            "two": {"speakers": ["ann", "bob", "cat"], "order": "sequence", "next": [{"to": "end"}]}})
    playing = Playing(template, lambda role, request: script(role, request) if role == "god" else None)
    asked = (await playing.play()).waiting or {}
    assert asked["proposal"] == {"text": "It burns.", "actions": {}, "to": ["ann", "bob"],
                                 "changes": [{"variable": "heat", "value": 7}]}
    result = await playing.play(answer={"decision": "edit", "edited": {"text": "It smoulders."}, "person": "Eve"})
    assert result.status == "completed"
    told = playing.of("utterance")[0]
    assert (told.text, told.audience) == ("It smoulders.", ("ann", "bob", "god"))
    assert told.played_by == "model, edited by Eve"
    assert (await playing.state())["variables"] == {"heat": 7}


async def test_whoever_decides_may_let_the_model_go_on() -> None:
    playing = Playing(supervised(), pays)
    await playing.play()
    assert (await playing.play(answer={"release": True})).status == "completed"
    assert [event.source for event in playing.of("utterance")] == ["ann", "bob"]


def chaired(approve: Any = "boss") -> Any:
    return scenario(
        roles={"ann": actor(), "bob": actor(), "cat": actor(), "god": {"agent": narrator(), "approve": approve},
               "boss": {"agent": actor(), "human": "allowed"}},
        phases={"talk": {"speakers": ["ann", "bob", "cat", "god"], "order": "moderated", "moderator": "god",
                         "next": [{"to": "end", "after_turns": 3}]}})


def picks(role: str, request: ModelRequest) -> Any:
    if role == "god" and "next" in (request.schema or {}).get("properties", {}):
        return {"next": "bob" if "bob" in request.schema["properties"]["next"]["enum"] else "god", "reason": "why not"}
    return None


@pytest.mark.parametrize(("decision", "spoke", "why"), [
    ({"decision": "accept"}, "bob", "why not"),
    ({"decision": "edit", "edited": {"next": "cat"}}, "cat", "Eve chose"),
    ({"decision": "reject", "reason": "not he"}, "ann", "round robin")])
async def test_a_moderators_choice_waits_for_a_decision(decision: dict[str, Any], spoke: str, why: str) -> None:
    playing = Playing(chaired(), picks)
    result = await playing.play()
    asked = result.waiting or {}
    assert (asked["role"], asked["task"], asked["about"], asked["by"]) == ("god", "approve", "moderate", "boss")
    assert asked["proposal"] == {"next": "bob", "reason": "why not"}
    assert asked["schema"]["properties"]["edited"]["properties"]["next"]["enum"] == ["ann", "bob", "cat", "god"]
    assert not playing.of("speaker_chosen"), "nobody was picked"
    wrong = await playing.play(answer={"decision": "edit", "edited": {"next": "boss"}})
    assert "boss" in (wrong.waiting or {})["problem"]
    result = await playing.play(answer={**decision, "person": "Eve"})
    chosen = playing.of("speaker_chosen")[0]
    assert (chosen.chosen, chosen.reason) == (spoke, why)
    control = playing.of("control")[0]
    assert (control.actor, control.action) == ("Eve", decision["decision"])
    assert control.arguments["proposal"] == {"next": "bob", "reason": "why not"}
    while result.status == "waiting":
        result = await playing.play(answer={"decision": "accept", "person": "Eve"})
    assert result.status == "completed"
    assert playing.speakers[0] == spoke
    again = Playing(chaired(), record=MemoryRecord(playing.record.calls.values()))
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(playing.events)


async def test_the_choice_and_the_turn_of_one_role_are_decided_apart() -> None:
    """The moderator picks itself, so that both proposals stand in one turn."""
    playing = Playing(chaired(), lambda role, request: {"next": "god"} if role == "god" and "next" in (
        request.schema or {}).get("properties", {}) else None)
    first = (await playing.play()).waiting or {}
    second = (await playing.play(answer={"decision": "accept"})).waiting or {}
    assert [(one["turn"], one["about"]) for one in (first, second)] == [(1, "moderate"), (1, "speak")]
    await playing.play(answer={"decision": "edit", "edited": {"text": "I say so myself."}})
    assert playing.of("utterance")[0].text == "I say so myself."
    assert len([key for key in playing.record.calls if key.task.startswith("approve")]) == 2


async def test_a_replay_of_an_earlier_version_asks_nobody_about_a_choice() -> None:
    """Then a moderator's choice did not wait."""
    earlier = await played(chaired(approve=False), picks)
    record = MemoryRecord(earlier.record.calls.values())
    record.closed = True
    again = Playing(chaired(approve=True), record=record)
    result = await again.play()
    assert [event.chosen for event in again.of("speaker_chosen")][:1] == ["bob"]
    assert (result.waiting or {}).get("about") in (None, "speak")


# -- programs ---------------------------------------------------------------------------------------------------------

ASKED: list[Mapping[str, Any]] = []


def banker(view: Mapping[str, Any]) -> dict[str, Any]:
    """Pays what stands in the world, and one more by its seed."""
    ASKED.append(view)
    extra = random.Random(view["seed"]).randint(0, 1)
    wanted = min(9, view["variables"]["paid"] + extra)
    return {"text": f"I pay in turn {view['turn']}.", "actions": {"pay": {"sum": wanted}}}


async def picker(view: Mapping[str, Any]) -> dict[str, Any]:
    return {"next": view["choices"][-1]}


def broken(view: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": "x", "actions": {"pay": {"sum": 1_000}}}


HERE = "tests.engines.test_approval"


def banked(name: str = "banker", **failure: Any) -> Any:
    return scenario(
        roles={"ann": actor(), "bank": {"agent": actor(failure={"retries": 0, **failure}), "secret": "the vault",
                                        "played_by": f"tool:{HERE}:{name}"}},
        actions=MOVES, variables={"paid": {"type": "integer", "initial": 3}}, phases={
            "desk": {"speakers": ["ann", "bank"], "action": "pay", "next": [{"to": "end", "after_rounds": 2}]}})


async def test_a_program_plays_a_role_and_is_journaled() -> None:
    ASKED.clear()
    play = await played(banked(), tools_allowed=[f"{HERE}:banker"])
    said = [event for event in play.of("utterance") if event.source == "bank"]
    assert [(event.text, event.played_by) for event in said] == [("I pay in turn 2.", "program"),
                                                                 ("I pay in turn 4.", "program")]
    assert len(play.models["bank"].requests) == 0
    assert ASKED[0]["secret"] == "the vault"
    assert ASKED[0]["schema"]["properties"]["actions"]["required"] == ["pay"]
    assert ASKED[0]["lines"][0]["name"] == "Ann"
    assert ASKED[0]["seed"] != ASKED[1]["seed"]
    calls = len(ASKED)
    again = Playing(banked(), record=MemoryRecord(play.record.calls.values()), tools_allowed=[f"{HERE}:banker"])
    assert (await again.play()).status == "completed"
    assert len(ASKED) == calls, "the journal answers"
    assert timeless(again.events) == timeless(play.events)


async def test_what_a_program_may_not_do_falls_under_the_roles_policy() -> None:
    play = await played(banked("broken", then="skip"), tools_allowed=[f"{HERE}:broken"])
    assert [event.source for event in play.of("turn_skipped")] == ["bank", "bank"]
    assert "1000" in play.of("turn_skipped")[0].error["message"]


async def test_a_program_may_moderate() -> None:
    template = scenario(roles={"ann": actor(), "bob": actor(), "god": {
        "agent": narrator(), "played_by": f"tool:{HERE}:picker"}}, phases={"talk": {
            "speakers": ["ann", "bob"], "order": "moderated", "moderator": "god",
            "next": [{"to": "end", "after_turns": 3}]}})
    play = await played(template, tools_allowed=[f"{HERE}:picker"])
    assert play.speakers == ["bob", "ann", "bob"]


@pytest.mark.parametrize("allowed", [[], [f"{HERE}:nothing"]])
def test_a_program_must_be_allowed(allowed: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Playing(banked(), tools_allowed=allowed)
    assert caught.value.code == "config.tool_not_allowed"


def banked_by_leave(**more: Any) -> Any:
    return scenario(
        roles={"ann": actor(), "bank": {"agent": actor(), "approve": True, "played_by": f"tool:{HERE}:banker"}},
        actions=MOVES, variables={"paid": {"type": "integer", "initial": 3}}, phases={
            "desk": {"speakers": ["bank", "ann"], "optional_actions": ["pay"], "next": [{"to": "end"}]}}, **more)


@pytest.mark.parametrize(("decision", "by", "paid"), [
    ({"decision": "accept"}, "program", 4),
    ({"decision": "edit", "edited": {"actions": {"pay": {"sum": 1}}}}, "program, edited by Eve", 1),
    ({"decision": "reject"}, None, None)])
async def test_what_a_program_proposes_waits_too(decision: dict[str, Any], by: str | None, paid: int | None) -> None:
    ASKED.clear()
    playing = Playing(banked_by_leave(), tools_allowed=[f"{HERE}:banker"])
    asked = (await playing.play()).waiting or {}
    assert (asked["about"], asked["proposal"]["text"]) == ("speak", "I pay in turn 1.")
    assert (await playing.play(answer={**decision, "person": "Eve"})).status == "completed"
    heard = [(event.text, event.played_by) for event in playing.of("utterance") if event.source == "bank"]
    assert heard == ([("I pay in turn 1.", by)] if by else [])
    moves = [event.arguments["sum"] for event in playing.of("action") if event.source == "bank"]
    assert moves == ([paid] if paid else [])
    assert len(ASKED) == 1, "the program is not called again"
    again = Playing(banked_by_leave(), record=MemoryRecord(playing.record.calls.values()),
                    tools_allowed=[f"{HERE}:banker"])
    assert (await again.play()).status == "completed"
    assert timeless(again.events) == timeless(playing.events)


async def test_an_edit_that_leaves_nothing_is_refused() -> None:
    """It would fail the turn, and be given again whenever the run is resumed."""
    playing = Playing(supervised(), pays)
    await playing.play()
    nothing = {"decision": "edit", "edited": {"text": "", "actions": {}}}
    asked = (await playing.play(answer=nothing)).waiting or {}
    assert "nothing is left" in asked["problem"]
    assert (await playing.play(answer={"decision": "edit", "edited": {"text": ""}})).status == "completed"
    assert [event.kind for event in playing.events if event.source == "ann" and event.turn == 1
            and event.kind != "variable_changed"] == ["action"]


async def test_a_decision_is_not_used_for_what_is_said_after_the_world_has_changed() -> None:
    inbox = MemoryInbox()

    def script(role: str, request: ModelRequest) -> Any:
        bell = "A bell rings." in "".join(message.content for message in request.messages)
        return {"text": "I heard a bell." if bell else "How quiet.", "actions": {"pay": None}}

    playing = Playing(supervised(), script, inbox=inbox)
    await playing.play()
    inbox.put({"id": 1, "kind": "inject", "actor": "kim", "payload": {"text": "A bell rings."}})
    asked = (await playing.play(answer={"decision": "accept"})).waiting or {}
    assert asked["proposal"]["text"] == "I heard a bell."
    assert not playing.of("utterance")
    assert (await playing.play(answer={"decision": "accept"})).status == "completed"
    assert playing.of("utterance")[0].text == "I heard a bell."
