"""Graphs in Studio: their settings are checked, and our errors are told in full."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.tools.dice import Dice
from pyscrai.factories.studio_graphs import StudioError, StudioGraph, StudioSettings, studio_graph
from pyscrai.llm.scripted.model import ScriptedModel

NAME = "two-agent-conversation"


async def test_a_misspelt_setting_is_refused() -> None:
    graph = studio_graph(NAME)
    schema = graph.get_context_jsonschema()
    assert set(json.loads(json.dumps(schema))["properties"]) == set(StudioSettings.model_fields)
    # As Studio's server hands the settings of a run on, to a copy of the graph: those that the schema names.
    given = {name: value for name, value in {"modle": "scripted"}.items() if name in schema["properties"]}  # type: ignore[index]
    copied = graph.copy(update={"name": "copy"})
    assert isinstance(copied, StudioGraph)
    with pytest.raises(ValueError, match=r"there is no setting 'modle': did you mean model"):
        await copied.ainvoke({}, context=given)


async def test_what_the_server_adds_is_let_go() -> None:
    settings = StudioSettings.model_validate({"seed": 3, "thread_id": "t", "__request_start_time_ms__": 1, "x-key": "a",
                                              "langgraph_auth_user": None, "checkpoint_ns": ""})
    assert settings == StudioSettings(seed=3)


@pytest.mark.parametrize(("given", "words"), [
    ({"model": "nope"}, ("there is no model alias `nope`", "known are", "[config.unknown_alias]")),
    ({"parameters": {"heat": 1}}, ("there is no parameter 'heat'", "[run.unknown_parameter]"))])
async def test_our_errors_are_told_with_their_cure(given: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(StudioError) as failed:
        await studio_graph(NAME).ainvoke({}, context=given)  # type: ignore[call-overload]
    assert isinstance(failed.value, RuntimeError), "Studio's server tells the messages of Python's own errors alone"
    assert all(word in str(failed.value) for word in words)


DESK = """
kind: scenario
name: desk
version: 1.0.0
premise: A complaint.
roles:
  clerk: {agent: {engine: actor, personality: {role: a clerk}, tools: [dice]}, approve: true}
  guest: {agent: {engine: actor, personality: {role: a guest}}}
flow: {start: mail, phases: {mail: {speakers: [clerk, guest], next: [{to: end, after_rounds: 1}]}}}
"""


async def test_what_was_decided_in_studio_is_neither_asked_nor_done_again(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer plays the turn from its beginning: the model's proposal and the tool's answer stay what they were."""
    rolled: list[Any] = []
    asked: list[ModelRequest] = []
    roll, complete = Dice.use, ScriptedModel.complete

    async def use(self: Dice, arguments: Any, scene: Any) -> Any:
        rolled.append(arguments)
        return await roll(self, arguments, scene)

    async def answer(self: ScriptedModel, request: ModelRequest, on_token: Any = None) -> Any:
        asked.append(request)
        reply = await complete(self, request, on_token)
        return replace(reply, text=f"Proposal {len(asked)}.") if request.schema is None else reply

    monkeypatch.setattr(Dice, "use", use)
    monkeypatch.setattr(ScriptedModel, "complete", answer)
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    graph = studio_graph(str(tmp_path / "desk.yaml"))
    graph.checkpointer = InMemorySaver()
    settings = StudioSettings(model="scripted", seed=1)

    async def waits(thread: str, given: Any) -> Any:
        config: Any = {"configurable": {"thread_id": thread}}
        await graph.ainvoke(given, config, context=settings)
        return next((found.value for task in (await graph.aget_state(config)).tasks for found in task.interrupts), None)

    for thread in ("one", "two"):
        rolled.clear()
        asked.clear()
        first = await waits(thread, {"turn": 0})
        assert (first["about"], len(asked), rolled) == ("tool", 1, [])
        wrong = await waits(thread, Command(resume={"decision": "perhaps"}))
        assert "perhaps" in wrong["problem"]
        arguments = {"count": 1, "sides": 20, "open": True}
        second = await waits(thread, Command(resume={"decision": "edit", "edited": {"arguments": arguments}}))
        assert (second["about"], second["detail"], rolled) == ("tool", "tool1", [arguments])
        third = await waits(thread, Command(resume={"decision": "reject", "reason": "enough"}))
        assert (third["about"], rolled, len(asked)) == ("speak", [arguments], 3)
        assert await waits(thread, Command(resume={"decision": "accept"})) is None
        assert (rolled, len(asked)) == ([arguments], 4), "the guest's turn alone was asked for"
        lines = (await graph.aget_state({"configurable": {"thread_id": thread}})).values["messages"]
        told = [line["content"] if isinstance(line, dict) else line.content for line in lines]
        assert third["proposal"]["text"] in told
        assert "Clerk may not use dice: enough" in told
