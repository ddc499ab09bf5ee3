"""A stored experiment, read: its row, what it declares, and the design that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pyscrai.databases.experiment_tables import ExperimentRow
from pyscrai.databases.repositories.experiments import Experiments
from pyscrai.databases.tables import ScenarioTemplateRow
from pyscrai.errors import WrongState
from pyscrai.experiments.design import Contrast, PlannedArm, contrasts, planned_arms, planned_pasts
from pyscrai.experiments.measure_checks import measures_of_judges
from pyscrai.experiments.models.experiment import ExperimentTemplate
from pyscrai.experiments.models.measures import MeasureUse
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.scenario import ScenarioTemplate


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment with its scenario."""

    row: ExperimentRow
    spec: ExperimentTemplate
    scenario: ScenarioTemplate

    @property
    def id(self) -> str:
        """The experiment's id."""
        return self.row.id

    @cached_property
    def arms(self) -> Mapping[str, PlannedArm]:
        """The arms by name, in order."""
        return {arm.name: arm for arm in planned_arms(self.spec)}

    @cached_property
    def contrasts(self) -> list[Contrast]:
        """The comparisons."""
        return contrasts(self.spec, list(self.arms.values()))

    @cached_property
    def judged(self) -> Mapping[str, Measure]:
        """The measures that judges score, by name."""
        judges = self.spec.judges
        return measures_of_judges(judges.measures, self.scenario) if judges is not None else {}

    def require_judged(self) -> None:
        """Do nothing where judges have something to score.

        Raises:
            WrongState: the experiment names no measures for them.
        """
        if not self.judged:
            fit = [measure.name for measure in (self.scenario.analysis.measures if self.scenario.analysis else ())
                   if measure.scale or measure.categories]
            raise WrongState(
                f"{self.spec.name} names no measures for judges", code="experiment.no_judges",
                cure=f"add `judges: {{by: [...], measures: [{', '.join(fit) or '...'}]}}` to the experiment, under "
                     "another version if it is frozen")

    @property
    def uses(self) -> tuple[MeasureUse, ...]:
        """All measures, the primary one first."""
        return (self.spec.measures.primary, *self.spec.measures.secondary)

    def is_judged(self, use: MeasureUse) -> bool:
        """Whether a measure's values are the judges'."""
        return use.source == "measure" and use.target in self.judged

    def counts(self, judge: str, pass_: int) -> bool:
        """Whether a judgement is one that the experiment declares, so that contrasts rest on it."""
        judges = self.spec.judges
        return judges is not None and judge in judges.by and pass_ <= judges.repeats

    @property
    def cells(self) -> int:
        """The number of planned runs, those that only make pasts left out."""
        return self.spec.pasts.count * len(self.arms) * self.spec.repeats

    def past_rows(self) -> Iterator[dict[str, Any]]:
        """Every past as the tables have it."""
        for past in planned_pasts(self.spec):
            yield {"past": past.number, "seed": past.seed, "block": dict(past.block)}

    def cell_rows(self) -> Iterator[dict[str, Any]]:
        """Every cell as the tables have it, one after the other."""
        for number in range(1, self.spec.pasts.count + 1):
            for arm in self.arms:
                for repeat in range(1, self.spec.repeats + 1):
                    yield {"past": number, "arm": arm, "repeat": repeat}


async def load_plan(session: AsyncSession, reference: str) -> ExperimentPlan:
    """The experiment that a person means.

    Raises:
        NotFound: none fits.
    """
    return await plan_of(session, await Experiments(session).find(reference))


async def plan_of(session: AsyncSession, row: ExperimentRow) -> ExperimentPlan:
    """An experiment whose row was read."""
    scenario = await session.get_one(ScenarioTemplateRow, row.scenario_template_id)
    return ExperimentPlan(row, ExperimentTemplate.model_validate(row.content),
                          ScenarioTemplate.model_validate(scenario.content))
