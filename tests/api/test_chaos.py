"""Promise 1 for a server: killed at random, it loses nothing, doubles nothing, pays nothing twice; nor do its watchers.

Its storage is away for a while too, and the writer's server process stands still. ``PYSCRAI_CHAOS=full`` plays it at
full size: 50 runs, 10 kills, outages of 5, 15 and 60 s.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.services import Services, open_services
from pyscrai.services.run_states import moment
from tests.api.chaos import ENDS, Outcome, fingerprint, rage

FULL = os.environ.get("PYSCRAI_CHAOS") == "full"


@pytest.mark.parametrize("kind", [
    pytest.param("sqlite", marks=pytest.mark.skipif(not FULL, reason="PYSCRAI_CHAOS=full")), "postgres"])
def test_a_server_that_is_killed_again_and_again(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    url = make_url(kind)
    size: dict[str, Any] = {"runs": 50, "kills": 10, "turns": 60, "outages": (5, 15, 60), "stops": (5, 15)
                            } if FULL else {"runs": 4, "kills": 2, "turns": 12, "outages": (1.5,), "stops": (1,)}

    async def play() -> None:
        outcome = await rage(tmp_path, url, **size, faults=0.2, latency=0.3)
        settings = load_settings(database_url=url, model="scripted")
        async with open_services(settings, library=False) as services:
            await check(services, outcome, kills=size["kills"])

    asyncio.run(play())


@pytest.mark.parametrize(("kind", "seconds"), [
    pytest.param("postgres", 3.5, marks=pytest.mark.skipif(not FULL, reason="PYSCRAI_CHAOS=full")),
    # SQLite itself waits ten seconds for a lock before it says anything.
    pytest.param("sqlite", 14, marks=pytest.mark.skipif(not FULL, reason="PYSCRAI_CHAOS=full"))])
def test_runs_outlive_an_outage_that_is_longer_than_their_patience(
        kind: str, seconds: float, make_url: Callable[[str], str], tmp_path: Path) -> None:
    """They stand as interrupted, and go on by themselves when storage is back."""
    url = make_url(kind)

    async def play() -> None:
        outcome = await rage(tmp_path, url, runs=4, kills=0, turns=16, outages=(seconds,), patience=0.5, faults=0.0,
                             latency=0.2)
        assert "manager.interrupted" in outcome.server.log.read_text()
        async with open_services(load_settings(database_url=url, model="scripted"), library=False) as services:
            await check(services, outcome, kills=0)
            async with services.database.read() as session:
                assert (await Runs(session).counts())["completed"] == 4

    asyncio.run(play())


async def check(services: Services, outcome: Outcome, *, kills: int) -> None:
    """Every run has ended, its log is whole, no recorded call was asked again, and every watcher has every event."""
    statuses: Counter[str] = Counter()
    logged: list[int] = []
    async with services.database.read() as session:
        for run_id, follower in zip(outcome.runs, outcome.followers, strict=True):
            row = await Runs(session).get(run_id)
            statuses[row.status] += 1
            assert row.status == "completed" or (row.status == "failed" and row.error and row.error["code"]), row.status
            events = await Events(session).read(run_id)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert not [key for key, count in Counter(event.key for event in events).items() if count > 1]
            turns = sorted(event.turn for event in events if event.kind in ("utterance", "turn_skipped"))
            assert len(turns) == len(set(turns)), "a turn is doubled"
            # A run that failed may stand in the middle of a round in which all speak at once.
            assert turns[:row.turn] == list(range(1, row.turn + 1)), "a turn is lost"
            assert row.status == "failed" or len(turns) == row.turn
            assert follower.ids == [event.id for event in events]
            assert follower.kinds[-1] in ENDS
            logged += [event.id for event in events]
            await _paid_once(session, outcome, run_id)
    assert outcome.everything.ids == sorted(outcome.everything.ids)
    begun = outcome.everything.ids[0]
    assert set(outcome.everything.ids) == {number for number in logged if number >= begun}
    assert len(set(outcome.everything.ids)) == len(outcome.everything.ids)
    assert outcome.server.starts == kills + 1
    log = outcome.server.log.read_text()
    assert "Traceback" not in log, log[max(0, log.index("Traceback") - 1_000):][:6_000]
    for run_id in outcome.runs:
        at = await moment(services, run_id)
        async with services.database.read() as session:
            said = {event.key: event.payload["text"] for event in await Events(session).read(
                run_id, kinds=["utterance", "inject"])}
        for line in at.values["messages"]:
            if line["kind"] in ("utterance", "inject"):
                assert said[line["id"]] == line["content"], "the log differs from the state"
    print(f"\nchaos: {len(outcome.runs)} runs, {kills} kills, {dict(statuses)}, {len(logged)} events, "
          f"{len(outcome.models.requests)} model requests of which {outcome.models.faults} failed, "
          f"{max(each.connections for each in outcome.followers)} connections of a watcher at most, "
          f"start-up {max(outcome.server.startup):.1f} s at most")


async def _paid_once(session: object, outcome: Outcome, run_id: str) -> None:
    for stored in await Calls(session).read(run_id):  # type: ignore[arg-type]
        call = stored.call
        if call.reply is None:
            continue
        body = {"messages": [{"role": message.role, "content": message.content} for message in call.request.messages],
                "seed": call.request.seed}
        recorded = stored.created_at.timestamp()
        again = [when for when in outcome.answers.asked.get(fingerprint(body), ()) if when > recorded + 0.005]
        assert not again, f"{run_id}: {call.key} was asked again {again[0] - recorded:.3f} s after it was recorded"
