"""MCP servers whose tools templates may give to roles: the ``[mcp_servers.NAME]`` tables of pyscrai.toml."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pyscrai.config.server import is_loopback


class McpServer(BaseModel):
    """One server: a program that is started here and spoken to over its standard input, or a URL.

    Templates name its tools, ``mcp:NAME/TOOL``, and never where it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = ()
    """The program that is started, with its arguments."""
    cwd: Path | None = None
    """The folder in which it is started."""
    env_from: tuple[str, ...] = ()
    """Names of environment variables that it is given, beside those that every program needs."""
    url: str = Field("", validate_default=True)
    """In place of a program: the address of a server, ``https``, or ``http`` on this machine."""
    api_key_env: str = ""
    """The name of the environment variable that holds the key which the address is sent."""
    tools: tuple[str, ...] = ()
    """The tools that templates may use; left out, all of them."""
    start_timeout: float = Field(30.0, gt=0, le=600)
    """Seconds that it may take to start and to say what tools it has."""

    @field_validator("url")
    @classmethod
    def _where_it_is(cls, value: str, info: ValidationInfo) -> str:
        if "command" in info.data and bool(info.data["command"]) == bool(value):
            raise ValueError("needs either a command or a url")
        if value:
            found = urlsplit(value)
            if found.scheme not in ("http", "https") or not found.hostname:
                raise ValueError("the url must begin with https://, or with http:// on this machine")
            if found.scheme == "http" and not is_loopback(found.hostname):
                raise ValueError("http goes over the network in the clear: use https, or a server on this machine")
            if found.username or found.password:
                raise ValueError("a key must not stand in the url: name an environment variable in api_key_env")
        return value

    @field_validator("api_key_env")
    @classmethod
    def _of_a_url(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("url") == "":
            raise ValueError("api_key_env goes with a url; a program gets what it needs by env_from")
        return value
