"""A play watched live to its end, while its server is killed and started again: no line is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.fakeserver import FakeOpenAI


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


async def serve(port: int, folder: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pyscrai", "serve", "--port", str(port), "--json", stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, "PYSCRAI_CONFIG": str(folder / "pyscrai.toml"),
                                        "PYSCRAI_DATABASE_URL": f"sqlite:///{folder}/live.db"})
    assert process.stdout is not None
    told = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    assert told["viewer"] == f"http://127.0.0.1:{port}/"
    return process


async def test_the_server_is_killed_meanwhile(tmp_path: Path, open_page: Callable[..., Any]) -> None:
    async with FakeOpenAI(latency=0.12) as model:
        (tmp_path / "pyscrai.toml").write_text(f'[models.fake]\nbase_url = "{model.base_url}"\nmodel = "fake"\n')
        port = free_port()
        process = await serve(port, tmp_path)
        address = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=f"{address}/api/v1", timeout=30) as client:
                made = (await client.post("/runs", json={"template": "two-agent-conversation", "model": "fake",
                                                         "seed": 1, "max_turns": 14})).json()
                shown = await open_page(f"{address}/#/runs/{made['run_id']}", wait=".connection.live")
                page = shown.page
                await shown.until("document.querySelectorAll('.block.speech').length >= 3")
                process.send_signal(signal.SIGKILL)
                await process.wait()
                await page.wait_for_selector(".connection.waiting, .connection.connecting")
                process = await serve(port, tmp_path)
                await page.wait_for_selector(".ending", timeout=60_000)
                await page.wait_for_selector(".connection.live")
                events = (await client.get(f"/runs/{made['run_id']}/events", params={"limit": 1000})).json()["items"]
                said = {f"line-{event['seq']}": event["payload"]["text"] for event in events
                        if event["kind"] == "utterance"}
                assert await shown.all_lines() == said
                assert len(said) > 6
                assert await page.locator(".block.streaming").count() == 0
        finally:
            process.terminate()
            await process.wait()
