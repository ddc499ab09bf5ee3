"""PyScrAI plays multi-agent scenarios with real language models and records all that happens.

``with pyscrai.open() as lab:`` opens a lab; see docs/python.md. Types are in ``__init__.pyi``: nothing is imported
before it is used, so that ``import pyscrai`` costs nothing.
"""

__version__ = "0.1.0"

__all__ = ["AgentTemplate", "AsyncExperiment", "AsyncLab", "AsyncRun", "ExperimentTemplate", "Lab", "PyscraiError",
           "Run", "ScenarioTemplate", "SyncExperiment", "__version__", "open"]

__where__ = {
    "AgentTemplate": "pyscrai.templates.models.agent", "AsyncExperiment": "pyscrai.lab.async_experiment",
    "AsyncLab": "pyscrai.lab.async_lab", "AsyncRun": "pyscrai.lab.async_run",
    "ExperimentTemplate": "pyscrai.experiments.models.experiment", "Lab": "pyscrai.lab.lab",
    "PyscraiError": "pyscrai.errors", "Run": "pyscrai.lab.run", "ScenarioTemplate": "pyscrai.templates.models.scenario",
    "SyncExperiment": "pyscrai.lab.sync_experiment", "open": "pyscrai.lab.lab"}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in __where__:
        return getattr(import_module(__where__[name]), name)
    raise AttributeError(f"module 'pyscrai' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
