"""Seals of earlier versions stay valid."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from sqlalchemy import JSON, text

from pyscrai.databases.repositories.seals import RunSeals
from pyscrai.databases.tables import CallRow
from tests.databases.conftest import Stage, call

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
        assert (await RunSeals(session).make(record.run_id)).digests["llm_calls"] == expected
    for name, value in (("raw_packed", b"\x01"), ("system_fingerprint", "fp")):
        async with sqlite_stage.database.session() as session:
            await session.execute(text(f"UPDATE llm_calls SET {name} = :value WHERE turn = 2"), {"value": value})
        async with sqlite_stage.database.read() as session:
            assert (await RunSeals(session).make(record.run_id)).digests["llm_calls"] != expected
        async with sqlite_stage.database.session() as session:
            await session.execute(text(f"UPDATE llm_calls SET {name} = NULL"))
