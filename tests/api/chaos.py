"""A real server that is killed again and again while runs play against a model server that often fails."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.api.fleet import STARTED
from tests.fakeserver import FakeOpenAI, Hang, Reply, Seen
from tests.faults import Behaviour

ENDS = ("run_completed", "run_failed", "run_stopped")

AGENT = {"engine": "actor", "personality": {"role": "a talker"}, "memory": {"window": 8, "block": 4, "summary": True},
         "failure": {"retries": 4, "backoff": 0.02, "timeout": 2.0, "repairs": 2}}


def scenario(turns: int) -> dict[str, Any]:
    """A talk with an observer, a chorus in which all speak at once, injects and a rule."""
    return {
        "kind": "scenario", "name": "chaos", "premise": "Nobody knows when it ends.",
        "variables": {"heat": {"type": "integer", "initial": 0, "minimum": 0, "maximum": 1000}},
        "roles": {"ann": {"agent": AGENT}, "bob": {"agent": AGENT}, "cid": {"agent": AGENT},
                  "eye": {"agent": {**AGENT, "engine": "analyst"}}},
        "flow": {"start": "talk", "phases": {
            "talk": {"speakers": ["ann", "bob"], "observe": {"by": "eye", "every": 3},
                     "next": [{"to": "end", "when": f"turn >= {turns}"}, {"to": "chorus", "after_turns": 7}]},
            "chorus": {"speakers": ["ann", "bob", "cid"], "order": "simultaneous",
                       "next": [{"to": "end", "when": f"turn >= {turns}"}, {"to": "talk"}]}}},
        "rules": [{"when": "turn % 5 == 0", "set": {"heat": "vars.heat + 1"}}],
        "injects": [{"every": 11, "text": "A door slams.", "audience": ["bob"]}], "max_turns": 400}


@dataclass
class Answers:
    """Gives every answer a number of its own, hangs now and then, and remembers when each request came."""

    chance: random.Random
    hangs: float = 0.01
    asked: dict[str, list[float]] = field(default_factory=dict)
    number: int = 0

    def __call__(self, seen: Seen) -> Behaviour:
        self.asked.setdefault(fingerprint(seen.body), []).append(seen.at)
        if self.chance.random() < self.hangs:
            return Hang()
        self.number += 1
        words = f"Reply number {self.number}."
        return Reply(json.dumps({"summary": words, "findings": []}) if "response_format" in seen.body else words)


def fingerprint(body: Any) -> str:
    """What makes two requests the same: the messages and the seed, of which each run has its own."""
    return json.dumps([body["messages"], body.get("seed")], sort_keys=True)


async def storage_away(url: str, seconds: float) -> None:
    """Let a database be of no use for a while: a SQLite file is locked, a PostgreSQL database takes no connections."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.partition("///")[2], isolation_level=None, timeout=30,
                                     check_same_thread=False)) as locking:
            await asyncio.to_thread(locking.execute, "BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
            locking.execute("ROLLBACK")
        return
    there = make_url(url)
    admin = there.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(admin, autocommit=True) as connection:
        name = sql.Identifier(str(there.database))
        await connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                                 [there.database])
        await asyncio.sleep(seconds)
        await connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


