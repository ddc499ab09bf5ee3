"""Template to graph: a flat LangGraph StateGraph with a node per role and edges that show who follows whom.

The passes of ``plan`` make plain data; ``add_nodes`` and ``add_edges`` make the graph from it. The routers read
``next`` from the state and nothing else, so that Studio can edit and fork a run at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.turn_order import BEGIN, GATHER, successors, together
from pyscrai.engines.state import Activation, Clock, latest, reduced, state_schema
from pyscrai.templates.models.base import END as FLOW_END

Update = dict[str, Any]


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


class Following(TypedDict, total=False):
    """The part of the state that a router reads: LangGraph would make all of it anew for each."""

    next: reduced(list[Activation], latest)  # type: ignore[valid-type]


class FollowingAwaited(Following, total=False):
    """The part that the router of one who is waited for reads."""

    clock: Clock


async def follow_next(state: Following) -> list[str]:
    """The router of every node: whoever stands in ``next``, or the end."""
    return [activation["role"] for activation in state.get("next") or ()] or [END]


async def follow_awaited(state: FollowingAwaited) -> str:
    """The router of an Analyst whose measures the play waits for: it looked on alone, or beside the next speaker."""
    alone = all(activation["task"] == "measure" for activation in state.get("next") or ())
    return GATHER if alone and "clock" in state and "awaited" in state["clock"] else END


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
    async def begin(state: Any, runtime: Runtime[Any]) -> Update:
        return _heed(await nodes_of(runtime).begin(state), runtime)

    async def gather(state: Any, runtime: Runtime[Any]) -> Update:
        return _heed(await nodes_of(runtime).gather(state), runtime)

    def turn_of(role: str) -> Any:
        async def turn(state: Any, runtime: Runtime[Any]) -> Update:
            return _heed(await nodes_of(runtime).take_turn(role, state), runtime)

        return turn

    graph.add_node(BEGIN, begin)
    for role, member in plan.cast.items():
        graph.add_node(role, turn_of(role), metadata={"engine": member.engine, "name": member.name})
    if GATHER in successors(plan):
        graph.add_node(GATHER, gather)


def _heed(update: Update, runtime: Runtime[Any]) -> Update:
    """Let a limit that pauses the run take effect at the next superstep boundary."""
    outcome = update.get("outcome")
    reason = outcome["reason"] if outcome and outcome.get("pause") else (update.get("clock") or {}).get("stands")
    if reason and runtime.control is not None:
        runtime.control.request_drain(reason)
    return update


def add_edges(graph: StateGraph[Any, Any, Any, Any], plan: Plan) -> None:
    """Conditional edges to all who may follow; watchers' nodes lead to the end of their own branch."""
    graph.add_edge(START, BEGIN)
    watchers = [role for role in plan.cast if role in plan.watchers]
    for source, targets in successors(plan).items():
        ways = [target for target in targets if target != FLOW_END]
        # Any turn may be the last one: limits, phrases and conditions are looked at after each. Before the first one
        # the run ends only where its first round does not fit into the bound of turns.
        opening = plan.phases[plan.scenario.flow.start]
        ends = source != BEGIN or together(opening) or opening.changing
        graph.add_conditional_edges(source, follow_next, [*ways, *watchers, *([END] if ends else [])])
    for role in watchers:
        if role == plan.awaits:
            graph.add_conditional_edges(role, follow_awaited, [GATHER, END])
        else:
            graph.add_edge(role, END)
    for branches in graph.branches.values():
        for branch in branches.values():
            # To LangGraph a router is a run of its own, whose callbacks and task cost more than all else of it.
            cast(Any, branch.path).trace = False
