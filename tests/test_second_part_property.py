"""The second part of the language, generated: it plays to an end, and chance is drawn alike in replays and forks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.errors import ReplyError
from pyscrai.services.forks import node_before
from pyscrai.templates.checks.checker import catalogue, refuse, validate
from pyscrai.templates.library import shipped
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import read_text
from tests.depth import examples
from tests.engines.playing import Playing, timeless
from tests.generating import LONGEST_PLAY, Data, second_scenarios

AGENTS = catalogue(loaded.template for loaded in shipped() if loaded.template.kind == "agent")  # type: ignore[misc]


def accepted(data: Data) -> ScenarioTemplate:
    reading = read_text(json.dumps(data), file="generated.yaml")
    refuse(validate([reading], AGENTS))
    template = reading.templates[0].template
    assert isinstance(template, ScenarioTemplate)
    return template


def nobody_waits(data: Data) -> Data:
    for role in data["roles"].values():
        role.pop("human", None)
    return data


async def play_again(template: ScenarioTemplate, seed: int, pick: int) -> bool:
    """Play, replay and fork, and compare.

    Returns:
        Whether the play came to its end and was forked.
    """
    first = Playing(template, seed=seed)
    result = await first.play()
    assert result.status == "completed" or (result.error or {}).get("code") == ReplyError.code, result
    if result.status != "completed":
        return False
    assert (result.outcome or {})["turn"] <= LONGEST_PLAY
    calls = first.record.calls.values()

    again = Playing(template, record=MemoryRecord(calls), seed=seed)
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert {event["key"]: event for event in timeless(again.events)} == {
        event["key"]: event for event in timeless(first.events)}

    states: list[dict[str, Any]] = [
        dict(snapshot.values) async for snapshot in first.graph.aget_state_history(first.runner.config)
        if snapshot.values.get("clock") and not snapshot.values.get("moves") and not snapshot.values.get("outcome")
        and all(activation["role"] != "gather" for activation in snapshot.values["next"])]
    if not states:
        return False
    values = states[pick % len(states)]
    past = MemoryRecord(calls)
    past.events = {event.key: event for event in first.events if event.turn <= values["turn"]}
    fork = Playing(template, record=past, seed=seed)
    await fork.graph.aupdate_state(fork.runner.config, {
        **values, "messages": tuple(values.get("messages") or ())}, as_node=node_before(fork.plan, values))
    assert (await fork.play()).status == "completed"
    assert fork.calls == 0
    original = {event["key"]: event for event in timeless(first.events)}
    forked = {event["key"]: event for event in timeless(fork.events)}
    assert forked == {key: original.get(key) for key in forked}
    later = {key for key, event in original.items() if event["turn"] > values["turn"]}
    assert later <= set(forked)
    return True


@settings(max_examples=examples(10, 320), deadline=None, derandomize=True, database=None,
          phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=second_scenarios(), seed=st.integers(0, 99), pick=st.integers(0, 99))
def chance_is_drawn_alike(forked: list[bool], data: Data, seed: int, pick: int) -> None:
    forked.append(asyncio.run(play_again(accepted(nobody_waits(data)), seed, pick)))


def test_chance_is_drawn_alike_in_replays_and_forks() -> None:
    forked: list[bool] = []
    chance_is_drawn_alike(forked)
    print(f"{sum(forked)} of {len(forked)} generated plays were replayed and forked, all equal")
    assert sum(forked) >= examples(5, 200), "too few plays were forked for the property to mean anything"
