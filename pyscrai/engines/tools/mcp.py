"""Tools of MCP servers as tools of a role.

What such a tool is called, says of itself and takes is written down when the run is made, so that prompts and replays
need no server. Only its use asks one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from pyscrai.engines.tools.langchain import shown_result
from pyscrai.engines.tools.tool import ToolAnswer, ToolScene
from pyscrai.engines.tools.tool_spec import McpToolSpec
from pyscrai.errors import ConfigError

NAMED = re.compile(r"mcp:([a-z0-9][a-z0-9_-]*)/([\w.-]+)")
"""How a template names a tool of a server."""


class ToolServers(Protocol):
    """The MCP servers that the operator has declared."""

    async def describe(self, server: str, tool: str) -> McpToolSpec:
        """The description that a server gives of one of its tools.

        Raises:
            ConfigError: there is no such server or tool here, it is not allowed, or the server cannot be reached.
        """
        ...

    async def call(self, server: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool; whatever goes wrong is raised."""
        ...


class McpTool:
    """A tool of an MCP server. It learns its arguments and nothing else."""

    again = False

    def __init__(self, spec: McpToolSpec, servers: ToolServers | None) -> None:
        self.name, self.description = spec.tool, spec.description
        self._spec, self._servers = spec, servers

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        return self._spec.arguments

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        if self._servers is None:
            return ToolAnswer(error="no MCP server can be reached here")
        return shown_result(await self._servers.call(self._spec.server, self._spec.tool, dict(arguments)))


def parts_of(name: str) -> tuple[str, str] | None:
    """The server and the tool that a name stands for; None where it names no tool of a server.

    Raises:
        ConfigError: it begins as one and is none.
    """
    if not name.startswith("mcp:"):
        return None
    found = NAMED.fullmatch(name)
    if found is None:
        raise ConfigError(f"{name!r} names no tool of an MCP server", code="config.unknown_tool", tool=name,
                          cure="write mcp:SERVER/TOOL")
    return found[1], found[2]
