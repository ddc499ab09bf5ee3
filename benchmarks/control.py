"""The control plane's figures: `python -m benchmarks.control [--quick]`; server, models and clients are processes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.figures import Figure, model_server, play
from benchmarks.scenario import template
from benchmarks.serving import Served, served
from benchmarks.worker import Spec, control
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.templates import scenario_templates
from pyscrai.databases.run_ids import new_run_id
from pyscrai.databases.tables import RunRow, RunTagRow


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Clients:
    """People at a server: they make runs, watch them, and ask how they are."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.client = httpx.AsyncClient(base_url=server.url, timeout=60, limits=httpx.Limits(max_connections=100))
        self.delays: list[float] = []
        self.asked: list[float] = []
        self.kinds: Counter[str] = Counter()
        self.turns = 0

    async def make(self, runs: int, turns: int, *, start: bool = True) -> list[str]:
        """Runs of the benchmark's play."""
        scenario = template(whole_history=False)
        (await self.client.post("/templates", json={"content": scenario})).raise_for_status()
        gate = asyncio.Semaphore(8)

        async def one(number: int) -> str:
            async with gate:
                answer = await self.client.post("/runs", json={"template": scenario["name"], "seed": number,
                                                               "max_turns": turns, "start": start})
            answer.raise_for_status()
            return str(answer.json()["run_id"])

        return list(await asyncio.gather(*(one(number) for number in range(runs))))

    async def ask(self, runs: Sequence[str], action: str) -> None:
        """Ask the same of all runs."""
        answer = await self.client.post(f"/runs/many/{action}", json={"run_ids": list(runs)})
        answer.raise_for_status()
        refused = answer.json()["refused"]
        if refused:
            raise RuntimeError(f"{len(refused)} runs would not {action}: {refused[0]}")

    async def until(self, status: str, runs: int, within: float = 120, every: float = 0.1) -> None:
        """Wait until so many runs have a status."""
        end = time.monotonic() + within
        while (counts := (await self.client.get("/runs/counts")).json())[status] < runs:
            if time.monotonic() > end:
                raise RuntimeError(f"after {within:.0f} s not {runs} runs are {status}: {counts}")
            await asyncio.sleep(every)

    async def watch(self, path: str, *, counts: bool = False) -> None:
        """Follow a stream and note how late each event comes; events of before the connection do not count."""
        begun = datetime.now(UTC)
        async with httpx.AsyncClient(base_url=self.server.url, timeout=None) as client, client.stream(
                "GET", path) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    now = datetime.now(UTC)
                    event = json.loads(line[6:])
                    made = datetime.fromisoformat(event["created_at"])
                    if made > begun:
                        self.delays.append((now - made).total_seconds() * 1000)
                    if counts:
                        self.kinds[event["kind"]] += 1

    async def ask_how_they_are(self, runs: Sequence[str], every: float) -> None:
        """Ask for one run's status after the other."""
        number = 0
        while True:
            begun = time.perf_counter()
            (await self.client.get(f"/runs/{runs[number % len(runs)]}")).raise_for_status()
            self.asked.append((time.perf_counter() - begun) * 1000)
            number += 7
            await asyncio.sleep(every)


