"""Template to graph: a flat LangGraph StateGraph with a node per role and edges that show who follows whom.

The passes of ``plan`` make plain data; ``add_nodes`` and ``add_edges`` make the graph from it. The routers read
``next`` from the state and nothing else, so that Studio can edit and fork a run at any point.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from pyscrai.engines.orchestration.plan import BEGIN, GATHER, Plan, successors
from pyscrai.engines.state import state_schema

Update = dict[str, Any]
Node = Callable[[Mapping[str, Any], Any], Awaitable[Update]]


class Nodes(Protocol):
    """The work of the nodes, for one run."""

    async def begin(self, state: Mapping[str, Any]) -> Update:
        """Open the play."""
        ...

    async def take_turn(self, role: str, state: Mapping[str, Any]) -> Update:
        """Do what ``next`` asks of a role."""
        ...

    async def gather(self, state: Mapping[str, Any]) -> Update:
        """Go on after simultaneous turns."""
        ...


async def follow_next(state: Mapping[str, Any]) -> list[str]:
    """The router of every node: whoever stands in ``next``, or the end."""
    return [activation["role"] for activation in state.get("next") or ()] or [END]


def compile_graph(plan: Plan, nodes_of: Callable[[Runtime[Any]], Nodes], *, context_schema: type[Any] | None = None
                  ) -> StateGraph[Any, Any, Any, Any]:
    """Compile a plan to a graph builder; ``.compile(checkpointer=...)`` makes it run.

    Args:
        nodes_of: finds the run's nodes in LangGraph's runtime; the same graph may serve many runs.
        context_schema: what Studio shows as the graph's settings.
    """
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(state_schema(plan.keep_turns), context_schema=context_schema)
    add_nodes(graph, plan, nodes_of)
    add_edges(graph, plan)
    return graph


def add_nodes(graph: StateGraph[Any, Any, Any, Any], plan: Plan, nodes_of: Callable[[Runtime[Any]], Nodes]) -> None:
    """A node per role, one that begins, and one that gathers where roles speak at once."""
    async def begin(state: Mapping[str, Any], runtime: Runtime[Any]) -> Update:
        return await nodes_of(runtime).begin(state)

    async def gather(state: Mapping[str, Any], runtime: Runtime[Any]) -> Update:
        return await nodes_of(runtime).gather(state)

    def turn_of(role: str) -> Node:
        async def turn(state: Mapping[str, Any], runtime: Runtime[Any]) -> Update:
            return await nodes_of(runtime).take_turn(role, state)

        return turn

    graph.add_node(BEGIN, begin)
    for role, member in plan.play.cast.items():
        graph.add_node(role, turn_of(role), metadata={"engine": member.engine, "name": member.name})
    if GATHER in successors(plan):
        graph.add_node(GATHER, gather)


def add_edges(graph: StateGraph[Any, Any, Any, Any], plan: Plan) -> None:
    """Conditional edges to all who may follow; watchers' nodes lead to the end of their own branch."""
    graph.add_edge(START, BEGIN)
    watched = _watchers_of(plan)
    final = END not in {target for targets in successors(plan).values() for target in targets}
    for source, targets in successors(plan).items():
        ways = [target for target in targets if target != END]
        ways += [role for role in watched if role not in ways]
        if END in targets or source != BEGIN or final:
            ways.append(END)
        graph.add_conditional_edges(source, follow_next, ways)
    for role in watched:
        graph.add_edge(role, END)


def _watchers_of(plan: Plan) -> list[str]:
    return [role for role in plan.play.cast if role in plan.watchers]
