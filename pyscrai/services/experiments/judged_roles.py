"""The roles of which judges score each measure."""

from __future__ import annotations

from collections.abc import Mapping

from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.templates.cel.scope import members


async def judged_roles(services: Services, plan: ExperimentPlan) -> Mapping[str, tuple[str, ...]]:
    """Measure to its roles; the empty name stands for the whole play."""
    stored = await services.joint.template(plan.spec.scenario)
    scenario = plan.scenario
    engines = {name: stored.agents[role.agent].content["engine"] if isinstance(role.agent, str) else role.agent.engine
               for name, role in scenario.roles.items()}
    actors = tuple(role for role, engine in engines.items() if engine == "actor" and role not in plan.spec.without)
    found: dict[str, tuple[str, ...]] = {}
    for name, measure in plan.judged.items():
        if measure.of == "scenario":
            found[name] = ("",)
        elif measure.of in scenario.groups:
            found[name] = tuple(members((measure.of,), scenario))
        else:
            found[name] = actors if measure.of == "each" else (measure.of,)
    return found
