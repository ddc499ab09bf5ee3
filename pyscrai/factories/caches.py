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
from pyscrai.factories.run_draft import RunDraft
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
            self.keep(key, make())
        self._kept.move_to_end(key)
        return self._kept[key]

    def find(self, key: Hashable) -> T | None:
        """The value of a key, if it is kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Hashable, value: T) -> None:
        """Keep a value, as the one that was used last."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept


class Shared:
    """Templates by content hash, their rows by version, drafts of runs by what decides them, plans of stored runs by
    their likeness, graphs by shape, and the plans of runs by id and budget.

    Args:
        most: templates, drafts and graphs that are kept.
        runs: plans that are kept: hundreds of runs are made before the first of them is opened.
    """

    def __init__(self, most: int = 128, runs: int = 1_024) -> None:
        self.scenario_rows: Recent[ScenarioTemplateRow] = Recent(most)
        self.agent_rows: Recent[AgentTemplateRow] = Recent(most)
        self.scenarios: Recent[ScenarioTemplate] = Recent(most)
        self.agents: Recent[AgentTemplate] = Recent(most)
        self.drafts: Recent[RunDraft] = Recent(most)
        self.stored_plans: Recent[Plan] = Recent(most)
        self.plans: Recent[Plan] = Recent(runs)
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

    def remember(self, run_id: str, plan: Plan) -> None:
        """Keep the plan of a run that was made just now."""
        self.plans.keep((run_id, plan.budget_usd), plan)

    def graph(self, plan: Plan) -> Graph:
        """The compiled graph of a plan, without a checkpointer: plans of one shape have the same."""
        def compiled() -> Graph:
            return unwatched(compile_graph(plan, lambda runtime: runtime.context).compile(name=plan.scenario.name))

        if "graph" not in plan.kept:
            plan.kept["graph"] = self._graphs.get(_shape(plan), compiled)
        graph: Graph = plan.kept["graph"]
        return graph


def plan_key(row: RunRow) -> Hashable:
    """The key of a run's plan: the budget is the one of its settings that may change."""
    return row.id, row.settings.get("budget_usd")


def _shape(plan: Plan) -> Hashable:
    """All of a plan that its graph is built from."""
    cast = tuple((role, member.engine, member.name) for role, member in plan.cast.items())
    follow = tuple((source, tuple(targets)) for source, targets in successors(plan).items())
    return plan.scenario.name, plan.keep_turns, plan.watchers, cast, follow
