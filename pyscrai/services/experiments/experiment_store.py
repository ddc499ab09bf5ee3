"""Storing of experiments: checked, with the exact version of their scenario; amended when they are frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete

from pyscrai.databases.experiment_tables import ExperimentCellRow, ExperimentPastRow, ExperimentRow
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.repositories.templates import agent_templates, scenario_templates
from pyscrai.errors import NotFound, Problem, TemplateError, VersionConflict
from pyscrai.experiments.checks import check_experiment, errors
from pyscrai.experiments.design import planned_pasts
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.experiments.reader import LoadedExperiment
from pyscrai.factories.services import Services
from pyscrai.factories.template_store import known_agents, store_templates
from pyscrai.services.experiments.experiment_plan import ExperimentPlan, plan_of
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import LoadedTemplate, read_file

FREE = ("title", "description", "tags", "parallel", "failures", "judges", "stop", "question")
"""Fields that an amendment may change in any way."""


async def check_loaded(services: Services, loaded: LoadedExperiment) -> list[Problem]:
    """Everything that can be known to be wrong with an experiment here, errors and warnings, by line.

    Mistakes of its form are among them, and those of a scenario in a file beside it. Nothing is stored.
    """
    found = await _found(services, loaded)
    return [*found.problems, *await _problems(services, loaded, found)]


@dataclass(frozen=True, slots=True)
class _FoundScenario:
    """An experiment's scenario as far as it can be found, and what is wrong with it."""

    scenario: ScenarioTemplate | None = None
    reference: str = ""
    """``name@version``."""
    beside: tuple[LoadedTemplate, ...] = ()
    """The templates of the file that it stands in, beside the experiment's; they are not stored yet."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with that file."""
    missing: Problem | None = None
    """It cannot be found."""


async def _found(services: Services, loaded: LoadedExperiment) -> _FoundScenario:
    wanted, path = loaded.template.scenario, ("scenario",)
    if path in loaded.guessed:
        return _FoundScenario()

    def missing(error: NotFound) -> Problem:
        return loaded.positions.problem("experiment.unknown_scenario", path, error.message, value=wanted,
                                        cure=error.cure)

    if not wanted.endswith((".yaml", ".yml", ".json")):
        try:
            stored = await services.joint.template(wanted)
        except NotFound as error:
            return _FoundScenario(missing=missing(error))
        return _FoundScenario(stored.scenario, f"{stored.row.name}@{stored.row.version}")
    try:
        reading = await asyncio.to_thread(read_file, Path(loaded.file).parent / wanted if loaded.file else Path(wanted))
    except NotFound as error:
        return _FoundScenario(missing=missing(error))
    async with services.database.read() as session:
        agents = await known_agents(session, (*reading.templates, *reading.drafts))
    problems = tuple(errors(await asyncio.to_thread(validate, [reading], agents)))
    scenario = next((item for item in reading.templates if isinstance(item.template, ScenarioTemplate)), None)
    if scenario is None and not problems:
        return _FoundScenario(missing=missing(NotFound(f"{wanted} holds no scenario",
                                                       cure="name a file with `kind: scenario`")))
    if scenario is None or not isinstance(scenario.template, ScenarioTemplate):
        return _FoundScenario(problems=problems)
    return _FoundScenario(scenario.template, scenario.reference, reading.templates, problems)


async def _problems(services: Services, loaded: LoadedExperiment, found: _FoundScenario) -> list[Problem]:
    async with services.database.read() as session:
        stored = await agent_templates(session).list(every_version=True)
    beside = [item.template for item in found.beside if isinstance(item.template, AgentTemplate)]
    agents = {name: engine for stem, version, engine in (
        *((row.name, row.version, str(row.content["engine"])) for row in stored),
        *((agent.name, agent.version, agent.engine) for agent in beside)) for name in (stem, f"{stem}@{version}")}
    aliases = {*services.settings.models, *services.models.registered, "default"}
    problems = await asyncio.to_thread(check_experiment, loaded, found.scenario, aliases, agents)
    if found.missing is not None:
        problems = sorted([*problems, found.missing], key=lambda problem: (problem.line or 0, problem.column or 0))
    return problems