async def writer_stopped(url: str, seconds: float) -> None:
    """Let the server processes that write the record stand still for a while, with whatever locks they hold."""
    if url.startswith("sqlite"):
        return
    there = make_url(url)
    async with await psycopg.AsyncConnection.connect(
            there.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True) as connection:
        found = await connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND"
                                         " pid <> pg_backend_pid() AND query = 'COMMIT'")
        stopped = [pid for (pid,) in await found.fetchall()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class ServerProcess:
    """``pyscrai serve`` as a process, which can be killed and started again on its port."""

    def __init__(self, folder: Path, database_url: str, models_url: str, *, patience: float) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.log = folder / "server.log"
        config = folder / "pyscrai.toml"
        config.write_text(f"""model = "fake"
log_level = "warning"
storage_patience = {patience}
[models.fake]
base_url = "{models_url}"
model = "fake"
[server]
grace = 5
requests_per_minute = 1000000
""")
        self._environment = {**os.environ, "PYSCRAI_CONFIG": str(config), "PYSCRAI_DATABASE_URL": database_url,
                             "PYSCRAI_DATA_DIR": str(folder)}
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.startup: list[float] = []

    async def start(self, within: float = 90, *, open_files: int | None = None) -> None:
        """Start, and wait until it answers; it may be allowed few open files only."""
        def limit() -> None:
            if open_files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))

        begun = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pyscrai", "serve", "--port", str(self.port), "--json", stdout=log, stderr=log,
                env=self._environment, preexec_fn=limit)
        STARTED.append(self._process)
        self.starts += 1
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(within):
            while True:
                if self._process.returncode is not None:
                    raise AssertionError(f"the server ended: {self.log.read_text()[-3000:]}")
                with suppress(httpx.HTTPError):
                    if (await client.get("/health")).status_code == 200:
                        self.startup.append(time.perf_counter() - begun)
                        return
                await asyncio.sleep(0.05)

    async def end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the end of the process."""
        assert self._process is not None
        self._process.send_signal(how)
        await self._process.wait()
        STARTED.remove(self._process)


class Follower:
    """Follows one run, or all, through every restart; keeps what came in the order in which it came."""

    def __init__(self, url: str, path: str) -> None:
        self._url, self._path = url, path
        self.ids: list[int] = []
        self.kinds: list[str] = []
        self.connections = 0

    async def follow(self, until: asyncio.Event | None = None) -> None:
        """Read until the run has ended, or until told that all runs have."""
        async with httpx.AsyncClient(base_url=self._url, timeout=httpx.Timeout(10, read=30)) as client:
            while not (until.is_set() if until is not None else self.kinds[-1:] and self.kinds[-1] in ENDS):
                with suppress(httpx.HTTPError):
                    await self._read(client)
                await asyncio.sleep(0.02)

    async def _read(self, client: httpx.AsyncClient) -> None:
        headers = {"Last-Event-ID": str(self.ids[-1] if self.ids else 0)}
        async with client.stream("GET", self._path, headers=headers) as answer:
            if answer.status_code != 200:
                return
            self.connections += 1
            number, kind = 0, ""
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("event: "):
                    kind = line[7:]
                elif not line and number:
                    self.ids.append(number)
                    self.kinds.append(kind)
                    number = 0


@dataclass
class Outcome:
    """What is left when all runs have ended."""

    runs: Sequence[str]
    followers: Sequence[Follower]
    everything: Follower
    server: ServerProcess
    models: FakeOpenAI
    answers: Answers


async def rage(folder: Path, database_url: str, *, runs: int, kills: int, turns: int, faults: float, latency: float,
               outages: Sequence[float] = (), stops: Sequence[float] = (), patience: float = 120, seed: int = 1
               ) -> Outcome:
    """Play ``runs`` runs while the server is killed ``kills`` times, until the last has ended.

    Args:
        outages: seconds for which storage is away, once each, between the first kills.
        stops: seconds for which the writer's server process stands still, likewise.
        patience: seconds that runs wait for storage before they stand as interrupted.
    """
    chance = random.Random(seed)
    answers = Answers(chance)
    models = FakeOpenAI(default=answers, latency=latency, jitter=0.5, fault_rate=faults, seed=seed)
    async with models:
        server = ServerProcess(folder, database_url, models.base_url, patience=patience)
        await server.start()
        made = []
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            stored = await client.post("/templates", json={"content": scenario(turns)})
            assert stored.status_code == 201, stored.text
            for number in range(runs):
                answer = await client.post("/runs", json={"template": "chaos", "seed": chance.randrange(2**31)},
                                           headers={"Idempotency-Key": f"run-{number}"})
                assert answer.status_code == 201, answer.text
                made.append(answer.json()["run_id"])
        followers = [Follower(server.url, f"/runs/{run_id}/stream") for run_id in made]
        everything, done = Follower(server.url, "/stream"), asyncio.Event()
        watching = asyncio.create_task(everything.follow(done))
        async with asyncio.TaskGroup() as group:
            for follower in followers:
                group.create_task(follower.follow())
            for number in range(max(kills, len(outages), len(stops))):
                await asyncio.sleep(chance.uniform(0.3, 2.0))
                if number < len(outages):
                    await storage_away(database_url, outages[number])
                if number < len(stops):
                    await writer_stopped(database_url, stops[number])
                if number >= kills:
                    continue
                await server.end(signal.SIGKILL)
                await server.start()
        newest = max(follower.ids[-1] for follower in followers)
        async with asyncio.timeout(30):
            while everything.ids[-1] < newest:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        done.set()
        await server.end(signal.SIGTERM)
        await watching
    return Outcome(made, followers, everything, server, models, answers)
