"""LangGraph Studio's server: it serves every shipped graph offline, and plays, edits and forks their runs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from pyscrai.templates.library import files
from tests.fakeserver import FakeOpenAI

ROOT = Path(__file__).parent.parent


@pytest.fixture
async def models() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


@pytest.fixture
async def studio(models: FakeOpenAI, tmp_path: Path) -> AsyncIterator[LangGraphClient]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "OPENAI_BASE_URL": models.base_url, "OPENAI_API_KEY": "unused", "HOME": str(tmp_path),
                   "PYSCRAI_DATA_DIR": str(tmp_path), "LANGSMITH_TRACING": "false"}
    log = (tmp_path / "studio.log").open("w")
    server = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser", "--no-reload", "--port", str(port),
        cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(90), httpx.AsyncClient() as client:
            while not await _answers(client, f"{url}/ok"):
                assert server.returncode is None, (tmp_path / "studio.log").read_text()[-3000:]
                await asyncio.sleep(0.2)
        async with get_client(url=url) as found:
            yield found
    finally:
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
    for settings, words in (({"modle": "scripted"}, "there is no setting 'modle'"),
                            ({"model": "nope"}, "there is no model alias `nope`")):
        with pytest.raises(Exception, match=words):
            await studio.runs.wait((await studio.threads.create())["thread_id"],
                                   assistants["two-agent-conversation"], input={}, context=settings)


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
