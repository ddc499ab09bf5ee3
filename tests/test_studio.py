"""LangGraph Studio's server: it serves every shipped graph offline, and plays, edits and forks their runs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from pyscrai.factories.studio_graphs import StudioError, studio_graph
from pyscrai.templates.library import files
from tests.fakeserver import FakeOpenAI

ROOT = Path(__file__).parent.parent


@pytest.fixture
async def models() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


@pytest.fixture
async def studio(models: FakeOpenAI, tmp_path: Path) -> AsyncIterator[LangGraphClient]:
    async with served(models, tmp_path, ROOT, str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser",
                      "--no-reload") as client:
        yield client


@asynccontextmanager
async def served(models: FakeOpenAI, tmp_path: Path, folder: Path, *command: str) -> AsyncIterator[LangGraphClient]:
    """A client of Studio's server, started by a command."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "OPENAI_BASE_URL": models.base_url, "OPENAI_API_KEY": "unused", "HOME": str(tmp_path),
                   "PYSCRAI_DATA_DIR": str(tmp_path), "LANGSMITH_TRACING": "false"}
    log = (tmp_path / "studio.log").open("w")
    server = await asyncio.create_subprocess_exec(*command, "--port", str(port), cwd=folder, env=environment,
                                                  stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(90), httpx.AsyncClient() as client:
            while not await _answers(client, f"{url}/ok"):
                assert server.returncode is None, (tmp_path / "studio.log").read_text()[-3000:]
                await asyncio.sleep(0.2)
        async with get_client(url=url) as found:
            yield found
    finally:
        if server.returncode is None:
            server.terminate()
            await server.wait()
        log.close()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.TransportError:
        return False


async def test_studio(studio: LangGraphClient, models: FakeOpenAI) -> None:
    assistants = {found["graph_id"]: found["assistant_id"] for found in await studio.assistants.search(limit=100)}
    assert set(assistants) == {path.stem for path in files() if path.parent.name == "scenarios"}
    assert set(assistants) == set(json.loads((ROOT / "langgraph.json").read_text())["graphs"])
    for assistant in assistants.values():
        drawn = await studio.assistants.get_graph(assistant)
        assert {"begin", "__start__", "__end__"} < {str(node["id"]) for node in drawn["nodes"]}
        schemas = await studio.assistants.get_schemas(assistant)
        assert "messages" in schemas["state_schema"]["properties"]  # type: ignore[index,operator]
        assert "model" in schemas["context_schema"]["properties"]  # type: ignore[index,operator]
    await _play_edit_and_fork(studio, assistants["two-agent-conversation"], models)
    for name in ("jury-deliberation", "used-car-negotiation"):
        state = await _play(studio, (await studio.threads.create())["thread_id"], assistants[name], model="scripted")
        assert state["outcome"]["reason"]
    for settings, words in (({"modle": "scripted"}, "there is no setting 'modle': did you mean model"),
                            ({"model": "nope"}, r"there is no model alias `nope`.* → .*\[config\.")):
        with pytest.raises(Exception, match=words):
            await studio.runs.wait((await studio.threads.create())["thread_id"],
                                   assistants["two-agent-conversation"], input={}, context=settings)


OWN = """
kind: scenario
name: lift
premise: "Two people in a lift at floor {{ params.floor }}."
parameters:
  floor: {type: integer, default: 3, minimum: 1, maximum: 9}
roles:
  ann: {agent: rider}
  ben: {agent: conversationalist}
flow:
  start: talk
  phases:
    talk: {speakers: [ann, ben], next: [{to: end, after_turns: 4}]}
---
kind: agent
name: rider
engine: actor
personality: {role: a person in a hurry}
"""


async def test_scenarios_of_ones_own(models: FakeOpenAI, tmp_path: Path) -> None:
    """A file and a stored scenario; what is wrong with a run is told with its cure."""
    (tmp_path / "lift.yaml").write_text(OWN, encoding="utf-8")
    stored = (tmp_path / "stored.yaml")
    stored.write_text(OWN.replace("name: lift", "name: old-lift"), encoding="utf-8")
    environment = {**os.environ, "PYSCRAI_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    pyscrai = [sys.executable, "-m", "pyscrai"]
    adding = await asyncio.create_subprocess_exec(*pyscrai, "templates", "add", str(stored), cwd=tmp_path,
                                                  env=environment, stdout=asyncio.subprocess.DEVNULL)
    assert await adding.wait() == 0
    async with served(models, tmp_path, tmp_path, *pyscrai, "studio", "lift.yaml", "old-lift") as client:
        url = str(client.http.client.base_url)
        assistants = {found["graph_id"]: found["assistant_id"] for found in await client.assistants.search(limit=100)}
        assert set(assistants) == {"lift", "old-lift"}
        for assistant in assistants.values():
            state = await _play(client, (await client.threads.create())["thread_id"], assistant, model="scripted")
            assert (state["turn"], state["outcome"]["end"]) == (4, "flow")
        with pytest.raises(Exception, match=r"99 is above the maximum 9 → .* lists the parameters\. \[run\."):
            await client.runs.wait((await client.threads.create())["thread_id"], assistants["lift"], input={}, context={
                "model": "scripted", "parameters": {"floor": 99}})
    async with httpx.AsyncClient() as gone:
        assert not await _answers(gone, f"{url}/ok"), "the server ends with the command"


def test_a_wrong_file_is_told_with_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "lift.yaml").write_text(OWN.replace("[ann, ben]", "[ann, bem]"), encoding="utf-8")
    with pytest.raises(StudioError, match=r"bem"):
        studio_graph(str(tmp_path / "lift.yaml"))
    with pytest.raises(StudioError, match=r"cannot be read|there is no file"):
        studio_graph(str(tmp_path / "none.yaml"))
    (tmp_path / "agent.yaml").write_text(OWN.partition("---\n")[2], encoding="utf-8")
    with pytest.raises(StudioError, match=r"holds 0 scenarios → .* \[run\.no_scenario\]"):
        studio_graph(str(tmp_path / "agent.yaml"))
    (tmp_path / "lift.yaml").write_text(OWN, encoding="utf-8")
    assert studio_graph(str(tmp_path / "lift.yaml")).name == "lift"


async def _play_edit_and_fork(studio: LangGraphClient, assistant: str, models: FakeOpenAI) -> None:
    thread = (await studio.threads.create())["thread_id"]
    state = await _play(studio, thread, assistant, model="openai:fake")
    assert state["outcome"]["end"] == "flow"
    assert len(models.requests) == state["turn"]
    history = await studio.threads.get_history(thread, limit=100)
    middle = next(past for past in history if past["values"]["turn"] == 5)
    assert middle["next"] == [middle["values"]["next"][0]["role"]]
    await studio.threads.update_state(thread, {"messages": [{"type": "human", "content": "A bell rings."}]},
                                      checkpoint=middle["checkpoint"])
    edited = (await studio.threads.get_state(thread))["values"]
    assert (edited["messages"][-1]["content"], edited["messages"][-1]["turn"]) == ("A bell rings.", 5)
    asked = len(models.requests)
    forked = await _play(studio, thread, assistant, model="openai:fake", given=None)
    assert len(models.requests) - asked == forked["turn"] - 5
    assert "[A bell rings.]" in models.requests[asked].body["messages"][1]["content"]


async def _play(studio: LangGraphClient, thread: str, assistant: str, *, model: str,
                given: dict[str, Any] | None = {}) -> dict[str, Any]:  # noqa: B006  (never changed)
    state = await studio.runs.wait(thread, assistant, input=given, context={"model": model})  # type: ignore[arg-type]
    assert isinstance(state, dict)
    return state
