"""Settings of the server: the ``[server]`` table of pyscrai.toml and ``PYSCRAI_SERVER__*``."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import BaseModel, ConfigDict, Field


class ServerSettings(BaseModel):
    """Address, limits and access of ``pyscrai serve``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65535)
    """0 picks a free one."""
    require_keys: bool = False
    """Ask for an API key also on a loopback address."""
    capacity: int = Field(500, ge=0)
    """Runs that this process plays at the same time; the others wait in a fair queue. 0 leaves them to workers."""
    grace: float = Field(20.0, ge=0)
    """Seconds that runs have to reach a turn's end when the server is told to end."""
    max_body_bytes: int = Field(2_000_000, ge=1_000)
    requests_per_minute: int = Field(6_000, ge=1)
    """Requests that one client may make, with bursts of a tenth of it."""
    max_streams: int = Field(1_000, ge=1)
    """Streams of events that may be open at the same time."""
    interview_timeout: float = Field(20.0, gt=0)
    """Seconds that an interview waits for its model."""
    cors_origins: tuple[str, ...] = ()
    """Web origins that may call the API from a browser; none by default."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names by which the server may be called, beside its own address; none means any where keys are asked for."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
