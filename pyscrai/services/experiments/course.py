"""The whole course of an experiment: freeze, play, judge, analyse. The command line, the API and Python share it."""

from __future__ import annotations

from collections.abc import Callable

from pyscrai.engines.orchestration.engine_manager import EngineManager
from pyscrai.experiments.packages import check_packages
from pyscrai.factories.services import Services
from pyscrai.services.experiments.experiment_plan import ExperimentPlan
from pyscrai.services.experiments.experiment_runner import ExperimentRunner
from pyscrai.services.experiments.freeze import freeze_experiment, models_of, note_drift
from pyscrai.services.experiments.judge_panel import JudgePanel
from pyscrai.services.experiments.results import compute_results

Begun = Callable[[ExperimentRunner], None]


async def run_course(services: Services, manager: EngineManager, plan: ExperimentPlan, *, parallel: int | None = None,
                     judged: bool = True, begun: Begun = lambda runner: None) -> ExperimentPlan:
    """Freeze an experiment if it is not, play what is missing, let it be judged, and analyse it.

    Args:
        judged: let the judges that it names score what has ended.
        begun: given the runner before it begins, so that it can be paused.

    Raises:
        WrongState: it is cancelled, or another process runs it.
        ConfigError: a model that it needs is unknown, has no key or no weights; a package of its analysis is missing.
    """
    check_packages(plan.spec)
    plan = await freeze_experiment(services, plan)
    await note_drift(services, plan)
    for alias in await models_of(services, plan):
        await services.models.get(alias)   # what cannot be asked is told before anything is played
    runner = ExperimentRunner(services, manager, plan.id, parallel=parallel)
    begun(runner)
    plan = await runner.run()
    if judged and plan.spec.judges is not None and plan.row.status == "completed":
        await JudgePanel(services, plan, parallel=parallel).judge()
    await compute_results(services, plan)
    return plan