async def store_experiment(services: Services, loaded: LoadedExperiment, *, actor: str = "", amend: bool = False,
                           pilot: bool = False) -> ExperimentPlan:
    """Store an experiment, or find the one that is stored under its name and version.

    Args:
        amend: let a frozen one have more pasts, arms or repeats, other judges or another stop; each change becomes a
            deviation.
        pilot: a few pasts of it that are played to plan it.

    Raises:
        TemplateError: with every error of the experiment.
        VersionConflict: the stored one is frozen and says something else.
    """
    found = await _found(services, loaded)
    if wrong := errors([*found.problems, *await _problems(services, loaded, found)]):
        raise TemplateError(wrong)
    if found.beside:
        await store_templates(services.database, list(found.beside))
    reference = found.reference
    spec = loaded.template.model_copy(update={"scenario": reference})
    async with services.database.session() as session:
        experiments = Experiments(session)
        row = await experiments.stored(spec.name, spec.version, pilot=pilot)
        if row is not None and row.content_hash == spec.hash:
            return await plan_of(session, row)
        template = await scenario_templates(session).get(reference)
        if row is None:
            row = await experiments.create(
                name=spec.name, version=spec.version, content=spec.content(), content_hash=spec.hash, pilot=pilot,
                scenario_template_id=template.id, source=loaded.source or None)
        else:
            deviations = _amended(row, spec, amend=amend)
            seen = " (after results had been seen)" if row.results and not row.results.get("interim") else ""
            for what in deviations:
                await experiments.deviate(row.id, what + seen, actor)
            if row.freeze_hash is None:
                for table in (ExperimentCellRow, ExperimentPastRow):
                    await session.execute(delete(table).where(table.experiment_id == row.id))
            row.content, row.content_hash, row.scenario_template_id = spec.content(), spec.hash, template.id
            row.source = loaded.source or None
            if row.status == "completed":
                row.status, row.reason = "planned", ""
        await session.flush()
        plan = await plan_of(session, row)
        if row.freeze_hash is not None:
            await experiments.plan(row.id, plan.past_rows(), plan.cell_rows())
        return plan


def _amended(row: ExperimentRow, new: ExperimentTemplate, *, amend: bool) -> list[str]:
    """The changes that a file makes to a frozen experiment, in words; nothing where it is not frozen.

    Raises:
        VersionConflict: it is frozen, and the change is not asked for or not possible.
    """
    if row.freeze_hash is None:
        return []
    old = ExperimentTemplate.model_validate(row.content)
    if not amend:
        raise VersionConflict(
            f"{row.name}@{row.version} is frozen, and the file says something else", code="experiment.frozen",
            cure="--amend adds pasts, arms and repeats and notes the deviation; anything else needs another version")
    changes = [*_more_pasts(old, new), *_more_arms(old, new)]
    if new.repeats != old.repeats:
        if new.repeats < old.repeats:
            raise _impossible("repeats", "there may be more of them, not fewer")
        changes.append(f"repeats: {old.repeats} -> {new.repeats}")
    for name in ExperimentTemplate.model_fields:
        if getattr(old, name) == getattr(new, name) or name in ("pasts", "arms", "factors", "repeats"):
            continue
        if name == "contrasts" or (name == "measures" and old.measures.primary == new.measures.primary):
            changes.append(f"{name} changed: what was not planned at first is exploratory")
        elif name in FREE:
            changes.append(f"{name} changed")
        else:
            raise _impossible(name, "it would be another experiment")
    return changes


def _more_pasts(old: ExperimentTemplate, new: ExperimentTemplate) -> Sequence[str]:
    if old.pasts == new.pasts:
        return []
    if (old.pasts.vary, old.pasts.until) != (new.pasts.vary, new.pasts.until):
        raise _impossible("pasts", "`vary` and `until` make other pasts")
    before, after = list(planned_pasts(old)), list(planned_pasts(new))
    if after[:len(before)] != before:
        raise _impossible("pasts.seeds", "the seeds that are there must stay, and come first")
    return [f"pasts: {len(before)} -> {len(after)}"]


def _more_arms(old: ExperimentTemplate, new: ExperimentTemplate) -> Sequence[str]:
    if old.factors != new.factors:
        raise _impossible("factors", "they make other arms")
    for name, arm in old.arms.items():
        if name not in new.arms:
            raise _impossible(f"arms.{name}", "an arm cannot be taken away")
        if new.arms[name].model_dump(exclude={"description"}) != arm.model_dump(exclude={"description"}):
            raise _impossible(f"arms.{name}", "runs of it may be there already")
    added = [name for name in new.arms if name not in old.arms]
    return [f"arms added: {', '.join(added)}"] if added else []


def _impossible(field: str, reason: str) -> VersionConflict:
    return VersionConflict(f"an amendment cannot change `{field}`: {reason}", code="experiment.amendment",
                           cure="give the changed experiment another version", field=field)
