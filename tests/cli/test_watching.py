"""How the events of a run reach what is shown, and what happens when it cannot be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pyscrai.audience import Audience
from pyscrai.cli.run_session import RunWatcher
from pyscrai.cli.terminal.interruption import Interruption
from pyscrai.cli.views.json_view import JsonView
from pyscrai.cli.views.view import Opening
from pyscrai.databases.stored_event import StoredEvent
from pyscrai.exports.transcript_entry import Line


class Shown(JsonView):
    """Keeps what it is to show; breaks at the event ``broken_at``."""

    def __init__(self, broken_at: int = 0) -> None:
        self.seqs: list[int] = []
        self.tokens: list[str] = []
        self._broken_at = broken_at

    def event(self, line: Line) -> None:
        if line["seq"] == self._broken_at:
            raise BrokenPipeError
        self.seqs.append(line["seq"])

    def token(self, role: str, turn: int, piece: str) -> None:
        self.tokens.append(piece)


def event(seq: int, source: str, audience: Audience, kind: str = "utterance", **payload: Any) -> StoredEvent:
    return StoredEvent(seq, "run_1", seq, f"t{seq}", kind, seq, "", source, audience, payload, datetime.now(UTC))


EVENTS = [event(1, "ada", "all"), event(2, "ada", ("bo",)), event(3, "bo", ("ada",)), event(4, "ada", ()),
          event(5, "run", (), "run_waiting", role="bo", request={})]


OPENING = Opening("run_1", "A talk", "talk@1.0.0", ())


@pytest.mark.parametrize(("roles", "seqs"), [
    ((), [1, 2, 3, 4, 5]), (("bo",), [1, 2, 3, 5]), (("cy",), [1, 5]), (("ada", "bo"), [1, 2, 3, 5]),
    (("bo", "cy"), [1, 5])])
def test_a_player_sees_what_the_role_may_know(roles: tuple[str, ...], seqs: list[int]) -> None:
    shown = Shown()
    watching = RunWatcher(shown, OPENING, only_for=roles)
    watching("run_1", EVENTS)
    watching("run_2", EVENTS)
    watching.token("ada", 1, "psst")
    assert shown.seqs == seqs
    assert shown.tokens == ([] if roles else ["psst"]), "who will hear it is not known yet"


async def test_what_cannot_be_shown_pauses_the_run() -> None:
    asked: list[str] = []
    shown = Shown(broken_at=3)
    watching = RunWatcher(shown, OPENING)
    watching.interruption = Interruption(lambda: asked.append("pause"), lambda _: None)
    watching("run_1", EVENTS)
    watching("run_1", EVENTS)
    assert shown.seqs == [1, 2]
    assert isinstance(watching.failure, BrokenPipeError)
    assert asked == ["pause"]


async def test_the_first_signal_pauses_and_the_second_cuts_off() -> None:
    done: list[str] = []
    interruption = Interruption(lambda: done.append("pause"), lambda text: done.append(text))
    interruption.guard(lambda: done.append("cut"))
    interruption.request()
    assert interruption.requested.is_set()
    interruption.request()
    assert [done[1], done[2]] == ["pause", "cut"]
    assert "pausing" in done[0]
