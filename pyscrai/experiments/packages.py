"""The packages that an experiment's analysis needs, beyond those of PyScrAI itself."""

from __future__ import annotations

from importlib.util import find_spec

from pyscrai.errors import ConfigError
from pyscrai.experiments.models.experiment import ExperimentTemplate

EXPERIMENTS = ("numpy", "scipy", "matplotlib")
MIXED = (*EXPERIMENTS, "statsmodels")


def check_packages(spec: ExperimentTemplate) -> None:
    """See that an experiment can be analysed here, before anything is played that costs.

    Raises:
        ConfigError: a package is not installed.
    """
    extra, needed = ("mixed", MIXED) if spec.analysis.method in ("gee", "mixed") else ("experiments", EXPERIMENTS)
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ConfigError(f"the analysis needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
                          "installed", code="experiment.packages", cure=f"pip install 'pyscrai[{extra}]'")
