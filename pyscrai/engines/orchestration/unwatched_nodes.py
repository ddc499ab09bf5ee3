"""Nodes without LangChain's run around each of them, for as long as nobody listens to it.

LangGraph makes of a node, of what writes its update and of its routers a sequence that is a run of its own to
LangChain: with a task, a callback manager for each step, metadata merged for each of them, and the state read anew for
the routers. That is a twelfth of what a turn costs, and it is for callback handlers alone: a tracer, or a stream of
tokens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langgraph._internal._constants import CONF, CONFIG_KEY_RUNTIME, CONFIG_KEY_SEND
from langgraph.graph import END
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

G = TypeVar("G", bound=CompiledStateGraph[Any, Any, Any, Any])

Work = Callable[[Mapping[str, Any], Runtime[Any]], Awaitable[Mapping[str, Any]]]
Router = Callable[[Mapping[str, Any]], Awaitable[str | Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Steps:
    """What a node of a compiled plan does.

    Attributes:
        work: gives what the node changes in the state.
        edges: the nodes that always follow.
        routers: give those that follow, each from the state with the changes, and the node behind each answer; what
            they read is replaced by a write, not joined with it.
    """

    work: Work
    edges: Sequence[str]
    routers: Sequence[tuple[Router, Mapping[Any, str]]]

    async def writes(self, state: Mapping[str, Any], runtime: Runtime[Any]) -> list[tuple[str, Any]]:
        """Do the node's work; what it writes, to which channel: its changes, then who follows."""
        update = await self.work(state, runtime)
        writes = list(update.items())
        following = list(self.edges)
        if self.routers:
            after = {**state, **update}
            for router, ends in self.routers:
                found = await router(after)
                following += [ends[answer] for answer in ([found] if isinstance(found, str) else found)]
        writes += [(f"branch:to:{name}", None) for name in following if name != END]
        return writes


class UnwatchedNode(Runnable[Any, Any]):
    """A node's steps, one after the other; its run as LangGraph makes it where a handler listens.

    Args:
        watched: the sequence that LangGraph made of them.
    """

    def __init__(self, watched: Any, steps: Steps) -> None:
        self._watched, self._steps = watched, steps

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        if config is None or kwargs or is_watched(config):
            return await self._watched.ainvoke(input, config, **kwargs)
        place = config[CONF]
        # Where the node's work finds the graph that it is in, as `interrupt` does.
        token = var_child_runnable_config.set(config)
        try:
            place[CONFIG_KEY_SEND](await self._steps.writes(input, place[CONFIG_KEY_RUNTIME]))
        finally:
            var_child_runnable_config.reset(token)

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.stream(input, config, **kwargs)

    def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.astream(input, config, **kwargs)


def is_watched(config: RunnableConfig) -> bool:
    """Whether callback handlers listen; True also where that cannot be told."""
    return bool(getattr(config.get("callbacks"), "handlers", True))


def unwatched(graph: G) -> G:
    """Let the nodes of a compiled plan be such; returns the graph."""
    builder = graph.builder
    for name, spec in builder.nodes.items():
        routers = [(cast(Any, branch.path).afunc, branch.ends or {})
                   for branch in builder.branches.get(name, {}).values()]
        edges = sorted(end for start, end in builder.edges if start == name)
        steps = Steps(cast(Any, spec.runnable).afunc, edges, routers)
        vars(graph.nodes[name])["node"] = UnwatchedNode(graph.nodes[name].node, steps)
    return graph
