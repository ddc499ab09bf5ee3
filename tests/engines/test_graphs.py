"""The graph's picture is the scenario's picture: who can follow whom, of every shipped scenario."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.engines.orchestration.turn_order import successors
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.templates.library import shipped_agent, shipped_scenario
from tests.engines.playing import Playing, actor, narrator, plan_of, played, scenario, timeless

PICTURES = Path(__file__).parent / "pictures"
LIBRARY = Path(__file__).parent.parent.parent / "pyscrai" / "templates" / "library" / "scenarios"
SHIPPED = sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def picture(name: str) -> str:
    plan = make_plan(make_run_spec(shipped_scenario(name), RunOptions(seed=1), shipped_agent, model="scripted"))
    graph = compile_graph(plan, lambda runtime: runtime.context).compile()
    drawn: str = graph.get_graph().draw_mermaid(with_styles=False)
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_picture_of_a_shipped_scenario(name: str) -> None:
    """A picture that is meant to change: remove its file, run this test twice, and look at the difference."""
    file = PICTURES / f"{name}.mmd"
    drawn = picture(name)
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawn, encoding="utf-8")
        pytest.fail(f"{file.name} was not there and has been written")
    assert drawn == file.read_text(encoding="utf-8")


def test_every_picture_is_of_a_shipped_scenario() -> None:
    assert sorted(path.stem for path in PICTURES.glob("*.mmd")) == SHIPPED


@pytest.mark.parametrize("order", ["sequence", "round_robin", "random", "moderated", "simultaneous", "free"])
async def test_nobody_follows_but_along_an_edge(order: str) -> None:
    template = scenario(roles={"ann": actor(), "bob": actor(), "cat": actor(), "god": narrator()}, phases={
        "one": {"speakers": ["ann", "bob", "cat"], "order": order, "moderator": "god",
                "next": [{"to": "two", "after_turns": 5}]},
        "two": {"speakers": ["god", "bob"], "order": "sequence", "next": [{"to": "end"}]}})
    ways = successors(plan_of(template))
    play = await played(template)
    states = [state async for state in play.graph.aget_state_history(play.runner.config)]
    steps = [tuple(task.name for task in state.tasks) for state in reversed(states) if state.tasks][1:]
    for before, after in itertools.pairwise(steps):
        assert all(role in ways[source] for source in before for role in after), (before, after)


async def test_a_node_that_is_done_again_writes_the_same_events_and_asks_nothing() -> None:
    """As after a crash between the log and the checkpoint: each node runs a second time on the same state."""
    template = scenario(roles={"ann": actor(tools=["dice"], memory={"window": 2, "block": 1, "summary": True,
                                                                     "retrieval": {}, "reflection": {"every": 2}}),
                               "bob": actor(), "cat": actor(), "god": narrator()},
                        variables={"heat": {"type": "integer", "initial": 0, "maximum": 5}}, phases={
        "one": {"speakers": ["ann", "bob", "cat"], "order": "simultaneous", "resolver": "god",
                "next": [{"to": "two", "after_rounds": 2}]},
        "two": {"speakers": ["ann", "bob"], "order": "moderated", "moderator": "god",
                "next": [{"to": "end", "after_turns": 4}]}})
    playing = Playing(template)
    runtime, original = playing.runtime, playing.runtime.take_turn

    async def twice(role: str, state: dict[str, object]) -> dict[str, object]:
        before = len(playing.record.events)
        first = await original(role, state)
        written, calls = timeless(list(playing.record.events.values())[before:]), playing.calls
        again = MemoryRecord(playing.record.calls.values())
        runtime.record, kept = again, runtime.record
        try:
            assert await original(role, state) == first
        finally:
            runtime.record = kept
        assert timeless(again.events.values()) == written
        assert playing.calls == calls
        return first

    runtime.take_turn = twice  # type: ignore[method-assign]
    assert (await playing.play()).status == "completed"
    assert len(playing.events) > 30
