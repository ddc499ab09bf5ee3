from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pyscrai.databases.repositories.controls import Controls
from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.databases.repositories.runs import Runs
from pyscrai.events import (
    AnyEvent,
    Measurement,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    RunWaiting,
)
from tests.databases.conftest import Stage, utterance


@pytest.mark.parametrize(("event", "status", "ended"), [
    (RunPaused(key="p", turn=1, reason="asked"), "paused", False),
    (RunWaiting(key="w", turn=1, role="mayor"), "waiting", False),
    (RunCompleted(key="c", turn=1, outcome={"end": "vote"}), "completed", True),
    (RunFailed(key="f", turn=1, error={"code": "model.timeout"}), "failed", True),
    (RunStopped(key="s", turn=1, reason="enough"), "stopped", True),
    (RunResumed(key="r", turn=1), "running", False),
])
async def test_events_of_a_runs_life_set_its_status(stage: Stage, event: AnyEvent, status: str, ended: bool) -> None:
    record = await stage.record()
    await record.commit([RunStarted(key="t0", turn=0, premise="Once", roles={"mayor": "Mayor"})])
    await record.commit([event])
    async with stage.database.read() as session:
        run = await Runs(session).get(record.run_id)
    assert run.status == status
    assert run.started_at is not None
    assert (run.ended_at is not None) is ended
    assert run.outcome == ({"end": "vote"} if status == "completed" else None)
    assert run.error == ({"code": "model.timeout"} if status == "failed" else None)


async def test_a_run_that_failed_and_goes_on_has_no_error_any_more(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([RunStarted(key="t0", turn=0, premise="Once", roles={})])
    await record.commit([RunFailed(key="f", turn=1, error={"code": "x"})])
    await record.commit([RunResumed(key="r", turn=1)])
    async with stage.database.read() as session:
        run = await Runs(session).get(record.run_id)
    assert (run.status, run.error, run.ended_at) == ("running", None, None)


async def test_measurements_have_rows_of_their_own(stage: Stage) -> None:
    record = await stage.record()
    scores: Sequence[Any] = [4, 3.5, "hostile", None]
    await record.commit([utterance(1), *(
        Measurement(key=f"m{number}", turn=1, source="observer", measure="tone", of="mayor", value=value,
                    rationale="said so", evidence=["t1.mayor"]) for number, value in enumerate(scores))])
    async with stage.database.read() as session:
        rows = await Measurements(session).read(record.run_id, measures=["tone"], of="mayor")
    assert [(row.seq, row.number, row.category) for row in rows] == [
        (2, 4.0, None), (3, 3.5, None), (4, None, "hostile"), (5, None, None)]
    assert rows[0].evidence == ["t1.mayor"]


async def test_a_commit_tells_what_others_want_of_the_run(stage: Stage) -> None:
    record = await stage.record()
    await record.commit([utterance(1)])
    assert (record.desired, record.controls_waiting) == ("run", 0)
    async with stage.database.session() as session:
        await Runs(session).desire(record.run_id, "pause")
        await Controls(session).add(record.run_id, "inject", {"text": "rain"}, actor="ann")
    await record.commit([utterance(2)])
    assert (record.desired, record.controls_waiting) == ("pause", 1)
