"""Nodes to which nobody listens do the same as those that LangGraph makes, and those that are listened to are heard."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler

from pyscrai.engines.orchestration.unwatched_nodes import UnwatchedNode, unwatched
from tests.engines.playing import Playing, actor, narrator, scenario, timeless

ROLES = {"ann": actor(), "bob": {"agent": actor(), "human": "always"}, "cat": actor(), "god": narrator()}
TEMPLATE = scenario(roles=ROLES, phases={
    "one": {"speakers": ["ann", "cat", "god"], "order": "simultaneous", "next": [{"to": "two", "after_rounds": 1}]},
    "two": {"speakers": ["ann", "bob"], "order": "round_robin", "next": [{"to": "end", "after_turns": 4}]}})


class Handler(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.nodes: list[str] = []

    async def on_chain_start(self, serialized: Any, inputs: Any, *, name: str = "", **_: Any) -> None:
        self.nodes.append(name)


async def playing(*, quiet: bool) -> Playing:
    """A play with simultaneous turns and a person, to its end."""
    play = Playing(TEMPLATE)
    if quiet:
        unwatched(play.graph)
    result = await play.runner.play()
    while result.status == "waiting":
        result = await play.runner.play(answer={"text": "I am here."})
    assert result.status == "completed", result.error
    return play


async def states(play: Playing) -> list[Any]:
    found = [state async for state in play.graph.aget_state_history(play.runner.config)]
    return [({**state.values, "clock": {**state.values.get("clock", {}), "seconds": 0.0}}, state.next,
             [len(task.interrupts) for task in state.tasks]) for state in found]


async def test_a_play_to_which_nobody_listens_is_the_same() -> None:
    loud, quiet = await playing(quiet=False), await playing(quiet=True)
    assert all(isinstance(quiet.graph.nodes[name].node, UnwatchedNode) for name in ("begin", *ROLES, "gather"))
    assert timeless(list(quiet.record.events.values())) == timeless(list(loud.record.events.values()))
    assert await states(quiet) == await states(loud)


async def test_a_handler_hears_of_each_node() -> None:
    play, handler = Playing(TEMPLATE), Handler()
    graph = unwatched(play.graph)
    await graph.ainvoke({"turn": 0}, {**play.runner.config, "callbacks": [handler]}, context=play.runtime)
    assert {"begin", "ann", "cat", "god", "gather"} <= set(handler.nodes)
