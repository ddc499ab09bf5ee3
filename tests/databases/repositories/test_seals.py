"""Seals of earlier versions stay valid, and a run's seal and figures are its own whatever others are made beside it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from sqlalchemy import JSON, text

from pyscrai.databases.driver_rows import RUNS_AT_ONCE
from pyscrai.databases.repositories.metrics import RunMetrics
from pyscrai.databases.repositories.seals import RunSeals
from pyscrai.databases.tables import CallRow
from tests.databases.conftest import Stage, call, utterance

LATER = ("raw_packed", "system_fingerprint")


async def test_columns_that_came_later_do_not_change_a_seal(sqlite_stage: Stage) -> None:
    """A call without an answer to pack has the digest that it had before there were columns for it."""
    record = await sqlite_stage.record()
    for turn in (1, 2):
        made = call(turn)
        assert made.reply is not None
        record.note(replace(made, reply=replace(made.reply, raw={})))
    await record.commit([])
    names = ", ".join(f'CAST("{column.name}" AS TEXT)' if isinstance(column.type, JSON) else f'"{column.name}"'
                      for column in CallRow.__table__.columns if column.name not in LATER)
    async with sqlite_stage.database.read() as session:
        rows = (await session.execute(text(f"SELECT {names} FROM llm_calls ORDER BY id"))).all()
        expected = blake2b("".join(repr(tuple(row)) for row in rows).encode(), digest_size=16).hexdigest()
        assert (await RunSeals(session).make([record.run_id]))[record.run_id].digests["llm_calls"] == expected
    for name, value in (("raw_packed", b"\x01"), ("system_fingerprint", "fp")):
        async with sqlite_stage.database.session() as session:
            await session.execute(text(f"UPDATE llm_calls SET {name} = :value WHERE turn = 2"), {"value": value})
        async with sqlite_stage.database.read() as session:
            assert (await RunSeals(session).make([record.run_id]))[record.run_id].digests["llm_calls"] != expected
        async with sqlite_stage.database.session() as session:
            await session.execute(text(f"UPDATE llm_calls SET {name} = NULL"))


async def test_many_runs_are_sealed_together_as_each_by_itself(stage: Stage) -> None:
    """More of them than are read at once, one without calls and one without anything."""
    ids = []
    for number in range(RUNS_AT_ONCE + 3):
        record = await stage.record()
        ids.append(record.run_id)
        for turn in range(1, 1 + number % 3):
            record.note(call(turn, failed=number % 2))
        await record.commit([utterance(turn, text=f"word {number}") for turn in range(1, number % 4)])
    async with stage.database.session() as session:
        figures, seals = await RunMetrics(session).compute(ids), await RunSeals(session).make(ids)
        assert list(figures) == list(seals) == ids
        for run_id in ids:
            assert {run_id: figures[run_id]} == await RunMetrics(session).compute([run_id])
            assert {run_id: seals[run_id]} == await RunSeals(session).make([run_id])
        await RunMetrics(session).keep(figures)
        await RunSeals(session).keep(seals)
    async with stage.database.read() as session:
        for run_id in ids:
            kept = await RunSeals(session).read(run_id)
            assert kept is not None
            assert kept.digests == await RunSeals(session).compute(run_id, kept)
            assert kept.digests.items() >= seals[run_id].digests.items()
