"""A tool that a role with ``approve`` wants to use waits for a person's decision before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.tools import tool

from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.line import lines_of
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.services.replies import reply_call
from tests.engines.playing import Playing, actor, scenario, timeless
from tests.engines.test_tools import use, wants

CALLED: list[str] = []
PATH = f"{__name__}:order"


@tool
def order(item: str, count: int = 1) -> str:
    """Order something from the store."""
    CALLED.append(f"{count} {item}")
    return f"{count} {item} on their way"


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    CALLED.clear()


def shop(*, approve: Any = True, tools: tuple[str, ...] = (PATH,), **more: Any) -> Any:
    return scenario(roles={"ann": {"agent": actor(tools=list(tools)), "approve": approve}, "bob": actor(),
                           "boss": {"agent": actor(), "human": "allowed"}},
                    phases={"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end", "after_rounds": 1}]}}, **more)


def playing(*uses: Any, record: MemoryRecord | None = None, template: Any = None, **more: Any) -> Playing:
    return Playing(template or shop(), wants(*uses), record=record, tools_allowed=[PATH], **more)


async def decided(play: Playing, *decisions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Play to the end with these decisions, accepting all that comes after; what was asked."""
    left, asked = list(decisions), []
    result = await play.play()
    while result.status == "waiting":
        asked.append(result.waiting or {})
        result = await play.play(answer={"person": "Eve", **(left.pop(0) if left else {"decision": "accept"})})
    assert result.status == "completed"
    return asked


async def again(play: Playing) -> Playing:
    """The same play from its journal."""
    found = playing(record=MemoryRecord(play.record.calls.values()))
    assert (await found.play()).status == "completed"
    assert found.calls == 0
    assert timeless(found.events) == timeless(play.events)
    return found


async def test_a_tool_waits_for_leave_before_it_runs() -> None:
    play = playing(use("order", item="rope", count=2))
    asked = (await play.play()).waiting or {}
    assert CALLED == []
    assert (asked["role"], asked["task"], asked["about"], asked["turn"]) == ("ann", "approve", "tool", 1)
    assert asked["proposal"] == {"tool": "order", "arguments": {"item": "rope", "count": 2}}
    arguments = asked["schema"]["properties"]["edited"]["properties"]["arguments"]
    assert set(arguments["properties"]) == {"item", "count"}
    assert arguments["description"] == "Order something from the store."
    then = (await play.play(answer={"decision": "accept", "person": "Eve"})).waiting or {}
    assert (CALLED, then["about"]) == (["2 rope"], "speak")
    assert (await play.play(answer={"decision": "accept", "person": "Eve"})).status == "completed"
    assert [(event.kind, event.source) for event in play.events if event.turn == 1] == [
        ("control", "Eve"), ("tool_called", "ann"), ("utterance", "ann"), ("control", "Eve")]
    assert play.of("control")[0].arguments == {"role": "ann", "turn": 1, "proposal": asked["proposal"]}
    await again(play)
    assert CALLED == ["2 rope"]


async def test_arguments_are_edited_and_must_fit() -> None:
    play = playing(use("order", item="rope", count=2))
    await play.play()
    wrong = await play.play(answer={"decision": "edit", "edited": {"arguments": {"item": "rope", "count": "many"}}})
    assert "count" in (wrong.waiting or {})["problem"]
    assert CALLED == []
    await decided(play, {"decision": "edit", "edited": {"arguments": {"item": "twine", "count": 1}}})
    assert CALLED == ["1 twine"]
    assert play.of("tool_called")[0].arguments == {"item": "twine", "count": 1}
    assert play.of("control")[0].arguments["proposal"]["arguments"]["item"] == "rope"
    await again(play)


async def test_a_refused_tool_does_not_run_and_the_role_alone_is_told_why() -> None:
    play = playing(use("order", item="gold", count=9), use("order", item="rope", count=1))
    asked = await decided(play, {"decision": "reject", "reason": "too dear"})
    assert [each["about"] for each in asked] == ["tool", "tool", "speak"]
    assert CALLED == ["1 rope"]
    [refused] = play.of("tool_refused")
    assert (refused.tool, refused.arguments, refused.person, refused.reason, refused.audience) == (
        "order", {"item": "gold", "count": 9}, "Eve", "too dear", ("ann",))
    assert "[Ann may not use order: too dear]" in play.prompts("ann")[1]
    assert "too dear" not in "".join(play.prompts("bob"))
    told = [line["content"] for line in lines_of(play.events, play.plan)]
    assert [line["content"] for line in (await play.state())["messages"]] == told
    await again(play)


async def test_a_refused_use_is_not_asked_for_again() -> None:
    play = playing(*[use("dice", count=1, sides=6, open=True)] * 2, template=shop(tools=("dice",)))
    asked = await decided(play, {"decision": "reject"})
    assert [each["about"] for each in asked] == ["tool", "speak"]
    assert "[Ann may not use dice]" in play.prompts("ann")[-1]


async def test_whoever_decides_may_let_the_model_use_it() -> None:
    play = playing(use("order", item="rope", count=2))
    await decided(play, {"release": True})
    assert CALLED == ["2 rope"]
    assert [event.action for event in play.of("control")] == ["accept"], "about what it said alone"
    await again(play)


