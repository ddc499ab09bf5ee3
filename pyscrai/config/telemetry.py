"""Settings of telemetry: the ``[telemetry]`` table of pyscrai.toml and ``PYSCRAI_TELEMETRY__*``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TelemetrySettings(BaseModel):
    """Whether a process tells OpenTelemetry of what it does; where to, the standard ``OTEL_*`` variables say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    """Send traces and metrics over OTLP; needs the extra ``pyscrai[otel]``."""
    content: bool = False
    """Send prompts and replies with the traces. They may hold what a scenario keeps secret from its own roles."""
