"""An endpoint's answer is stored packed over the reply, and read as it was given."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from pyscrai.databases.packed_answers import packed_answer, unpacked_answer
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.tables import CallRow
from pyscrai.engines.ports.model import ModelReply, Usage
from pyscrai.engines.ports.record import CallRecord
from tests.databases.conftest import Stage, call

REPLY = ("The lamp has burned low and I have read the letter twice more.\n\"Whoever wrote it\" knew the colour of the "
         "seals and the day on which the mill stood still, so it was one of nine people.")
RAW: dict[str, Any] = {
    "id": "chatcmpl-CgL8kXw2", "object": "chat.completion", "created": 1795721329, "model": "gpt-x",
    "usage": {"prompt_tokens": 1954, "completion_tokens": 80, "total_tokens": 2034},
    "system_fingerprint": "fp_44709d6fcb",
    "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                 "message": {"role": "assistant", "content": REPLY, "refusal": None}}]}


def answered(raw: dict[str, Any], reply: str = REPLY) -> CallRecord:
    return replace(call(1), reply=ModelReply(reply, "stop", Usage(100, 80, 20, 0.25), "model-1", 12.5, raw))


async def stored(stage: Stage, *records: CallRecord) -> tuple[str, CallRecord]:
    record = await stage.record()
    for one in records:
        record.note(one)
    await record.commit([])
    return record.run_id, await read(stage, record.run_id)


async def read(stage: Stage, run_id: str) -> CallRecord:
    async with stage.database.read() as session:
        [found] = await Calls(session).read(run_id)
    return found.call


@settings(max_examples=60, deadline=None)
@given(st.text(), st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                                                          st.lists, max_leaves=5)))
def test_any_answer_is_read_as_it_was(reply: str, raw: dict[str, Any]) -> None:
    reply = reply.encode("utf-8", "replace").decode()
    answer = json.dumps({**raw, "content": reply})
    assert unpacked_answer(packed_answer(answer, reply), reply) == answer


def test_what_repeats_the_reply_takes_no_room() -> None:
    answer = json.dumps(RAW, separators=(",", ":"))
    assert len(answer) > 500
    assert len(packed_answer(answer, REPLY)) < 110


@pytest.mark.parametrize("spoilt", [
    lambda packed: b"", lambda packed: packed[:-3], lambda packed: b"\x02" + packed[1:],
    lambda packed: packed[:20] + b"\x00" + packed[21:]])
def test_what_is_damaged_is_no_answer(spoilt: Any) -> None:
    packed = packed_answer(json.dumps(RAW), REPLY)
    assert unpacked_answer(packed, REPLY) is not None
    assert unpacked_answer(spoilt(packed), REPLY) is None
    assert unpacked_answer(packed, REPLY + ".") is None


async def test_an_answer_comes_back_whole(stage: Stage) -> None:
    run_id, found = await stored(stage, answered(RAW))
    assert found == answered(RAW)
    async with stage.database.read() as session:
        row = (await session.execute(CallRow.__table__.select().where(CallRow.run_id == run_id))).mappings().one()
    assert row["raw"] is None
    assert row["system_fingerprint"] == "fp_44709d6fcb"


async def test_an_answer_of_an_earlier_version_is_read(stage: Stage) -> None:
    run_id, _ = await stored(stage, answered(RAW))
    async with stage.database.session() as session:
        await session.execute(text("UPDATE llm_calls SET raw = :raw, raw_packed = NULL, system_fingerprint = NULL"),
                              {"raw": json.dumps(RAW)})
    assert await read(stage, run_id) == answered(RAW)


async def test_a_reply_that_was_changed_can_still_be_read(stage: Stage) -> None:
    run_id, _ = await stored(stage, answered(RAW))
    async with stage.database.session() as session:
        await session.execute(text("UPDATE llm_calls SET reply = 'Something else.'"))
    assert await read(stage, run_id) == answered({}, "Something else.")
