"""Telemetry of a process, where it is switched on; nothing of OpenTelemetry is imported where it is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pyscrai.config.settings import ModelAlias
from pyscrai.config.telemetry import TelemetrySettings
from pyscrai.engines.agent_runtime import AgentRuntime
from pyscrai.engines.ports.model import ChatModel
from pyscrai.engines.scenario_runner import ScenarioRunner
from pyscrai.errors import ConfigError

if TYPE_CHECKING:
    from pyscrai.telemetry.telemetry import Telemetry

Watched = Callable[[ChatModel, ModelAlias], ChatModel]


def open_telemetry(settings: TelemetrySettings, instance: str) -> tuple[Telemetry, Watched]:
    """The telemetry of this process, and what puts its tracing around a model.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        from pyscrai.telemetry.telemetry import Telemetry
    except ImportError as error:
        raise ConfigError(f"telemetry is switched on, and {error.name or 'OpenTelemetry'} is not installed",
                          code="config.missing_extra", cure="pip install 'pyscrai[otel]', or set telemetry.enabled to "
                          "false") from None
    telemetry = Telemetry(instance, content=settings.content)
    return telemetry, watched_by(telemetry)


def watched_by(telemetry: Telemetry) -> Watched:
    """A function that puts tracing around a model."""
    from pyscrai.telemetry.traced_model import TracedModel

    return lambda model, alias: TracedModel(model, alias, telemetry)


def players(telemetry: Telemetry | None) -> tuple[Callable[..., AgentRuntime], Callable[..., ScenarioRunner]]:
    """The classes that play turns and runs: traced ones where telemetry is on."""
    if telemetry is None:
        return AgentRuntime, ScenarioRunner
    from pyscrai.telemetry.traced_play import TracedRunner, TracedRuntime

    runtime: Any = partial(TracedRuntime, telemetry)
    runner: Any = partial(TracedRunner, telemetry)
    return runtime, runner
