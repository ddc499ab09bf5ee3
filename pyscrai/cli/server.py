"""The server process: the API and the viewer on one socket, and the manager that plays."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import uvicorn

from pyscrai.cli.hard_end import MARGIN, end_within
from pyscrai.cli.log_setup import configure_logs
from pyscrai.cli.terminal import output
from pyscrai.config.settings import Settings, load_settings
from pyscrai.databases.api.app import create_app
from pyscrai.databases.api.event_hub import Hub
from pyscrai.databases.api.guard.connection import BoundedConnection
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.errors import ConfigError
from pyscrai.factories.services import open_services
from pyscrai.open_files import raise_limit


async def serve_with(changes: Mapping[str, Any], *, as_json: bool, ready: Callable[[str], None] | None = None) -> int:
    """Serve until it is ended.

    Args:
        changes: to the server's settings; None leaves one as it is.
        ready: called with the viewer's address when it can be opened.
    """
    raise_limit()
    settings = load_settings()
    server = settings.server.model_copy(update={name: value for name, value in changes.items() if value is not None})
    settings = settings.model_copy(update={"server": server})
    configure_logs(settings)
    async with open_services(settings) as services:
        await refuse_open_doors(settings, services.database)
        with listening_socket(settings) as bound:
            app = create_app(settings, services=services)
            config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="on",
                                    timeout_keep_alive=30, timeout_graceful_shutdown=5, http=BoundedConnection)
            own = Server(config, _address(bound), as_json=as_json, grace=server.grace, ready=ready)
            await own.serve(sockets=[bound])
    return 0


class Server(uvicorn.Server):
    """Says where it listens, and ends its streams when it is told to end: they would otherwise never end."""

    def __init__(self, config: uvicorn.Config, address: str, *, as_json: bool, grace: float,
                 ready: Callable[[str], None] | None = None) -> None:
        super().__init__(config)
        self._grace = grace
        self._viewer, self._url, self._as_json = f"http://{address}/", f"http://{address}/api/v1", as_json
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self._as_json:
            output.json_line({"url": self._url, "docs": f"{self._url}/docs", "viewer": self._viewer,
                              "pid": os.getpid()})
        else:
            output.say(f"PyScrAI serves its viewer at {self._viewer} and its API at {self._url}. Ctrl-C ends it.")
            output.write(())
        if self._ready is not None:
            self._ready(self._viewer)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end. A second signal changes nothing: the grace time bounds what is still to be done."""
        if not self.should_exit:
            end_within(self._grace + MARGIN)
        self.should_exit = True
        context = getattr(getattr(self.config.app, "state", None), "context", None)
        if context is not None and self._loop is not None:
            hub: Hub = context.hub
            self._loop.call_soon_threadsafe(hub.close)


def listening_socket(settings: Settings) -> socket.socket:
    """A socket that is bound to the address of the settings.

    Raises:
        ConfigError: the address or port cannot be had.
    """
    server = settings.server
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((server.host, server.port))
    except OSError as error:
        bound.close()
        raise ConfigError(f"cannot listen on {server.host}, port {server.port}: {error.strerror or error}",
                          code="config.address", cure="choose another with --port or --host") from None
    return bound


async def refuse_open_doors(settings: Settings, database: Database) -> None:
    """See that nobody from outside can use the server without a key.

    Raises:
        ConfigError: it would listen on another address than this machine's, and there are no keys.
    """
    if settings.server.is_loopback:
        return
    async with database.read() as session:
        keys = [key for key in await ApiKeys(session).list() if key.revoked_at is None]
    if not keys:
        raise ConfigError(f"{settings.server.host} can be reached from other machines, and there are no API keys",
                          code="config.no_keys", cure="make one with `pyscrai keys create NAME`, or use 127.0.0.1")


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
