"""A server as a process: how it ends when storage does not answer, and how it does with few open files."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
from sqlalchemy import make_url

from tests.api.chaos import AGENT, ServerProcess
from tests.fakeserver import FakeOpenAI

TALK = {
    "kind": "scenario", "name": "talk", "premise": "Nobody knows when it ends.",
    "roles": {"ann": {"agent": AGENT}, "bob": {"agent": AGENT}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "when": "turn >= 300"}]}}}, "max_turns": 400}


async def begin(server: ServerProcess, runs: int) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        stored = await client.post("/templates", json={"content": TALK})
        assert stored.status_code == 201, stored.text
        for _ in range(runs):
            assert (await client.post("/runs", json={"template": "talk"})).status_code == 201


def test_it_ends_within_its_grace_though_the_database_answers_nothing(make_url: Callable[[str], str], tmp_path: Path
                                                                      ) -> None:
    url = make_url("postgres")
    asyncio.run(_end_without_storage(url, tmp_path))


async def _end_without_storage(url: str, folder: Path) -> None:
    async with FakeOpenAI(latency=0.1) as models:
        server = ServerProcess(folder, url, models.base_url, patience=600)
        await server.start()
        await begin(server, 3)
        await asyncio.sleep(1)
        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            found = await connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                                             " backend_type = 'client backend' AND pid <> pg_backend_pid()")
            stopped = [pid for (pid,) in await found.fetchall()]
        assert stopped
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            async with asyncio.timeout(60):
                await server.end(signal.SIGTERM)
            # Five seconds of grace, ten for all the rest, and some for a machine whose cores are busy with other tests.
            assert time.monotonic() - begun < 30
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


def test_with_few_open_files_it_still_answers_and_says_so(make_url: Callable[[str], str], tmp_path: Path) -> None:
    url = make_url("sqlite")

    async def play() -> None:
        async with FakeOpenAI(latency=1) as models:
            server = ServerProcess(tmp_path, url, models.base_url, patience=600)
            await server.start(open_files=64)
            await begin(server, 40)
            slowest = 0.0
            async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
                for _ in range(20):
                    begun = time.monotonic()
                    assert (await client.get("/health")).status_code == 200
                    # A connection of its own each time: that is what a shortage refuses.
                    async with httpx.AsyncClient(base_url=server.url, timeout=30) as fresh:
                        assert (await fresh.get("/runs")).status_code == 200
                    slowest = max(slowest, time.monotonic() - begun)
                    await asyncio.sleep(0.1)
            watching = [httpx.AsyncClient(base_url=server.url, timeout=30) for _ in range(60)]

            async def watch(client: httpx.AsyncClient) -> None:
                try:
                    async with client.stream("GET", "/stream") as answer:
                        async for _ in answer.aiter_bytes():
                            pass
                except httpx.HTTPError:
                    pass

            tasks = [asyncio.create_task(watch(client)) for client in watching]
            async with asyncio.timeout(60):
                while "server.open_files" not in server.log.read_text():  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for client in watching:
                await client.aclose()
            await server.end(signal.SIGTERM)
            assert slowest < 20, "it answers, if slowly"

    asyncio.run(play())
