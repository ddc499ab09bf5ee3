from pathlib import Path
from typing import Any

from pyscrai.errors import PyscraiError as PyscraiError
from pyscrai.experiments.models.experiment import ExperimentTemplate as ExperimentTemplate
from pyscrai.lab.async_experiment import AsyncExperiment as AsyncExperiment
from pyscrai.lab.async_lab import AsyncLab as AsyncLab
from pyscrai.lab.async_run import AsyncRun as AsyncRun
from pyscrai.lab.lab import Lab as Lab
from pyscrai.lab.run import Run as Run
from pyscrai.lab.sync_experiment import SyncExperiment as SyncExperiment
from pyscrai.templates.models.agent import AgentTemplate as AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate as ScenarioTemplate

__version__: str
__all__: list[str]

def open(database: str | Path | None = None, **settings: Any) -> Lab: ...