async def under_load(server: Served, *, runs: int, watchers: int, turns: int, latency_ms: float, models: str
                     ) -> list[Figure]:
    """Many runs play, people watch and ask."""
    control(models, f"reset?latency_ms={latency_ms}&jitter=0.2")
    people = Clients(server)
    made = await people.make(runs, turns, start=False)
    all_runs = max(1, watchers // 10)
    tasks = [asyncio.create_task(people.watch("/stream", counts=number == 0)) for number in range(all_runs)]
    tasks += [asyncio.create_task(people.watch(f"/runs/{run_id}/stream?stay=true"))
              for run_id in made[:watchers - all_runs]]
    await asyncio.sleep(1)
    cpu = server.cpu_seconds()
    await people.ask(made, "start")
    await people.until("running", runs)
    people.delays.clear()
    tasks.append(asyncio.create_task(people.ask_how_they_are(made, 0.1)))
    await people.until("completed", runs, within=turns * latency_ms / 1000 * 4 + 120, every=1)
    spent = server.cpu_seconds() - cpu
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await task
    played = people.kinds["utterance"]
    detail = f"{runs} runs, {watchers} watchers ({all_runs} of all runs)"
    per_turn = spent * 1000 / (runs * turns)
    bare = median(play(Spec("pyscrai", models, turns=turns, runs=runs, latency_ms=latency_ms, jitter=0.2,
                            whole_history=False))["cpu_ms_per_turn"] for _ in range(1))
    return [
        Figure("p95 of a status request while they play", percentile(people.asked, 0.95), 100, unit="ms",
               detail=f"{detail}; median {median(people.asked):.0f} ms of {len(people.asked)}"),
        Figure("p95 from an event to its watcher", percentile(people.delays, 0.95), 300, unit="ms",
               detail=f"median {median(people.delays):.0f} ms of {len(people.delays)} events"),
        Figure("CPU per turn with the API / without", per_turn / bare, 1.25,
               detail=f"{per_turn:.2f} ms / {bare:.2f} ms; {played} of {runs * turns} turns seen"),
    ]


async def pausing(server: Served, *, runs: int, models: str) -> list[Figure]:
    """All runs are paused, weighed and resumed."""
    control(models, "reset?latency_ms=2000&jitter=0.2")
    people = Clients(server)
    # The first rounds warm the process up: what it holds more after another round is what paused runs hold.
    first: list[str] = []
    light = 0
    for _ in range(3):
        light = server.resident_bytes()
        made = await people.make(runs, 1000)
        await people.until("running", runs)
        await people.ask(made, "pause")
        first += made
        await people.until("paused", len(first))
    heavy = server.resident_bytes()
    second = await people.make(runs, 1000)
    await people.until("running", runs)
    begun = time.perf_counter()
    await people.ask(second, "pause")
    asked = time.perf_counter() - begun
    await people.until("paused", len(first) + runs)
    paused = time.perf_counter() - begun
    begun, cpu = time.perf_counter(), server.cpu_seconds()
    await people.ask(second, "resume")
    await people.until("running", runs)
    resumed, cpu = time.perf_counter() - begun, server.cpu_seconds() - cpu
    await people.ask(second, "cancel")
    await people.until("stopped", runs)
    return [
        Figure(f"memory of an idle paused run, of {runs}", (heavy - light) / runs / 1000, 50, unit="kB",
               detail=f"resident {light / 1e6:.0f} to {heavy / 1e6:.0f} MB"),
        Figure(f"{runs} playing runs asked to pause stand", paused, asked + 2.4 + 2, unit="s",
               detail=f"a turn takes up to 2.4 s, asking took {asked:.1f} s"),
        Figure(f"resume of {runs} paused runs", resumed, 5, unit="s",
               detail=f"from the first request to the last run at play; {cpu:.1f} s of CPU"),
    ]


async def fill(folder: Path, runs: int) -> None:
    """A database with so many finished runs."""
    async with Database(f"sqlite+aiosqlite:///{folder}/pyscrai.sqlite") as database:
        await database.prepare()
        scenario = template(whole_history=False)
        async with database.session() as session:
            row = await scenario_templates(session).add(name=scenario["name"], version="1.0.0", format=1,
                                                        content=scenario, content_hash="x")
            moment = datetime.now(UTC) - timedelta(seconds=runs)
            for start in range(0, runs, 5_000):
                rows: list[Any] = []
                tags: list[Any] = []
                for number in range(start, min(runs, start + 5_000)):
                    at = moment + timedelta(seconds=number)
                    run_id = new_run_id(at)
                    status = "failed" if number % 100 == 0 else "completed"
                    rows.append({
                        "id": run_id, "scenario_template_id": row.id, "template_hash": "x", "name": f"run {number}",
                        "status": status, "desired": "run", "seed": number, "created_at": at, "updated_at": at,
                        "ended_at": at, "tags": [f"batch{number // 1000}"], "parameters": {}, "settings": {},
                        "outcome": {"end": "turns"}, "last_seq": 10})
                    tags.append({"tag": f"batch{number // 1000}", "run_id": run_id})
                await session.execute(RunRow.__table__.insert(), rows)  # type: ignore[attr-defined]
                await session.execute(RunTagRow.__table__.insert(), tags)  # type: ignore[attr-defined]


async def listing(server: Served, runs: int) -> list[Figure]:
    """Lists and filters over many runs."""
    queries = {"newest": "", "by status": "status=failed", "by tag": "tag=batch42",
               "by template": "template=benchmark-window", "status and tag": "status=failed&tag=batch7",
               "by time": "since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z"}
    took: dict[str, list[float]] = {}
    async with httpx.AsyncClient(base_url=server.url) as client:
        for _ in range(12):
            for name, query in queries.items():
                begun = time.perf_counter()
                (await client.get(f"/runs?limit=50&{query}")).raise_for_status()
                took.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
    slowest = max(took, key=lambda name: median(took[name]))
    return [Figure(f"list and filter over {runs:,} runs, the slowest", median(took[slowest]), 100, unit="ms",
                   detail="; ".join(f"{name} {median(times):.0f} ms" for name, times in took.items()))]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs and turns: a look, not a figure")
    parser.add_argument("--only", choices=("load", "pause", "start", "list"))
    given = parser.parse_args()
    missed = 0

    def show(figures: Sequence[Figure]) -> None:
        nonlocal missed
        from benchmarks.__main__ import line

        for figure in figures:
            missed += not figure.met
            print(line(figure), flush=True)

    print(f"{os.cpu_count()} cores, load {', '.join(f'{value:.1f}' for value in os.getloadavg())}", flush=True)
    runs, turns = (100, 6) if given.quick else (500, 12)
    with model_server() as models:
        if given.only in (None, "load"):
            with tempfile.TemporaryDirectory() as folder, served(Path(folder), models_url=models) as server:
                show(asyncio.run(under_load(server, runs=runs, watchers=50, turns=turns, latency_ms=2000,
                                            models=models)))
        if given.only in (None, "pause"):
            with tempfile.TemporaryDirectory() as folder, served(Path(folder), models_url=models) as server:
                show(asyncio.run(pausing(server, runs=runs, models=models)))
    if given.only in (None, "start"):
        with tempfile.TemporaryDirectory() as folder:
            with served(Path(folder)):
                pass
            asyncio.run(fill(Path(folder), 10_000))
            with served(Path(folder)) as server:
                show([Figure("start-up with 10,000 finished runs", server.startup_s, 3, unit="s",
                             detail="from the start of the process to its first answer")])
    if given.only in (None, "list"):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(fill(Path(folder), 20_000 if given.quick else 100_000))
            with served(Path(folder)) as server:
                show(asyncio.run(listing(server, 20_000 if given.quick else 100_000)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
