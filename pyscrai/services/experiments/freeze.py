"""Freezing: what an experiment rests on is fixed by a hash before anything is played."""

from __future__ import annotations

from typing import Any

from pyscrai import __version__
from pyscrai.databases.columns import now
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.templates import agent_templates
from pyscrai.databases.tables import AgentTemplateRow
from pyscrai.factories.services import Services
from pyscrai.prompts.library import shipped, text_hash
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.templates.models.base import content_hash


async def freeze_experiment(services: Services, plan: ExperimentPlan) -> ExperimentPlan:
    """Freeze an experiment and plan its pasts and cells; one that is frozen stays as it is."""
    if plan.row.freeze_hash is not None:
        return plan
    frozen = await _facts(services, plan)
    async with services.database.session() as session:
        experiments = Experiments(session)
        row = await experiments.get(plan.id)
        if row.freeze_hash is None:
            row.freeze_hash, row.frozen, row.frozen_at = content_hash(frozen), frozen, now()
            await session.flush()
            await experiments.plan(row.id, plan.past_rows(), plan.cell_rows())
        return await plan_of(session, row)


async def _facts(services: Services, plan: ExperimentPlan) -> dict[str, Any]:
    """All that is hashed, as JSON-plain data: plan, templates, model aliases, prompts, analysis, versions."""
    spec = plan.spec
    stored = await services.joint.template(spec.scenario)
    agents = {**stored.agents, **await _cast(services, plan)}
    aliases = await models_of(services, plan)
    return {
        "experiment": {"reference": f"{spec.name}@{spec.version}", "hash": spec.hash},
        "scenario": {"reference": spec.scenario, "hash": stored.row.content_hash},
        "agents": {reference: row.content_hash for reference, row in sorted(agents.items())},
        "models": {name: _alias(services, name) for name in aliases},
        "prompts": {name: text_hash(text) for name, text in sorted(shipped().items())},
        "measures": [use.model_dump(mode="json", by_alias=True, exclude_defaults=True) for use in plan.uses],
        "contrasts": [contrast.name for contrast in plan.contrasts],
        "analysis": spec.analysis.model_dump(mode="json"),
        "smallest_effect": spec.smallest_effect,
        "pyscrai": __version__,
    }


async def models_of(services: Services, plan: ExperimentPlan) -> list[str]:
    """Every model alias that a run or judge of the experiment may use."""
    stored = await services.joint.template(plan.spec.scenario)
    agents = [*stored.agents.values(), *(await _cast(services, plan)).values()]
    return sorted(_aliases(services, plan, {agent.content.get("model") for agent in agents}))


async def _cast(services: Services, plan: ExperimentPlan) -> dict[str, AgentTemplateRow]:
    """The agents that the experiment casts in place of the scenario's own."""
    named = {*plan.spec.cast.values(), *(agent for arm in plan.arms.values() for agent in arm.overrides.cast.values())}
    if not named:
        return {}
    async with services.database.read() as session:
        agents = agent_templates(session)
        return {reference: await agents.get(reference) for reference in sorted(named)}


async def note_drift(services: Services, plan: ExperimentPlan) -> list[str]:
    """Note as deviations what is not as it was frozen: prompts, models, templates, PyScrAI itself; each once."""
    then, today = plan.row.frozen or {}, await _facts(services, plan)
    found = [f"{part} changed since the freeze: {_changed(then.get(part), today[part])}"
             for part in ("scenario", "agents", "models", "prompts", "pyscrai") if then.get(part) != today[part]]
    async with services.database.session() as session:
        experiments = Experiments(session)
        known = {row.what for row in await experiments.deviations(plan.id)}
        for what in found:
            if what not in known:
                await experiments.deviate(plan.id, what, "pyscrai")
    return found


def _changed(then: Any, today: Any) -> str:
    if isinstance(then, dict) and isinstance(today, dict):
        return ", ".join(sorted(name for name in {*then, *today} if then.get(name) != today.get(name)))
    return f"{then} -> {today}"


def _aliases(services: Services, plan: ExperimentPlan, named: set[Any]) -> set[str]:
    """Every model alias that a run or judge may use."""
    spec = plan.spec
    found = {spec.model, *spec.role_models.values()}
    if spec.model is None:   # it would stand in for what templates name
        found |= {services.settings.model, *named}
        for role in plan.scenario.roles.values():
            found |= {role.model, None if isinstance(role.agent, str) else role.agent.model}
    for arm in plan.arms.values():
        found |= {arm.overrides.model, *arm.overrides.role_models.values()}
    found |= set(spec.judges.by) if spec.judges else set()
    return {str(name) if name != "default" else services.settings.model for name in found if name}


def _alias(services: Services, name: str) -> dict[str, Any]:
    if name in services.models.registered:
        return {"kind": "registered"}
    alias = services.settings.alias(name)
    return alias.model_dump(mode="json", exclude_defaults=True, exclude={"api_key_env", "name"})
