"""A server of our own on loopback, and a model that answers when a test lets it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from pyscrai.config.settings import load_settings
from pyscrai.databases.api.app import create_app
from pyscrai.databases.api.dependencies import Context
from pyscrai.databases.api.guard.connection import BoundedConnection
from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.factories.services import Services, open_services
from pyscrai.llm.scripted.model import Script, ScriptedModel

TALK = {
    "kind": "scenario", "name": "talk", "version": "1.0.0", "premise": "Two people talk.", "max_turns": 6,
    "variables": {"trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10}},
    "roles": {name: {"human": "allowed", "agent": {
        "engine": "actor", "personality": {"role": "a person"}, "model": "gate",
        "failure": {"retries": 0, "backoff": 0}}} for name in ("ann", "bob")},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "when": "turn >= 6"}]}}},
}


class GateModel(ScriptedModel):
    """Answers while its gate is open; ``asked`` tells that a request waits at it."""

    def __init__(self, script: Script | None = None) -> None:
        super().__init__(script, alias="gate")
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self._passes = 0

    def let(self, turns: int) -> None:
        """Let so many requests through the closed gate."""
        self._passes += turns
        self.gate.set()

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        self.asked.set()
        await self.gate.wait()
        if self._passes:
            self._passes -= 1
            if not self._passes:
                self.gate.clear()
                self.asked.clear()
        return await super().complete(request, on_token)


@dataclass
class Serving:
    """A running server: how to call it, what it works with, and its model."""

    client: httpx.AsyncClient
    context: Context
    model: GateModel
    url: str

    @property
    def services(self) -> Services:
        return self.context.services

    async def post(self, path: str, body: Any = None, status: int | None = None, **more: Any) -> Any:
        answer = await self.client.post(path, json=body, **more)
        assert status is None or answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200, **more: Any) -> Any:
        answer = await self.client.get(path, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def run(self, **more: Any) -> str:
        """The id of a new run of the scenario ``talk``."""
        made = await self.post("/runs", {"template": "talk", "seed": 1, **more}, 201)
        return str(made["run_id"])

    async def settled(self, run_id: str) -> dict[str, Any]:
        """The run when this process does nothing with it any more."""
        async with asyncio.timeout(20):
            await self.context.manager.until_settled(run_id)
        found: dict[str, Any] = await self.get(f"/runs/{run_id}")
        return found

    async def asked(self) -> None:
        """Wait until a request waits at the model's gate."""
        async with asyncio.timeout(20):
            await self.model.asked.wait()

    async def kinds(self, run_id: str) -> list[str]:
        page = await self.get(f"/runs/{run_id}/events", params={"limit": 1000})
        return [event["kind"] for event in page["items"]]


class Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(url: str, *, script: Script | None = None, **server: Any) -> AsyncIterator[Serving]:
    """Serve a database on a free port of loopback."""
    settings = load_settings(database_url=url, model="gate", models={"gate": {"kind": "scripted"}},
                             server={"grace": 0.2, **server})
    model = GateModel(script)
    async with open_services(settings, library=False) as services:
        services.models.register("gate", model)
        app = create_app(settings, services=services)
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        own = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1,
                                    http=BoundedConnection))
        task = asyncio.create_task(own._serve([bound]))
        async with asyncio.timeout(20):
            await own.ready.wait()
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=f"{address}/api/v1", timeout=30) as client:
                await client.post("/templates", json={"content": TALK})
                yield Serving(client, app.state.context, model, address)
        finally:
            app.state.context.hub.close()
            own.should_exit = True
            await task
            bound.close()


async def read_stream(client: httpx.AsyncClient, path: str, *, last: int | None = None, most: int | None = None,
                      **params: Any) -> list[dict[str, Any]]:
    """Events of a stream until it ends, or so many of them; each with ``sse_id`` and ``sse_event``."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    found: list[dict[str, Any]] = []
    async with client.stream("GET", path, headers=headers, params=params) as answer:
        assert answer.status_code == 200, answer.status_code
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                block[name] = value.removeprefix(" ")
            elif block:
                if "data" in block:
                    found.append({**json.loads(block["data"]), "sse_id": block.get("id"),
                                  "sse_event": block.get("event")})
                block = {}
                if most is not None and len(found) >= most:
                    break
    return found
