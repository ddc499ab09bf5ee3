"""LangGraph Studio's server with our API in it: a run that PyScrAI played opens there, is read, and forks."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client

from pyscrai.databases.run_ids import LAST, PREFIX, new_run_id, run_of_thread, thread_id

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a `langgraph dev` with our configuration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "studio.log"
    with log.open("w") as out:
        server = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser", "--no-reload", "--port", str(port),
            cwd=ROOT, stdout=out, stderr=out, env={
                **os.environ, "PYSCRAI_DATA_DIR": str(tmp_path), "PYSCRAI_MODEL": "scripted",
                "PYSCRAI_DATABASE_URL": f"sqlite:///{tmp_path}/studio.db", "LANGSMITH_TRACING": "false"})
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(120), httpx.AsyncClient() as client:
            while True:
                assert server.returncode is None, log.read_text()[-3000:]
                with suppress(httpx.TransportError):
                    if (await client.get(f"{url}/ok")).is_success:
                        break
                await asyncio.sleep(0.2)
        yield url
    finally:
        if server.returncode is None:
            server.terminate()
            await server.wait()


async def test_a_run_opens_and_forks_in_studio(studio: str) -> None:
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=f"{studio}/api/v1", timeout=60) as api:
        made = await api.post("/runs", json={"template": "reservoir-crisis", "seed": 3})
        run_id = made.json()["run_id"]
        async with api.stream("GET", f"/runs/{run_id}/stream") as stream, asyncio.timeout(60):
            async for _ in stream.aiter_lines():
                pass
        run = (await api.get(f"/runs/{run_id}")).json()
        assert run["status"] == "completed"
        before = (await api.get(f"/runs/{run_id}/events", params={"limit": 1000})).json()
        thread = run["studio_thread"]
        client: Any = await stack.enter_async_context(get_client(url=studio))
        await client.threads.create(thread_id=thread, graph_id="reservoir-crisis")
        state = await client.threads.get_state(thread)
        assert state["values"]["turn"] == run["turn"]
        assert state["values"]["outcome"] == run["outcome"]
        history = await client.threads.get_history(thread, limit=100)
        assert {past["values"].get("turn") for past in history} >= set(range(run["turn"] + 1))
        middle = next(past for past in history if past["values"]["turn"] == 5)
        await client.threads.update_state(thread, {"messages": [{"type": "human", "content": "A bell rings."}]},
                                          checkpoint=middle["checkpoint"], as_node="narrator")
        assistant = (await client.assistants.search(graph_id="reservoir-crisis"))[0]
        forked = await client.runs.wait(thread, assistant["assistant_id"], input=None, context={"model": "scripted"})
        heard = [line["content"] for line in forked["messages"]]
        assert "A bell rings." in heard
        assert forked["outcome"] is not None
        assert len({line["id"] for line in forked["messages"]}) == len(forked["messages"])
        after = (await api.get(f"/runs/{run_id}/events", params={"limit": 1000})).json()
        assert after == before, "the run itself stays as it is"
        turn = (await api.get(f"/runs/{run_id}/states/{run['turn']}")).json()["state"]
        assert "A bell rings." not in [line["content"] for line in turn["messages"]]
        assert (await api.post(f"/runs/{run_id}/replay")).json()["same"] is True


def test_threads_stand_for_runs() -> None:
    from datetime import UTC, datetime

    for run_id in (new_run_id(datetime.now(UTC)), PREFIX + "0" * 12, LAST):
        assert run_of_thread(thread_id(run_id)) == run_id
    for thread in ("d9428888-122b-11e1-b85c-61cd3cbb3210", "00000000-0000-0000-0000-000000000000", "run_x", ""):
        assert run_of_thread(thread) is None
