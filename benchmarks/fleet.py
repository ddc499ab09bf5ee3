"""Prints the figures of a fleet, each by itself: `python -m benchmarks.fleet FIGURE [options]`.

    pick-up   how long a new run waits for a worker that has room, woken by NOTIFY
    queue     the same with many runs queued; how long topping up and a status take
    fairness  how long a small share's runs take beside a large share, as a ratio to alone
    scaling   how long runs take with 1, 2 and 4 workers, as ratios to one
    limits    calls at once at the model server, with several workers and one alias's limit

Each starts PostgreSQL, a model server and workers as processes of their own, and ends them.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Any

from sqlalchemy import func, select, text

from benchmarks.__main__ import line
from benchmarks.figures import Figure, model_server
from benchmarks.fleet_process import fleet, postgres
from benchmarks.worker import control
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.claims import Claims
from pyscrai.databases.repositories.workers import Workers
from pyscrai.databases.tables import RunRow
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services
from pyscrai.lifecycle import ENDED
from pyscrai.services.fleet.figures import fleet_figures
from pyscrai.services.fleet.state import fleet_state

COPIES = """
INSERT INTO scenario_runs SELECT (jsonb_populate_record(run, jsonb_build_object('id', run.id || '_' || number))).*
FROM scenario_runs run, generate_series(1, :count) number WHERE run.id = :id
"""
CASTS = """
INSERT INTO agent_instances
SELECT (jsonb_populate_record(member, jsonb_build_object('run_id', member.run_id || '_' || number))).*
FROM agent_instances member, generate_series(1, :count) number WHERE member.run_id = :id
"""


async def make(services: Services, count: int, turns: int, share: str) -> list[str]:
    """Make runs one after the other, as callers do."""
    return [await create_scenario_run_from_template(services, f"fleet@1.0.{turns}", RunOptions(seed=number),
                                                    desired="run", actor=share) for number in range(count)]


async def queue_up(services: Services, count: int, turns: int, share: str) -> None:
    """Queue many runs at once: one that is made as ever, and copies of its rows."""
    first = await create_scenario_run_from_template(services, f"fleet@1.0.{turns}", RunOptions(seed=1), desired="none",
                                                    actor=share)
    async with services.database.session() as session:
        for statement in (COPIES, CASTS):
            await session.execute(text(statement), {"id": first, "count": count})
        await session.execute(text("UPDATE scenario_runs SET desired = 'run' WHERE share = :share"), {"share": share})
    async with services.database.dialect.engine(1, 0).connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE scenario_runs"))


async def until_ended(services: Services, share: str, count: int, within: float = 3_600.0) -> None:
    """Wait until so many runs of a share have ended."""
    async with asyncio.timeout(within):
        while True:
            async with services.database.read() as session:
                ended = await session.scalar(select(func.count()).select_from(RunRow).where(
                    RunRow.share == share, RunRow.status.in_(ENDED))) or 0
            if ended >= count:
                return
            await asyncio.sleep(0.1)


async def waits(services: Services, run_ids: Sequence[str]) -> list[float]:
    """How many seconds after it was made each run began to play, or is not beginning yet."""
    async with services.database.read() as session:
        rows = await session.execute(select(RunRow.created_at, RunRow.started_at).where(RunRow.id.in_(run_ids)))
        return [(started - created).total_seconds() for created, started in rows if started is not None]


async def picked_up(services: Services, count: int, turns: int, share: str) -> list[float]:
    """Make runs with pauses between them, and see how long each waits, once every worker has played some."""
    await make(services, 24, turns, f"{share}, the first")
    await until_ended(services, f"{share}, the first", 24, within=300)
    made: list[str] = []
    for _ in range(count):
        made += await make(services, 1, turns, share)
        await asyncio.sleep(0.25)
    await until_ended(services, share, count, within=300)
    return await waits(services, made)


def at_95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


async def timed(work: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """How many milliseconds a piece of work takes, each time."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        await work()
        found.append(1000 * (time.perf_counter() - begun))
    return found


