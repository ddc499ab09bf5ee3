"""``pyscrai mcp`` with a client of the protocol's own SDK, over stdin and stdout and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

LOOKS = {"validate", "dry_run", "scenarios", "scenario", "runs", "show", "transcript", "events", "table", "explain"}
PLAYS = {"run", "resume", "fork"}

TALK = """
kind: scenario
name: gate-talk
version: 1.0.0
premise: Two guards at a gate.
roles:
  ann: {agent: {engine: actor, personality: {role: a guard}}}
  ben: {agent: {engine: actor, personality: {role: a guard}, secret: Ben lost the key.}}
flow:
  start: talk
  phases:
    talk: {speakers: [ann, ben], next: [{to: end, after_turns: 4}]}
"""


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "PYSCRAI_DATA_DIR": str(home), "PYSCRAI_DATABASE_URL": f"sqlite:///{home}/mcp.db",
            "PYSCRAI_MODEL": "scripted", "HOME": str(home)}


@asynccontextmanager
async def assistant(home: Path, *options: str) -> AsyncIterator[ClientSession]:
    """A client of a server that it started itself."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "pyscrai", "mcp", *options], cwd=home,
                                   env=environment(home))
    with (home / "stderr.log").open("w", encoding="utf-8") as log:
        async with stdio_client(server, errlog=log) as (reading, writing), ClientSession(reading, writing) as session:
            await session.initialize()
            yield session


async def ask(session: ClientSession, tool: str, **arguments: Any) -> Any:
    """What a tool gives: data, or a text."""
    found = await session.call_tool(tool, arguments)
    text = found.content[0].text  # type: ignore[union-attr]
    assert not found.isError, text
    given = found.structuredContent or {}
    return given["result"] if set(given) == {"result"} else given


async def refused(session: ClientSession, tool: str, **arguments: Any) -> str:
    found = await session.call_tool(tool, arguments)
    assert found.isError, found.content
    return str(found.content[0].text)  # type: ignore[union-attr]


async def test_an_assistant_plays_looks_and_forks(tmp_path: Path) -> None:
    async with assistant(tmp_path, "--allow-play") as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == LOOKS | PLAYS
        assert {name for name, tool in tools.items() if tool.annotations and tool.annotations.readOnlyHint} == LOOKS
        assert all(tool.description for tool in tools.values())

        checked = await ask(session, "validate", text=TALK)
        assert (checked["valid"], checked["templates"]) == (True, ["gate-talk"])
        wrong = await ask(session, "validate", text=TALK.replace("speakers: [ann, ben]", "speakers: [ann, bem]"))
        assert not wrong["valid"]
        assert any("bem" in problem["message"] and problem["line"] for problem in wrong["problems"])
        assert "It ended: " in await ask(session, "dry_run", text=TALK)
        assert (await ask(session, "runs"))["runs"] == [], "a dry run is stored nowhere"

        run = await ask(session, "run", text=TALK, seed=3, tags=["mine"])
        assert (run["status"], run["turn"], run["template"]) == ("completed", 4, "gate-talk@1.0.0")
        assert [member["role"] for member in run["cast"]] == ["ann", "ben"]
        name = run["run_id"]
        assert [each["run_id"] for each in (await ask(session, "runs", tag="mine"))["runs"]] == [name]
        shown = await ask(session, "show", run="last")
        assert (shown["run_id"], shown["metrics"]["run"]["calls"]) == (name, 4)
        script = await ask(session, "transcript", run=name)
        assert script.splitlines()[0] == "[0] * Two guards at a gate."
        assert "[4] Ben: " in script
        assert "[1]" not in await ask(session, "transcript", run=name, after_turn=2)

        first = await ask(session, "events", run=name, kinds=["utterance"], limit=3)
        assert [event["turn"] for event in first["events"]] == [1, 2, 3]
        rest = await ask(session, "events", run=name, kinds=["utterance"], after=first["next"])
        assert ([event["turn"] for event in rest["events"]], rest["next"]) == ([4], None)
        rows = await ask(session, "table", name="runs", tag="mine")
        assert [(row["run_id"], row["turns"]) for row in rows["rows"]] == [(name, 4)]

        other = await ask(session, "fork", run=name, turn=2, inject="A bell rings.")
        assert (other["parent_run_id"], other["fork_turn"], other["status"]) == (name, 2, "completed")
        assert "A bell rings." in await ask(session, "transcript", run=other["run_id"])
        assert "A bell rings." not in await ask(session, "transcript", run=name)

        changed = await ask(session, "run", text=TALK.replace("Two guards", "Two tired guards"))
        assert changed["template"] == "gate-talk@1.0.1", "what changed is stored as the next version"
        assert "fork it" in await refused(session, "resume", run=name)


