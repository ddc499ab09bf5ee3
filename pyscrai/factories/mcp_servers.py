"""The MCP servers that the operator has declared: each is started or reached when a tool of it is first needed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from pyscrai.config.mcp_servers import McpServer
from pyscrai.did_you_mean import instead
from pyscrai.engines.tools.langchain import LangChainTool
from pyscrai.engines.tools.tool_spec import McpToolSpec
from pyscrai.errors import ConfigError

IDLE = 300.0
"""Seconds after which a server that nobody uses is let go."""


class McpServers:
    """The servers of this process, each with one session that all runs share while it is needed.

    Args:
        servers: name to server, as the operator's settings declare them.
    """

    def __init__(self, servers: Mapping[str, McpServer], *, idle: float = IDLE) -> None:
        self._servers, self._idle = servers, idle
        self._sessions: dict[str, _Session] = {}

    async def describe(self, server: str, tool: str) -> McpToolSpec:
        """The description that a server gives of one of its tools.

        Raises:
            ConfigError: there is no such server or tool here, it is not allowed, or the server cannot be reached.
        """
        declared = self._declared(server, tool)
        try:
            async with asyncio.timeout(declared.start_timeout):
                found = await self._session(server).tools()
        except ConfigError:
            raise
        except Exception as error:  # whatever a foreign program or server does when it is begun with
            reason = (f"it did not answer within {declared.start_timeout:g} s" if isinstance(error, TimeoutError)
                      else _reason(error))
            await self._end(server)
            raise ConfigError(
                f"the MCP server {server!r} cannot be used: {reason}", code="config.mcp_server", server=server,
                cure=f"correct [mcp_servers.{server}] in pyscrai.toml, or start it") from error
        if tool not in found:
            raise ConfigError(f"the MCP server {server!r} has no tool {tool!r}", code="config.unknown_tool", tool=tool,
                              cure=instead(tool, found))
        known = LangChainTool(f"mcp:{server}/{tool}", found[tool])
        return McpToolSpec(server=server, tool=tool, description=known.description, arguments=known.arguments)

    async def call(self, server: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool: a text, or JSON-plain data where it gives more than text; whatever goes wrong is raised."""
        self._declared(server, tool)
        session = self._session(server)
        found = await session.tools()
        if tool not in found:
            raise LookupError(f"the MCP server {server!r} has no tool {tool!r} any more")
        from langchain_core.tools import ToolException  # late: only where a tool of a server is used

        session.calls += 1
        try:
            return plain_content(await found[tool].ainvoke(dict(arguments)))
        except ToolException:
            raise  # the tool's own error: its server is well
        except Exception as error:
            # Once a connection is lost nothing comes over it again; the next use opens another one.
            await self._end(server, session)
            raise ConnectionError(f"the MCP server {server!r} failed: {_reason(error)}") from error
        finally:
            session.calls -= 1

    async def close(self) -> None:
        """End all sessions, and the programs that were started for them."""
        for server in list(self._sessions):
            await self._end(server)

    def _declared(self, server: str, tool: str) -> McpServer:
        name = f"mcp:{server}/{tool}"
        if server not in self._servers:
            raise ConfigError(f"the tool {name!r} is not allowed here: there is no MCP server {server!r}",
                              code="config.tool_not_allowed", tool=name,
                              cure=f"the operator may declare [mcp_servers.{server}] in pyscrai.toml" + (
                                  f"; {instead(server, self._servers)}" if self._servers else ""))
        declared = self._servers[server]
        if declared.tools and tool not in declared.tools:
            raise ConfigError(f"the tool {name!r} is not allowed here", code="config.tool_not_allowed", tool=name,
                              cure=f"the operator may add it to `tools` of [mcp_servers.{server}]; "
                                   f"{instead(tool, declared.tools)}")
        return declared

    def _session(self, server: str) -> _Session:
        session = self._sessions.get(server)
        if session is None or session.over:
            session = self._sessions[server] = _Session(server, self._servers[server], self._idle)
        return session

    async def _end(self, server: str, only: _Session | None = None) -> None:
        session = self._sessions.get(server)
        if session is not None and only in (None, session):
            del self._sessions[server]
            await session.close()


class _Session:
    """A session in a task of its own, which opens and closes it: a connection belongs to the task that opened it."""

    def __init__(self, name: str, server: McpServer, idle: float) -> None:
        self.calls = 0
        self._name, self._server, self._idle = name, server, idle
        self._tools: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._used = asyncio.Event()
        # Outside of the run that uses it first, whose context it would keep.
        self._task = asyncio.create_task(self._hold(), context=Context())

    @property
    def over(self) -> bool:
        return self._task.done()

    async def tools(self) -> Mapping[str, Any]:
        """The server's tools as LangChain tools, by name."""
        self._used.set()
        return await asyncio.shield(self._tools)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _hold(self) -> None:
        try:
            load, create = _adapters()
            async with create(connection_of(self._server)) as session:
                await session.initialize()
                tools = await load(session, server_name=self._name, handle_tool_errors=False)
                self._tools.set_result({tool.name: tool for tool in tools})
                while self.calls or self._used.is_set():
                    self._used.clear()
                    try:
                        async with asyncio.timeout(self._idle):
                            await self._used.wait()
                    except TimeoutError:
                        continue
        except asyncio.CancelledError:
            if not self._tools.done():
                self._tools.set_exception(ConnectionError("it was ended"))
                self._tools.exception()
            raise
        except BaseException as error:
            if not self._tools.done():
                self._tools.set_exception(error)
                self._tools.exception()  # whoever waits for it has it; nobody is told that it was never fetched


def _adapters() -> tuple[Any, Any]:
    try:
        from langchain_mcp_adapters.sessions import create_session  # late: an extra, and slow to import
        from langchain_mcp_adapters.tools import load_mcp_tools
    except ImportError as error:
        raise ConfigError("tools of MCP servers need packages that are not installed", code="config.mcp_packages",
                          cure="install them with: pip install 'pyscrai[mcp]'") from error
    return load_mcp_tools, create_session


def connection_of(server: McpServer) -> Any:
    """A server as LangChain's adapters take it.

    Raises:
        ConfigError: the variable that holds its key is not set.
    """
    if server.command:
        # The SDK adds what every program needs, PATH and HOME and their like, and nothing else: no key by accident.
        given = {name: os.environ[name] for name in server.env_from if name in os.environ}
        return {"transport": "stdio", "command": server.command[0], "args": list(server.command[1:]),
                "cwd": str(server.cwd) if server.cwd else None, "env": given}
    headers = {}
    if server.api_key_env:
        key = os.environ.get(server.api_key_env)
        if not key:
            raise ConfigError(f"the environment variable {server.api_key_env} is not set", code="config.key_missing",
                              cure=f"set {server.api_key_env}, or correct api_key_env")
        headers["Authorization"] = f"Bearer {key}"
    return {"transport": "streamable_http", "url": server.url, "headers": headers}


def plain_content(content: Any) -> Any:
    """The content of a tool's answer: the text where there is nothing else, else its parts as plain data."""
    if not isinstance(content, list):
        return content
    if all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        return "\n".join(str(part.get("text", "")) for part in content)
    return [{name: value for name, value in part.items() if name != "id"} if isinstance(part, dict) else part
            for part in content]


def _reason(error: BaseException) -> str:
    """The reason of an error in words; of a group of errors, the first that has one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
