"""What those who watch see while speech streams in, and that watching never reaches playing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelReply, ModelRequest, Usage
from pyscrai.errors import ModelServerError
from pyscrai.llm.scripted.model import ScriptedModel
from tests.engines.playing import Playing, actor, scenario, timeless

VOTE = {"vote": {"fields": {"choice": {"enum": ["yes", "no"]}}}}
GOOD = {"text": "Well said 😀 indeed.", "actions": {"vote": {"choice": "yes"}}}


class Streaming(ScriptedModel):
    """Streams the text of each answer in small pieces; an error among the answers is raised in the middle of one."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        answer = self.answers.pop(0) if self.answers else GOOD
        cut = isinstance(answer, Exception)
        text = "Half of it" if cut else json.dumps(answer) if isinstance(answer, dict) else answer
        if on_token is not None:
            for place in range(0, len(text), 3):
                on_token(text[place:place + 3])
        if cut:
            raise answer
        return ModelReply(text, "stop", Usage(1, 0, 1, 0.0), "streaming", 1.0)


class Screen:
    """What a listener shows: the speech of each turn as it stands."""

    def __init__(self) -> None:
        self.speech: dict[int, str] = {}
        self.resets = 0

    def __call__(self, role: str, turn: int, piece: str | None) -> None:
        if piece is None:
            self.resets += 1
            self.speech.pop(turn)
        else:
            piece.encode()  # as every client does
            self.speech[turn] = self.speech.get(turn, "") + piece


def talking(model: ScriptedModel, *, voting: bool = False, **policy: Any) -> Playing:
    phase = {"next": [{"to": "end", "after_turns": 1}], **({"action": "vote"} if voting else {})}
    playing = Playing(scenario(roles={"ann": actor(failure={"retries": 1, "backoff": 0, **policy})},
                               phases={"talk": phase}, **({"actions": VOTE} if voting else {})))
    playing.runtime.engines["ann"].model = model
    return playing


@pytest.mark.parametrize(("answers", "voting", "resets"), [
    (["I speak."], False, 0), ([ModelServerError("down"), "I speak."], False, 1),
    (["", "I speak."], False, 0), ([GOOD], True, 0),
    ([{"text": "I abstain.", "actions": {"vote": {"choice": "perhaps"}}}, GOOD], True, 1)])
async def test_what_is_shown_in_the_end_is_what_is_recorded(answers: list[Any], voting: bool, resets: int) -> None:
    screen = Screen()
    playing = talking(Streaming(*answers), voting=voting)
    playing.runtime.listener = screen
    assert (await playing.play()).status == "completed"
    [said] = playing.of("utterance")
    assert screen.speech == {1: said.text}
    assert screen.resets == resets


async def test_what_fails_for_good_is_taken_back() -> None:
    screen = Screen()
    playing = talking(Streaming(ModelServerError("down"), ModelServerError("down")), then="skip")
    playing.runtime.listener = screen
    assert (await playing.play()).status == "completed"
    assert screen.speech == {}
    assert screen.resets == 2


def raising(error: BaseException) -> Callable[[str, int, str | None], None]:
    def listen(role: str, turn: int, piece: str | None) -> None:
        raise error

    return listen


@pytest.mark.parametrize("error", [ValueError("no"), UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogate"),
                                   KeyError(), BrokenPipeError(), RecursionError()],
                         ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("voting", [False, True])
async def test_whatever_a_listener_raises_the_play_goes_on_the_same(error: Exception, voting: bool) -> None:
    plays = []
    for listener in (None, raising(error)):
        playing = talking(Streaming(*([GOOD] if voting else ["I speak."])), voting=voting)
        playing.runtime.listener = listener
        assert (await playing.play()).status == "completed"
        plays.append(timeless(playing.events))
    assert plays[0] == plays[1]


async def test_a_character_that_is_cut_in_two_is_shown_whole() -> None:
    """The emoji is written as two escapes, which fall into pieces of their own."""
    screen = Screen()
    playing = talking(Streaming(json.dumps(GOOD)), voting=True)
    playing.runtime.listener = screen
    assert (await playing.play()).status == "completed"
    assert screen.speech == {1: "Well said 😀 indeed."}