async def pick_up(given: argparse.Namespace, url: str, models: str, folder: Path) -> list[Figure]:
    """A fleet with room, and nothing else to do."""
    control(models, "reset?latency_ms=20&jitter=0")
    async with fleet(url, models, folder, workers=given.workers or 2, capacity=50, turns=[4]) as (services, _):
        found = await picked_up(services, given.runs or 60, 4, "ann")
    return [Figure("pick-up of a new run, 95th percentile", 1000 * at_95(found), 200, "ms",
                   detail=f"median {1000 * median(found):.0f} ms of {len(found)} runs")]


async def queue(given: argparse.Namespace, url: str, models: str, folder: Path) -> list[Figure]:
    """Many runs of one share are queued, and new ones of another come."""
    count = given.runs or 100_000
    control(models, "reset?latency_ms=2000&jitter=0.3")
    figures = []
    async with fleet(url, models, folder, workers=given.workers or 2, capacity=50, turns=[4, 5]) as (services, _):
        async with services.database.session() as session:
            await Workers(session).treat("large", held=True)
        await queue_up(services, count, 5, "large")
        found = await picked_up(services, given.new or 60, 4, "small")
        figures.append(Figure(f"pick-up with {count:,} queued, 95th percentile", 1000 * at_95(found), 300, "ms",
                              detail=f"median {1000 * median(found):.0f} ms"))
        states = await timed(lambda: fleet_state(services.database), 20)
        figures.append(Figure(f"status of the fleet with {count:,} queued, 95th percentile", at_95(states), 100, "ms",
                              detail=f"median {median(states):.0f} ms"))
        shown = await timed(lambda: fleet_figures(services.database), 10)
        figures.append(Figure("  figures for Prometheus, median", median(shown), 300, "ms"))
        async with services.database.session() as session:
            await Workers(session).treat("large", held=False)
        # Both workers are full of the large share's runs now, and top up as these end.
        await asyncio.sleep(10)
        taken = await timed(lambda: take_and_give_back(services.database), 20)
        figures.append(Figure(f"topping up by 50 with {count:,} queued, 95th percentile", at_95(taken), 50, "ms",
                              detail=f"median {median(taken):.0f} ms, beside {given.workers or 2} workers that play"))
    return figures


async def take_and_give_back(database: Database) -> None:
    """Take fifty runs, and leave them as they were."""
    with suppress(_Undo):
        async with database.session() as session:
            found = await Claims(session).take("benchmark", 50, timedelta(seconds=12))
            if len(found) != 50:
                raise RuntimeError(f"{len(found)} runs were taken, not 50")
            raise _Undo


class _Undo(Exception):
    """Ends a transaction without its changes."""


async def fairness(given: argparse.Namespace, url: str, models: str, folder: Path) -> list[Figure]:
    """Twenty runs alone, and the same beside twenty thousand."""
    large, small = given.runs or 20_000, given.new or 20
    control(models, "reset?latency_ms=500&jitter=0.3")
    async with fleet(url, models, folder, workers=given.workers or 2, capacity=25, turns=[10]) as (services, _):
        begun = time.monotonic()
        await make(services, small, 10, "alone")
        await until_ended(services, "alone", small)
        alone = time.monotonic() - begun
        await queue_up(services, large, 10, "large")
        await asyncio.sleep(8)
        begun = time.monotonic()
        await make(services, small, 10, "small")
        await until_ended(services, "small", small)
        beside = time.monotonic() - begun
        async with services.database.session() as session:
            await Workers(session).treat("large", held=True)
    return [Figure(f"{small} runs beside {large:,} / alone", beside / alone, 2.0,
                   detail=f"{beside:.1f} s / {alone:.1f} s")]