async def test_one_that_is_started_as_it_is_may_only_look(tmp_path: Path) -> None:
    async with assistant(tmp_path) as session:
        about = session.get_server_capabilities()
        assert about is not None
        assert {tool.name for tool in (await session.list_tools()).tools} == LOOKS
        assert "Unknown tool" in await refused(session, "run", scenario="two-agent-conversation")
        listed = (await ask(session, "scenarios"))["scenarios"]
        assert any(each["name"].startswith("werewolf@") for each in listed)
        assert (await ask(session, "scenario", name="werewolf")).startswith("kind: scenario")
        assert (await ask(session, "explain", code="[template.secret_told]"))["cause"]


async def test_errors_say_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with assistant(tmp_path, "--allow-play") as session:
        told = await refused(session, "run", scenario="werwolf")
        assert "werwolf" in told
        assert "→" in told
        assert "either" in await refused(session, "run")
        assert "either" in await refused(session, "run", scenario="werewolf", text=TALK)
        assert "no model alias `nope`" in await refused(session, "run", scenario="werewolf", model="nope")
        assert "nobody" in await refused(session, "dry_run", text=TALK.replace("[ann, ben]", "[ann, nobody]"))
        assert "no error code" in await refused(session, "explain", code="template.nothing")
        assert "name one of" in await refused(session, "table", name="runs")
        assert "validation error" in await refused(session, "events", run="last", limit=10_000)
        run = await ask(session, "run", text=TALK)
        for tool in ("transcript", "events"):
            assert "no role 'cy'" in await refused(session, tool, run=run["run_id"], role="cy")
        assert "secret" not in await ask(session, "transcript", run=run["run_id"], role="ann")


async def test_over_http_on_loopback_alone(tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pyscrai", "mcp", "--http", "--port", "0", "--json", cwd=tmp_path,
        env=environment(tmp_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        async with asyncio.timeout(60):
            url = json.loads(await server.stdout.readline())["url"]
        assert url.startswith("http://127.0.0.1:")
        async with streamable_http_client(url) as (reading, writing, _), ClientSession(reading, writing) as session:
            about = await session.initialize()
            assert "--allow-play" in str(about.instructions)
            assert (await ask(session, "validate", text=TALK))["valid"]
        async with httpx.AsyncClient() as client:
            answer = await client.post(url, json={}, headers={"host": "evil.example"})
            assert answer.status_code == 421, "a page of another name must not reach it"
            answer = await client.post(url, json={}, headers={"origin": "https://evil.example"})
            assert answer.status_code == 403
    finally:
        server.terminate()
        await server.wait()


PRINTS = """
import os, subprocess, sys
from pyscrai.mcp_server.server import protocol_alone
with protocol_alone():
    print("printed")
    os.write(1, b"written")
    subprocess.run([sys.executable, "-c", "print('child')"], check=True)
    sys.stdout.buffer.write(b"protocol")
    sys.stdout.buffer.flush()
print("after")
"""


def test_stdout_is_the_protocols_alone() -> None:
    done = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, text=True, check=True)
    assert done.stdout == "protocolafter\n"
    assert {"printed", "written", "child"} <= {word for word in ("printed", "written", "child") if word in done.stderr}


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import importlib.util

    from pyscrai.cli.commands.mcp import mcp
    from pyscrai.errors import ConfigError

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        asyncio.run(mcp())
    assert caught.value.cure == "pip install 'pyscrai[mcp]'"
