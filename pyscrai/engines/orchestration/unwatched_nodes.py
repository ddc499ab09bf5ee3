"""Nodes without LangChain's run around each of them, for as long as nobody listens to it.

LangGraph makes of a node and of what writes its update a sequence that is a run of its own to LangChain: with a task,
a callback manager for each step, and metadata merged for each of them. That is a thirtieth of what a turn costs, and
it is for callback handlers alone: a tracer, or a stream of tokens.
"""

from __future__ import annotations

from typing import Any, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.pregel import Pregel

G = TypeVar("G", bound=Pregel[Any, Any, Any, Any])


class UnwatchedNode(Runnable[Any, Any]):
    """A node's steps, one after the other; its run as LangGraph makes it where a handler listens.

    Args:
        watched: the sequence that LangGraph made of them.
    """

    def __init__(self, watched: Any) -> None:
        self._watched = watched
        self._steps = tuple(watched.steps)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        if config is None or kwargs or is_watched(config):
            return await self._watched.ainvoke(input, config, **kwargs)
        # Where the steps find the graph that they are in, as `interrupt` does.
        token = var_child_runnable_config.set(config)
        try:
            for step in self._steps:
                input = await step.ainvoke(input, config)
        finally:
            var_child_runnable_config.reset(token)
        return input

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.stream(input, config, **kwargs)

    def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._watched.astream(input, config, **kwargs)


def is_watched(config: RunnableConfig) -> bool:
    """Whether callback handlers listen; True also where that cannot be told."""
    return bool(getattr(config.get("callbacks"), "handlers", True))


def unwatched(graph: G) -> G:
    """Let the nodes of a compiled graph be such; returns the graph."""
    for node in graph.nodes.values():
        if hasattr(node.node, "steps"):
            vars(node)["node"] = UnwatchedNode(node.node)
    return graph
