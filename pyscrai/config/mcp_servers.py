"""MCP servers whose tools templates may give to roles: the ``[mcp_servers.NAME]`` tables of pyscrai.toml."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    url: str = ""
    """In place of a program: the address of a server, ``https``, or ``http`` on this machine."""
    api_key_env: str = ""
    """The name of the environment variable that holds the key which the address is sent."""
    tools: tuple[str, ...] = ()
    """The tools that templates may use; left out, all of them."""
    start_timeout: float = Field(30.0, gt=0, le=600)
    """Seconds that it may take to start and to say what tools it has."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("needs either a command or a url")
        if self.url:
            found = urlsplit(self.url)
            if found.scheme not in ("http", "https") or not found.hostname:
                raise ValueError("the url must begin with https://, or with http:// on this machine")
            if found.scheme == "http" and not is_loopback(found.hostname):
                raise ValueError("http goes over the network in the clear: use https, or a server on this machine")
            if found.username or found.password:
                raise ValueError("a key must not stand in the url: name an environment variable in api_key_env")
        elif self.api_key_env:
            raise ValueError("api_key_env goes with a url; a program gets what it needs by env_from")
        return self