async def scaling(given: argparse.Namespace, url: str, models: str, folder: Path) -> list[Figure]:
    """The same runs with more and more workers."""
    runs, turns, capacity = given.runs or 500, given.turns or 5, given.capacity or 50
    control(models, f"reset?latency_ms={1000 * (given.latency or 2.0)}&jitter=0.3")
    took: dict[int, float] = {}
    cpu: dict[int, float] = {}
    for workers in (1, 2, 4):
        async with fleet(url, models, folder / str(workers), workers=workers, capacity=capacity,
                         turns=[turns]) as (services, started):
            share = f"scaling{workers}"
            await queue_up(services, runs, turns, share)
            begun, used = time.monotonic(), sum(worker.cpu_seconds for worker in started)
            await until_ended(services, share, runs)
            took[workers] = time.monotonic() - begun
            cpu[workers] = 1000 * (sum(worker.cpu_seconds for worker in started) - used) / (runs * turns)
    ideal = {workers: ideally(runs, turns, workers * capacity, given.latency or 2.0) for workers in took}
    figures = []
    for workers, bound in ((2, 0.55), (4, 0.3)):
        figures.append(Figure(
            f"{runs} runs with {workers} workers of capacity {capacity} / with one", took[workers] / took[1], bound,
            detail=f"{took[workers]:.1f} s / {took[1]:.1f} s; workers that take no time: "
                   f"{ideal[workers] / ideal[1]:.3f}; {cpu[workers]:.1f} ms CPU a turn (one: {cpu[1]:.1f})"))
    figures += [Figure(f"  {workers} workers / {workers} that take no time", took[workers] / ideal[workers], 1.1,
                       detail=f"{ideal[workers]:.1f} s") for workers in took]
    return figures


def ideally(runs: int, turns: int, places: int, latency: float, jitter: float = 0.3) -> float:
    """Seconds that runs take, each at the place that becomes free first, where only the model takes time: a mean.

    A run stays where it is, so that runs which do not fill the places a whole number of times leave some empty.
    """
    chance, spans = random.Random(1), []
    for _ in range(20):
        free = [0.0] * places
        for _ in range(runs):
            took = sum(latency * chance.uniform(1 - jitter, 1 + jitter) for _ in range(turns))
            heapq.heapreplace(free, free[0] + took)
        spans.append(max(free))
    return fmean(spans)


async def limits(given: argparse.Namespace, url: str, models: str, folder: Path) -> list[Figure]:
    """Several workers ask one alias, whose limit is less than each of them could use."""
    workers, at_once, runs, turns = given.workers or 3, given.concurrency or 20, given.runs or 60, given.turns or 12
    latency = given.latency or 1.0
    control(models, f"reset?latency_ms={1000 * latency}&jitter=0.3")
    async with fleet(url, models, folder, workers=workers, capacity=max(1, runs // workers), turns=[turns],
                     concurrency=at_once) as (services, _):
        await queue_up(services, runs, turns, "ann")
        ending = asyncio.create_task(until_ended(services, "ann", runs))
        seen = []
        while not ending.done():
            await asyncio.sleep(0.05)
            seen.append(control(models, "stats")["at_once"])
        await ending
        most = control(models, "stats")["most_at_once"]
    # While enough of them played, without the beginning and the end.
    busy = seen[len(seen) // 5:3 * len(seen) // 5]
    return [Figure(f"calls at once of {at_once}, at most", most, at_once, detail=f"{workers} workers, {runs} runs"),
            Figure(f"calls at once of {at_once}, on average", fmean(busy), 0.9 * at_once, at_least=True,
                   detail=f"{len(busy)} samples, {latency:g} s a call")]


FIGURES: dict[str, Callable[[argparse.Namespace, str, str, Path], Coroutine[Any, Any, list[Figure]]]] = {
    "pick-up": pick_up, "queue": queue, "fairness": fairness, "scaling": scaling, "limits": limits}


def main() -> int:
    """Measure one figure; exit code 1 with ``--strict`` where a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=list(FIGURES))
    parser.add_argument("--runs", type=int, help="runs that are played or queued; each figure has its own default")
    parser.add_argument("--new", type=int, help="runs that come to those that are queued")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--capacity", type=int)
    parser.add_argument("--turns", type=int)
    parser.add_argument("--latency", type=float, help="seconds that a call takes")
    parser.add_argument("--concurrency", type=int, help="the alias's limit")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a bound is missed")
    given = parser.parse_args()
    with model_server() as models, tempfile.TemporaryDirectory(prefix="pyscrai-fleet-") as place:
        folder = Path(place)
        with postgres(folder / "postgres") as url:
            found = asyncio.run(FIGURES[given.figure](given, url, models, folder))
    for figure in found:
        print(json.dumps(asdict(figure) | {"met": figure.met}) if given.json else line(figure), flush=True)
    return 1 if given.strict and any(not figure.met for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
