"""Tools of real MCP servers: declared by the operator, described when a run is made, journaled as other tools are."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pyscrai.config.mcp_servers import McpServer
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.tools import consultation
from pyscrai.errors import ConfigError
from pyscrai.factories.mcp_servers import McpServers
from pyscrai.services.replays import replay_run
from pyscrai.templates.checks.checker import validate
from pyscrai.templates.reading.loader import read_text
from tests.engines.playing import actor
from tests.services.conftest import House, house_at

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "tests.mcp_tool_server")


def played_with(*tools: str) -> dict[str, Any]:
    return {"roles": {"ann": {"agent": actor(), "tools": [f"mcp:stock/{tool}" for tool in tools]},
                      "bob": {"agent": actor()}},
            "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end"}]}}}}


def uses(tool: str) -> Any:
    def script(request: ModelRequest) -> Any:
        if "use" in (request.schema or {}).get("properties", {}):
            asked = "\n".join(message.content for message in request.messages)
            return {"use": None if f"uses {tool}" in asked else {"tool": tool, "arguments": {"item": "rope"}}}
        return None

    return script


def lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "stock.log"


@pytest.fixture
async def house(house_url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("STOCK_LOG", str(log))
    monkeypatch.setenv("STOCK_SHOP", "the harbour")
    monkeypatch.setenv("STOCK_KEY", "not handed on")
    server = McpServer(command=COMMAND, cwd=ROOT, env_from=("STOCK_LOG", "STOCK_SHOP"))
    async with house_at(house_url, mcp_servers={"stock": server}) as found:
        yield found


async def test_a_role_uses_a_tool_of_a_server_and_replays_need_no_server(house: House, log: Path) -> None:
    house.script = uses("stock")
    run_id = await house.played(played_with("stock"))
    [called] = await house.events(run_id, "tool_called")
    assert called.payload["error"] is None
    assert called.payload["text"] == "rope: 4 in store, for the harbour"
    assert called.payload["arguments"] == {"item": "rope"}
    assert lines(log) == ["rope"]
    assert [stored.call.alias for stored in await house.calls(run_id)][1] == "tool:stock"
    prompt = house.asked[0].messages[-1].content
    assert "Say how much of an item is in store." in prompt
    await house.services.mcp_servers.close()
    replay = await replay_run(house.services, run_id)
    assert replay.same, replay.difference
    assert lines(log) == ["rope"], "what was answered is not asked for again"


async def test_what_goes_wrong_in_a_tool_is_an_event_and_the_play_goes_on(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consultation, "LONGEST_USE", 3.0)
    told: dict[str, Any] = {}
    for tool in ("broken", "dies", "slow", "stock"):
        if tool == "slow":
            monkeypatch.setattr(consultation, "LONGEST_USE", 0.3)
        house.script = uses(tool)
        run_id = await house.played({"name": f"store-{tool}", **played_with(tool)})
        assert (await house.row(run_id)).status == "completed"
        [called] = await house.events(run_id, "tool_called")
        told[tool] = called.payload["error"]
        monkeypatch.setattr(consultation, "LONGEST_USE", 5.0)
    assert "the shelf of rope is locked" in told["broken"]
    assert told["dies"].startswith("ConnectionError: the MCP server 'stock' failed")
    assert told["slow"] == "no answer within 0.3 s"
    assert told["stock"] is None, "a server that died is started again"


@pytest.mark.parametrize(("tool", "server", "code", "says"), [
    ("stok", {}, "config.unknown_tool", "did you mean stock"),
    ("broken", {"tools": ("stock",)}, "config.tool_not_allowed", "`tools` of [mcp_servers.stock]"),
    ("stock", {"command": ("no-such-program-anywhere",)}, "config.mcp_server", "no-such-program-anywhere"),
    ("stock", {"command": (sys.executable, "-c", "raise SystemExit(2)")}, "config.mcp_server", "cannot be used"),
    ("stock", {"command": (sys.executable, "-c", "import time; time.sleep(60)"), "start_timeout": 0.5},
     "config.mcp_server", "did not answer within 0.5 s")])
async def test_no_run_is_made_where_a_tool_cannot_be_used(tool: str, server: dict[str, Any], code: str, says: str
                                                          ) -> None:
    servers = McpServers({"stock": McpServer(**{"command": COMMAND, "cwd": ROOT, **server})})
    try:
        with pytest.raises(ConfigError) as caught:
            async with asyncio.timeout(30):
                await servers.describe("stock", tool)
        assert caught.value.code == code
        assert says in str(caught.value)
    finally:
        await servers.close()


async def test_a_server_that_nobody_declared_is_not_reached(house: House) -> None:
    with pytest.raises(ConfigError) as caught:
        await house.make({**played_with(), "roles": {
            "ann": {"agent": actor(), "tools": ["mcp:elsewhere/stock"]}, "bob": {"agent": actor()}}})
    assert caught.value.code == "config.tool_not_allowed"
    assert "[mcp_servers.elsewhere]" in str(caught.value)


async def test_a_server_on_this_machine_is_reached_by_its_address_and_let_go_when_idle() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(*COMMAND, str(port), cwd=ROOT)
    servers = McpServers({"stock": McpServer(url=f"http://127.0.0.1:{port}/mcp")}, idle=0.2)
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        assert (await servers.describe("stock", "stock")).arguments["properties"]["item"] == {"type": "string"}
        assert await servers.call("stock", "stock", {"item": "oar", "least": 9}) == "oar: 9 in store, for nobody"
        held = servers._sessions["stock"]
        await asyncio.sleep(0.8)
        assert held.over
        assert await servers.call("stock", "stock", {"item": "oar"}) == "oar: 3 in store, for nobody"
    finally:
        await servers.close()
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(("given", "says"), [
    ({}, "either a command or a url"), ({"command": ("x",), "url": "https://a.b/mcp"}, "either a command or a url"),
    ({"url": "http://example.org/mcp"}, "in the clear"), ({"url": "ftp://example.org"}, "must begin with https"),
    ({"url": "https://me:secret@example.org/mcp"}, "must not stand in the url"),
    ({"command": ("x",), "api_key_env": "KEY"}, "goes with a url")])
def test_a_server_that_cannot_be_meant_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        McpServer(**given)


def test_templates_name_tools_of_servers_and_nothing_else() -> None:
    for name, fine in (("mcp:stock/stock", True), ("mcp:stock", False), ("mcp:https://a.b/c", False)):
        reading = read_text(f"""kind: agent
name: clerk
engine: actor
personality: {{role: a clerk}}
tools: ["{name}"]
""", file="clerk.yaml")
        found = [problem.code for problem in validate([reading]) if problem.severity == "error"]
        assert found == ([] if fine else ["template.unknown_tool"]), name