@pytest.mark.parametrize("about", ["accept", "edit", "reject"])
async def test_what_tools_did_stays_whatever_becomes_of_the_turn(about: str) -> None:
    play = playing(use("order", item="rope", count=2))
    await decided(play, {"decision": "accept"}, {"decision": about, **(
        {"edited": {"text": "Otherwise."}} if about == "edit" else {})})
    assert len(play.of("tool_called")) == 1
    heard = [line["content"] for line in (await play.state())["messages"] if line["kind"] == "tool_called"]
    assert heard == ["Ann uses order: 2 rope on their way"]
    assert (await play.state())["clock"]["events"]["tool_called"] == 1
    await again(play)


async def test_a_turn_that_is_skipped_after_the_use_of_a_tool_keeps_it() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if role != "ann":
            return None
        if request.schema and "use" in request.schema["properties"]:
            return {"use": use("order", item="rope", count=1)}
        return " "

    template = scenario(roles={"ann": {"agent": actor(tools=[PATH], failure={
        "retries": 0, "backoff": 0, "repairs": 0, "then": "skip"}), "approve": True}, "bob": actor()})
    play = Playing(template, script, tools_allowed=[PATH])
    await decided(play)
    assert [event.kind for event in play.events if event.turn == 1] == ["control", "tool_called", "turn_skipped"]
    assert (await play.state())["clock"]["events"]["tool_called"] == 1
    assert CALLED == ["1 rope"]


async def test_a_crash_between_the_decision_and_the_use_loses_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    play = playing(use("order", item="rope", count=2))
    await play.play()

    async def killed(*_: Any, **__: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("pyscrai.engines.calls.caller.use_now", killed)
        with pytest.raises(MemoryError):
            await play.play(answer={"decision": "edit", "edited": {"arguments": {"item": "twine"}}, "person": "Eve"})
    assert CALLED == []
    asked = await decided(playing(record=play.record))
    assert [each["about"] for each in asked] == ["speak"], "the tool is not asked about again"
    assert CALLED == ["1 twine"]


async def test_a_crash_after_the_use_does_not_use_it_again() -> None:
    play = playing(use("order", item="rope", count=2))
    await play.play()
    await play.play(answer={"decision": "accept"})
    assert CALLED == ["2 rope"]
    await decided(playing(record=MemoryRecord(play.record.calls.values())))
    assert CALLED == ["2 rope"]


@pytest.mark.parametrize("journaled", [True, False])
async def test_a_decision_is_not_used_for_what_is_proposed_after_the_world_has_changed(journaled: bool) -> None:
    """What was decided about a rope does not let a role order gold."""
    inbox = MemoryInbox()

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema and "use" in request.schema["properties"] and role == "ann":
            text = "".join(message.content for message in request.messages)
            return {"use": None if "on their way" in text else use(
                "order", item="gold" if "Gold is cheap" in text else "rope", count=1)}
        return None

    play = Playing(shop(), script, tools_allowed=[PATH], inbox=inbox)
    rope = (await play.play()).waiting or {}
    inbox.put({"id": 1, "kind": "inject", "actor": "kim", "payload": {"text": "Gold is cheap."}})
    if journaled:
        play.record.note(reply_call(rope, {"decision": "accept"}, "Eve"))
        gold = (await play.play()).waiting or {}
    else:
        gold = (await play.play(answer={"decision": "accept", "person": "Eve"})).waiting or {}
    assert (gold["about"], gold["proposal"]["arguments"]["item"], CALLED) == ("tool", "gold", [])
    assert not play.of("tool_called")
    if journaled:
        play.record.note(reply_call(gold, {"decision": "edit", "edited": {"arguments": {"item": "tin"}}}, "Eve"))
        then = (await play.play()).waiting or {}
    else:
        then = (await play.play(answer={"decision": "edit", "edited": {"arguments": {"item": "tin"}}})).waiting or {}
    assert (then["about"], CALLED) == ("speak", ["1 tin"])
    await play.play(answer={"decision": "accept"})
    warned = [event.message for event in play.of("flow_warning") if "decision of Eve" in event.message]
    assert len(warned) == journaled


async def test_a_run_of_an_earlier_edition_asks_nobody_about_tools() -> None:
    play = playing(use("order", item="rope", count=2), edition=2)
    asked = (await play.play()).waiting or {}
    assert (asked["about"], CALLED) == ("speak", ["2 rope"])


DECISION = st.one_of(st.just({"decision": "accept"}), st.just({"decision": "reject", "reason": "no"}),
                     st.integers(1, 9).map(lambda count: {"decision": "edit", "edited": {
                         "arguments": {"item": "x", "count": count}}}))


@settings(max_examples=25, deadline=None)
@given(st.lists(DECISION, min_size=2, max_size=2), st.integers(0, 3))
async def test_whatever_is_decided_the_record_plays_the_same_again(decisions: list[Any], crash: int) -> None:
    """Also where a new process goes on after any number of decisions."""
    CALLED.clear()
    play = playing(use("order", item="a", count=1), use("order", item="b", count=2))
    result = await play.play()
    for number, decision in enumerate([*decisions, {"decision": "accept"}]):
        assert result.status == "waiting"
        if number == crash:
            play = playing(use("order", item="never", count=1), record=play.record)
            await play.play()
        result = await play.play(answer={**decision, "person": "Eve"})
    assert result.status == "completed"
    ran = [decision for decision in decisions if decision["decision"] != "reject"]
    assert len(CALLED) == len(play.of("tool_called")) == len(ran)
    assert len(play.of("control")) == 3
    await again(play)
