"""Tools of a role: the shipped ones, LangChain's, and what happens when they fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.tools import consultation as engine_tools
from pyscrai.engines.tools.consultation import SHIPPED, load_tools
from pyscrai.engines.tools.langchain import inlined
from pyscrai.engines.tools.look_up import LONGEST_PASSAGE, passages, search
from pyscrai.errors import ConfigError
from pyscrai.templates.models.base import TOOLS
from tests.engines.playing import Playing, actor, analyst, played, scenario, timeless

CALLED: list[Any] = []
HERE = __name__


class Where(BaseModel):
    """A place."""

    town: str = Field(description="its name")


@tool
def weather(where: Where, days: int = 1) -> dict[str, Any]:
    """Tell the weather of a town."""
    CALLED.append(where.town)
    return {"town": where.town, "sun": True, "number": len(CALLED)}


@tool
def broken(word: str) -> str:
    """Never work."""
    raise ValueError(f"no {word}")


@tool
async def stuck(word: str) -> str:
    """Never end."""
    await asyncio.Event().wait()
    return word


def wants(*uses: Any) -> Any:
    """ann's uses of tools in order, then none."""
    left = list(uses)

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema and "use" in request.schema["properties"]:
            return {"use": left.pop(0) if left else None}
        return None

    return script


def use(tool_name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool_name, "arguments": arguments}


def with_tools(*names: str, **more: Any) -> Any:
    return scenario(roles={"ann": actor(tools=list(names)), "bob": actor()}, **more)


async def test_a_roll_is_heard_by_the_role_alone_unless_it_is_open() -> None:
    play = await played(with_tools("dice"), wants(use("dice", count=2, sides=6, open=False),
                                                  use("dice", count=1, sides=20, open=True)))
    secret, shown = play.of("tool_called")
    assert (secret.audience, shown.audience) == (("ann",), "all")
    assert secret.result["total"] == sum(secret.result["rolls"])
    line = f"[Ann uses dice: {secret.text}]"
    assert line in play.prompts("ann")[1]
    assert line in play.prompts("ann")[2]
    assert line not in play.prompts("bob")[0]
    assert f"[Ann uses dice: {shown.text}]" in play.prompts("bob")[0]
    assert [event.kind for event in play.events if event.turn == 1] == ["tool_called", "tool_called", "utterance"]
    assert len({event.key for event in play.events}) == len(play.events)


async def test_dice_depend_on_the_seed_and_the_place_alone() -> None:
    async def rolls(seed: int) -> list[Any]:
        play = await played(with_tools("dice"), wants(*[use("dice", count=5, sides=1000, open=False)] * 2), seed=seed)
        return [event.result["rolls"] for event in play.of("tool_called")]

    first = await rolls(1)
    assert first == await rolls(1) != await rolls(2)
    assert first[0] != first[1]


async def test_no_more_than_two_tools_a_turn() -> None:
    play = await played(with_tools("dice"), wants(*[use("dice", count=1, sides=6, open=True)] * 9))
    assert len(play.of("tool_called")) == 2
    assert len(play.models["ann"].requests) == 3
    assert len(play.models["bob"].requests) == 1


async def test_a_role_reads_only_the_variables_that_it_sees() -> None:
    variables = {"heat": {"type": "integer", "initial": 4, "visible_to": ["ann"]},
                 "gold": {"type": "integer", "initial": 9, "visible_to": ["bob"]}}
    play = await played(with_tools("read_variable", variables=variables), wants(use("read_variable", name="heat")))
    assert play.of("tool_called")[0].result == 4
    names = str(play.models["ann"].requests[0].schema)
    assert "heat" in names
    assert "gold" not in names


async def test_the_same_is_not_asked_twice_in_a_turn() -> None:
    variables = {"heat": {"type": "integer", "initial": 4}}
    asked = wants(*[use("read_variable", name="heat")] * 2)
    play = await played(with_tools("read_variable", variables=variables), asked)
    assert len(play.of("tool_called")) == 1


async def test_a_choice_that_does_not_fit_is_repaired_then_passed_over_with_a_warning() -> None:
    play = await played(with_tools("dice"), wants(use("dice", count=99, sides=6, open=True), use("laser")))
    assert not play.of("tool_called")
    assert "made no valid choice of a tool" in play.of("flow_warning")[0].message
    assert play.speakers == ["ann", "bob"]


