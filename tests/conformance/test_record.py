"""What every record does: journal and log of one run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pyscrai.engines.ports.model import Message, ModelReply, ModelRequest, Usage
from pyscrai.engines.ports.record import CallKey, CallRecord, Progress, question_digest
from pyscrai.errors import RunError
from pyscrai.events import Utterance
from tests.conformance.conftest import Recording

KEY = CallKey(1, "ann", "speak", 0)


def call(text: str | None = "Well.", *, key: CallKey = KEY, asked: str = "Speak.") -> CallRecord:
    request = ModelRequest((Message("system", ("You are Ann.",)), Message("user", (asked,))), temperature=0.7,
                           stop=("\n",), schema={"type": "object", "properties": {"x": {"enum": [1, 2.5, None]}}})
    reply = None if text is None else ModelReply(text, "stop", Usage(1, 0, 1, 0.0), "model", 2.5, {"id": "x"})
    return CallRecord(key, "speech", "fake", request, reply, error=None if reply else {"code": "model.failed"},
                      question=question_digest("speech", request))


def said(turn: int, text: str = "Well.") -> Utterance:
    return Utterance(key=f"t{turn}", turn=turn, source="ann", audience="all", name="Ann", text=text)


async def test_a_noted_call_is_recalled_at_once_and_by_another_process(recording: Recording) -> None:
    assert recording.record.recall(KEY) is None
    recording.record.note(call())
    assert recording.record.recall(KEY) == call()
    await recording.record.commit([])
    again = await recording.reopen()
    found = again.record.recall(KEY)
    assert found == call()
    assert found.question == question_digest(found.purpose, found.request)
    assert again.record.recall(KEY._replace(ordinal=1)) is None
    assert not again.record.closed


async def test_the_first_answer_stays(recording: Recording) -> None:
    for text in ("first", "second"):
        recording.record.note(call(text))
        await recording.record.commit([])
    for record in (recording.record, (await recording.reopen()).record):
        found = record.recall(KEY)
        assert found is not None
        assert found.reply is not None
        assert found.reply.text == "first"


async def test_a_second_question_at_an_answered_place_is_refused(recording: Recording) -> None:
    recording.record.note(call())
    with pytest.raises(RunError) as caught:
        recording.record.note(call(asked="Sum up."))
    assert caught.value.code == "run.place"
    assert recording.record.recall(KEY) == call()
    recording.record.note(call("Another.", key=KEY._replace(ordinal=1), asked="Sum up."))
    await recording.record.commit([])


async def test_what_failed_is_kept_and_gives_way_to_an_answer(recording: Recording) -> None:
    recording.record.note(call(None))
    await recording.record.commit([])
    found = (await recording.reopen()).record.recall(KEY)
    assert found is not None
    assert not found.answered
    assert found.error == {"code": "model.failed"}


async def test_an_unusable_answer_says_so(recording: Recording) -> None:
    unusable = replace(call(), error={"code": "engine.reply", "message": "no JSON", "mended": True})
    recording.record.note(unusable)
    await recording.record.commit([])
    found = (await recording.reopen()).record.recall(KEY)
    assert found == unusable
    assert not unusable.answered


async def test_an_event_is_taken_once_by_its_key(recording: Recording) -> None:
    await recording.record.commit([said(1), said(2)])
    await recording.record.commit([said(2, "Otherwise."), said(3)])
    assert list(await recording.events()) == [said(1), said(2), said(3)]


async def test_the_past_is_read_by_turns(recording: Recording) -> None:
    await recording.record.commit([said(turn) for turn in range(1, 6)], Progress(5, "talk", ("bob",), {}, {}))
    assert list(await recording.past.history(upto_turn=3)) == [said(1), said(2), said(3)]
    assert list(await recording.past.history(after_turn=3, upto_turn=9)) == [said(4), said(5)]
