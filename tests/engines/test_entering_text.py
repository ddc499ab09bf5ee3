"""Texts of models and tools become storable where they enter, and are read in linear time."""

from __future__ import annotations

import json
import time
from typing import Any

import ormsgpack
import pytest

from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.ports.model import ModelReply, ModelRequest, Usage
from pyscrai.engines.tools.consultation import use_now
from pyscrai.engines.tools.tool import ToolAnswer, ToolScene
from pyscrai.errors import ReplyError
from pyscrai.llm.scripted.model import Scripted
from tests.engines.playing import Playing, actor, scenario

TALK = {"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "number"}}, "required": ["text"]}
HALF, NUL = "\ud83d", "\x00"


@pytest.mark.parametrize(("reply", "value"), [
    (r'{"text": "Well \ud83d said"}', {"text": "Well \ufffd said"}),
    (r'{"text": "Well \ud83d\ude00 \u0000"}', {"text": "Well 😀 \ufffd"}),
    ('{"text": "a", "n": 1' + "0" * 30 + "}", {"text": "a", "n": 1e30}),
])
def test_a_json_reply_is_storable(reply: str, value: Any) -> None:
    assert parse(reply, TALK) == value


def test_a_number_that_no_database_takes_is_an_unusable_reply() -> None:
    with pytest.raises(ReplyError):
        parse('{"text": "a", "n": ' + "9" * 400 + "}", TALK)


@pytest.mark.parametrize("unit", ['\\"', '"', "\\", "{", '{"', ", ", ",]", "[", "\n", '"a": '])
@pytest.mark.parametrize("front", ['{"text": "', "{", "```json\n"])
def test_a_reply_is_read_in_linear_time(front: str, unit: str) -> None:
    def seconds(count: int) -> float:
        best = float("inf")
        for _ in range(3):
            begun = time.process_time()
            with pytest.raises(ReplyError):
                parse(front + unit * count, TALK)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(12_000) < 3.5 * seconds(6_000) + 0.02


@pytest.mark.parametrize("streamed", [False, True])
async def test_half_a_character_ends_no_play(streamed: bool) -> None:
    said = f"Well {HALF} said{NUL}."

    def script(role: str, request: ModelRequest) -> Scripted | None:
        return ModelReply(said, "stop", Usage(), "odd", 1.0)

    playing = Playing(scenario(roles={"ann": actor(), "bob": actor()}), script)
    told: list[str] = []
    if streamed:
        playing.runtime.listener = lambda role, turn, text: told.append(text or "")
    assert (await playing.play()).status == "completed"
    state = await playing.state()
    for value in (*playing.record.events, *playing.record.calls.values()):
        repr(value).encode()
    assert "Well \ufffd said\ufffd." in json.dumps(list(state["messages"]), ensure_ascii=False)
    "".join(told).encode()
    for model in playing.models.values():
        for request in model.requests:
            "".join(message.content for message in request.messages).encode()


class Odd:
    """A tool that answers this."""

    name, description, again = "odd", "Answers.", False

    def __init__(self, answer: ToolAnswer) -> None:
        self.answer = answer

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        return {"type": "object"}

    async def use(self, arguments: Any, scene: ToolScene) -> ToolAnswer:
        return self.answer


async def test_what_a_tool_answers_is_storable() -> None:
    answer = await use_now(Odd(ToolAnswer({"a" + HALF: [NUL, 10**400]}, f"b{HALF}")), {}, None, longest=1)  # type: ignore[arg-type]
    assert answer == ToolAnswer({"a\ufffd": ["\ufffd", None]}, "b\ufffd")
    assert ormsgpack.unpackb(ormsgpack.packb(answer.result)) == answer.result
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert "nested deeper" in ((await use_now(Odd(ToolAnswer(deep)), {}, None, longest=1)).error or "")  # type: ignore[arg-type]
