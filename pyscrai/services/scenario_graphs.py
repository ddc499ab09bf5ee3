"""The graph of a stored scenario with its whole cast, as it would be played."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pyscrai.databases.database import Database
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.engines.orchestration.compiler import compile_graph
from pyscrai.engines.orchestration.plan import make_plan
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import FindAgent, make_run_spec
from pyscrai.services.phase_pictures import PhaseEdge, PhaseNode, phase_picture
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate


@dataclass(frozen=True, slots=True)
class Drawing:
    """Nodes as id, name and engine; edges as source and target; and both as Mermaid."""

    nodes: tuple[tuple[str, str, str | None], ...]
    edges: tuple[tuple[str, str], ...]
    mermaid: str
    shows: str = "roles"
    """What the nodes are: ``roles`` or ``phases``."""
    phases: tuple[PhaseNode, ...] = ()
    ways: tuple[PhaseEdge, ...] = ()

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Nodes and edges, phases and ways as JSON-plain data."""
        return {"nodes": [{"id": node, "name": label, "engine": engine} for node, label, engine in self.nodes],
                "edges": [{"source": source, "target": target} for source, target in self.edges],
                "phases": [asdict(phase) for phase in self.phases], "ways": [asdict(way) for way in self.ways]}


async def draw(database: Database, reference: str) -> Drawing:
    """The graph of the stored scenario ``name@version``.

    Raises:
        NotFound: the scenario, or one of its agents, is not stored.
        TemplateError: a phase has nobody to speak.
    """
    async with database.read() as session:
        row = await scenario_templates(session).get(reference)
        scenario = ScenarioTemplate.model_validate(row.content)
        agents = {role.agent: AgentTemplate.model_validate((await agent_templates(session).get(role.agent)).content)
                  for role in scenario.roles.values() if isinstance(role.agent, str)}
    return draw_scenario(scenario, agents.__getitem__)


def draw_scenario(scenario: ScenarioTemplate, find_agent: FindAgent) -> Drawing:
    """The graph of a scenario that need not be stored.

    Raises:
        NotFound: one of its agents is not there.
        TemplateError: a phase has nobody to speak.
    """
    plan = make_plan(make_run_spec(scenario, RunOptions(seed=0), find_agent, model="default"))
    graph = compile_graph(plan, lambda found: found.context).compile(name=scenario.name).get_graph()
    cast = plan.cast
    nodes = tuple((node, cast[node].name if node in cast else node.strip("_"),
                   cast[node].engine if node in cast else None) for node in graph.nodes)
    return Drawing(nodes, tuple((edge.source, edge.target) for edge in graph.edges), graph.draw_mermaid(), "roles",
                   *phase_picture(scenario))
