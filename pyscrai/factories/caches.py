"""What the runs of a process share so that opening one is cheap: parsed templates, plans and compiled graphs."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from langgraph.graph.state import CompiledStateGraph

from pyscrai.databases.tables import AgentTemplateRow, RunRow, ScenarioTemplateRow
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.orchestration.turn_order import successors
from pyscrai.engines.orchestration.unwatched_nodes import unwatched
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate

T = TypeVar("T")
Graph = CompiledStateGraph[Any, Any, Any, Any]


class Recent(Generic[T]):
    """The most recently used values by key; the others are forgotten and made again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made if it is not kept."""
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def find(self, key: Hashable) -> T | None:
        """The value of a key, if it is kept."""
        return self._kept.get(key)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept


class Shared:
    """Templates by content hash, their rows by version, graphs by shape, and the plans of runs by id and budget."""

    def __init__(self, most: int = 128) -> None:
        self.scenario_rows: Recent[ScenarioTemplateRow] = Recent(most)
        self.agent_rows: Recent[AgentTemplateRow] = Recent(most)
        self.scenarios: Recent[ScenarioTemplate] = Recent(most)
        self.agents: Recent[AgentTemplate] = Recent(most)
        self.plans: Recent[Plan] = Recent(most)
        self._graphs: Recent[Graph] = Recent(most)
        self._settled = False

    def settle(self) -> None:
        """Leave all that is imported by now out of garbage collections, and have fewer of them.

        Half a million objects of the libraries live as long as the process; with hundreds of runs, walking them again
        and again took a third of all CPU.
        """
        if not self._settled:
            self._settled = True
            gc.freeze()
            gc.set_threshold(50_000, 50, 1_000)

    def graph(self, plan: Plan) -> Graph:
        """The compiled graph of a plan, without a checkpointer: plans of one shape have the same."""
        def compiled() -> Graph:
            return unwatched(compile_graph(plan, lambda runtime: runtime.context).compile(name=plan.scenario.name))

        return self._graphs.get(_shape(plan), compiled)


def plan_key(row: RunRow) -> Hashable:
    """The key of a run's plan: the budget is the one of its settings that may change."""
    return row.id, row.settings.get("budget_usd")


def _shape(plan: Plan) -> Hashable:
    """All of a plan that its graph is built from."""
    cast = tuple((role, member.engine, member.name) for role, member in plan.cast.items())
    follow = tuple((source, tuple(targets)) for source, targets in successors(plan).items())
    return plan.scenario.name, plan.keep_turns, plan.watchers, cast, follow