async def test_tools_with_nothing_to_be_used_on_are_not_offered() -> None:
    play = await played(with_tools("read_variable", "look_up"), wants())
    assert len(play.models["ann"].requests) == 1


async def test_passages_of_a_document_are_found_by_words() -> None:
    book = "The pump house stands by the river.\n\nValve nine closes the main. It is red.\n\n" + "Nothing here. " * 100
    play = await played(with_tools("look_up", documents={"manual": book}),
                        wants(use("look_up", document="manual", words="close the main valve"),
                              use("look_up", document="manual", words="submarine")))
    found, nothing = play.of("tool_called")
    assert found.result[0] == "Valve nine closes the main. It is red."
    assert nothing.text == "manual says nothing about “submarine”"
    assert all(len(passage) <= LONGEST_PASSAGE for passage in passages(book))
    assert search("", "word") == []


async def test_a_langchain_tool_is_used_once_and_its_answer_recorded() -> None:
    CALLED.clear()
    path = f"{HERE}:weather"
    asked = wants(use("weather", where={"town": "Ulm"}))
    first = await played(with_tools(path), asked, tools_allowed=[path])
    called = first.of("tool_called")[0]
    assert called.result == {"town": "Ulm", "sun": True, "number": 1}
    assert '"sun": true' in called.text
    again = await played(with_tools(path), record=MemoryRecord(first.record.calls.values()), tools_allowed=[path])
    assert timeless(again.events) == timeless(first.events)
    assert CALLED == ["Ulm"]
    assert [call.alias for call in first.record.calls.values()][1] == "tool:weather"


@pytest.mark.parametrize(("name", "error"), [("broken", "ValueError: no luck"), ("stuck", "no answer within 0.05 s")])
async def test_a_tool_that_fails_is_an_event_and_the_turn_goes_on(
        name: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_tools, "LONGEST_USE", 0.05)
    path = f"{HERE}.{name}"
    play = await played(with_tools(path), wants(use(name, word="luck")), tools_allowed=[path])
    called = play.of("tool_called")[0]
    assert (called.error, called.result) == (error, None)
    assert f"[Ann uses {name}: failed: {error}]" in play.prompts("ann")[-1]
    assert play.speakers == ["ann", "bob"]


async def test_an_analyst_uses_tools_unheard() -> None:
    play = await played(scenario(roles={"ann": actor(), "eve": analyst(tools=["dice"])}, analysis={"by": "eve"}),
                        wants(use("dice", count=1, sides=6, open=False)))
    assert play.of("tool_called")[0].source == "eve"
    assert "Eve uses dice" in play.prompts("eve")[-1]


async def test_a_person_is_not_asked_for_tools() -> None:
    playing = Playing(scenario(roles={"ann": {"agent": actor(tools=["dice"]), "human": "always"}}))
    assert (await playing.play()).status == "waiting"
    assert (await playing.play(answer={"text": "Hello."})).status == "completed"
    assert playing.calls == 0


@pytest.mark.parametrize(("names", "allowed", "code", "says"), [
    (["dise"], (), "config.unknown_tool", "did you mean dice"), (["xyz"], (), "config.unknown_tool", "known: dice"),
    (["os.system"], (), "config.tool_not_allowed", "tools_allowed"),
    (["os.system"], ("os.system",), "config.tool", "no LangChain tool"),
    (["no_such_package.tool"], ("no_such_package.tool",), "config.tool", "ModuleNotFoundError"),
    (["dice", "dice"], (), "config.tool", "two tools")])
def test_tools_that_cannot_be_used_are_named_with_the_cure(
        names: list[str], allowed: tuple[str, ...], code: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tools(names, allowed)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_the_shipped_names_are_the_templates_names() -> None:
    assert tuple(SHIPPED) == TOOLS
    assert [found.name for found in load_tools(TOOLS)] == list(TOOLS)


def test_schemas_with_references_stand_alone_even_when_they_refer_to_themselves() -> None:
    schema = inlined({"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
                      "properties": {"title": {"type": "string", "title": "Title"}, "node": {"$ref": "#/$defs/Node"}}})
    assert "$ref" not in str(schema)
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["node"]["properties"]["next"]["type"] == "object"
