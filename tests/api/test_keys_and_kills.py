"""A request with an Idempotency-Key is done once, however often the server is killed while it works on it.

Played with ``PYSCRAI_TESTS=full``.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.services import open_services
from tests.api.chaos import ServerProcess
from tests.api.serving import TALK
from tests.depth import FULL

KILLS = 14
EACH = 10
"""Requests between two kills."""

SCENARIO = json.loads(json.dumps(TALK).replace('"gate"', '"default"'))


async def insist(client: httpx.AsyncClient, path: str, body: object, key: str) -> int:
    """Send a request again and again until it is answered."""
    while True:
        with suppress(httpx.HTTPError):
            answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
            if answer.status_code < 500:
                return answer.status_code
        await asyncio.sleep(0.05)


@pytest.mark.skipif(not FULL, reason="each kill is a new server; test_accepted.py tries the transaction itself")
async def test_what_was_asked_once_is_done_once(make_url: Callable[[str], str], tmp_path: Path) -> None:
    url, chance = make_url("sqlite"), random.Random(1)
    server = ServerProcess(tmp_path, url, "http://127.0.0.1:9/v1", patience=30)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        assert (await client.post("/templates", json={"content": SCENARIO})).status_code == 201
        run_id = (await client.post("/runs", json={"template": "talk", "start": False})).json()["run_id"]
        answers: list[int] = []
        for round_ in range(KILLS):
            asked = [asyncio.create_task(insist(client, *(
                ("/runs", {"template": "talk", "start": False, "name": f"{round_}.{number}"}) if number % 2 else
                (f"/runs/{run_id}/inject", {"text": f"bell {round_}.{number}"})), f"k{round_}.{number}"))
                for number in range(EACH)]
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            await server.end(signal.SIGKILL)
            await server.start()
            answers += await asyncio.gather(*asked)
    await server.end(signal.SIGTERM)
    assert set(answers) == {201, 202}
    async with open_services(load_settings(database_url=url, model="scripted"), library=False) as services, (
            services.database.read()) as session:
        injected = Counter(str(control.payload["text"]) for control in await Controls(session).list(run_id))
        made = Counter(row.name for row in (await Runs(session).list(limit=1_000)).runs if row.id != run_id)
    assert set(injected.values()) == set(made.values()) == {1}
    assert len(injected) + len(made) == KILLS * EACH
