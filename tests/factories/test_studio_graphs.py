"""Graphs in Studio: their settings are checked, and our errors are told in full."""

from __future__ import annotations

import json

import pytest

from pyscrai.factories.studio_graphs import StudioError, StudioGraph, StudioSettings, studio_graph

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
