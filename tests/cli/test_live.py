"""What a terminal shows while a run plays."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from pyscrai.cli.views.live_view import LiveView
from pyscrai.cli.views.summary import hints
from pyscrai.cli.views.view import Closing, Opening
from tests.exports.samples import EVENTS, EVIL

CAST = [{"role": "ada", "name": "Ada", "engine": "actor", "model": "small"},
        {"role": "bo", "name": "Bo", "engine": "actor", "model": "small"},
        {"role": "obs", "name": "Observer", "engine": "analyst", "model": "small"}]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def terminal(width: int = 80, height: int = 24) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system="standard",
                   highlight=False, markup=False, emoji=False, legacy_windows=False)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def screen(written: str, height: int = 400) -> list[str]:
    """The lines of a terminal after it was written to: enough of one for what Rich's live display does."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x1b]", written):
        if token == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif token == "\r":
            column = 0
        elif token.endswith("A") and token.startswith("\x1b"):
            row = max(0, row - int(token[2:-1] or 1))
        elif token.endswith("K") and token.startswith("\x1b"):
            lines[row] = "" if token == "\x1b[2K" else lines[row][:column]
        elif not token.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1:]
            column += 1
    return lines[-height:]


def play(console: Console, closing: Closing | None = None, **opening: Any) -> None:
    view = LiveView(console)
    view.opened(Opening("run_1", "Night talk", "night-talk@1.0.0", CAST, **opening))
    for event in EVENTS:
        if event["kind"] == "utterance":
            for word in event["text"].split(" "):
                view.token(event["source"], event["turn"], word + " ")
            assert view._live is not None
            view._live.refresh()
        view.event(event)
    view.closed(closing or Closing("run_1", "completed", EVENTS[-1]["outcome"], {"turns": 3, "calls": 4}))


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_what_was_said_stays_and_nothing_else_does(width: int) -> None:
    console = terminal(width)
    play(console)
    lines = screen(shown(console))
    text = " ".join(" ".join(lines).split())
    assert text.count("Good evening.") == 1, "the stream is gone, the record stays"
    assert "Ctrl-C" not in text
    assert "→ only Ada" in text
    assert "Night talk" in text
    assert "● completed · Agreed" in text
    assert max(len(line) for line in lines if "pyscrai " not in line) <= width
    assert not re.search(r"\x1b\[31mred", shown(console)), "what a model says does not steer the terminal"


def test_streams_stand_below_with_a_status_line() -> None:
    console = terminal(60, 12)
    view = LiveView(console)
    view.opened(Opening("run_1", "Night talk", "night-talk@1.0.0", CAST))
    view.event(EVENTS[0])
    view.event(EVENTS[1])
    for _ in range(300):
        view.token("ada", 1, "word ")
    view.token("bo", 1, EVIL)
    assert view._live is not None
    view._live.refresh()
    lines = screen(shown(console))
    view.suspend()
    assert "turn 1 · Talk · Ada, Bo speaking" in lines[-1]
    below = lines[max(index for index, line in enumerate(lines) if "lamp" in line) + 1:]
    assert len(below) <= 12, "the live part never grows over the screen"
    assert any("Ada" in line for line in below)
    assert "word word" in " ".join(below)


def test_colours_tell_roles_apart() -> None:
    console = terminal()
    play(console)
    ada = re.search(r"\x1b\[([0-9;]+)mAda\x1b", shown(console))
    bo = re.search(r"\x1b\[([0-9;]+)mBo\x1b", shown(console))
    assert ada is not None
    assert bo is not None
    assert ada[1] != bo[1]


@pytest.mark.parametrize(("closing", "words"), [
    (Closing("run_1", "paused", None, {}, interrupted=True), ["● paused", "pyscrai resume run_1"]),
    (Closing("run_1", "paused", None, {}, paused="ann, turn 1: no answer"), ["● paused · ann, turn 1: no answer"]),
    (Closing("run_1", "failed", None, {}, {"code": "model.timeout", "message": "no answer", "cure": "wait"}),
     ["● failed [model.timeout]: no answer", "→ wait", "pyscrai resume run_1"]),
    (Closing("run_1", "waiting", None, {}, waiting={"role": "bo", "name": "Bo"}),
     ["● waiting for a person who plays Bo", "pyscrai resume run_1"]),
    (Closing("run_1", "waiting", None, {}, waiting={"role": "bo", "name": "Bo", "proposal": {
        "tool": "send_mail", "arguments": {"to": "Ada"}}}),
     ["who decides about a proposal of Bo", "proposed: use send mail (to: Ada)", "resume run_1 --answer accept"]),
    (Closing("run_1", "completed", {"label": "max_turns", "reason": "3 turns", "limit": True},
             {"turns": 3, "calls": 2, "prompt_tokens": 1000, "cached_tokens": 500, "completion_tokens": 10,
              "cost_usd": 0.5}),
     ["● completed (a limit) · Max turns: 3 turns", "1,000 in (50% cached), 10 out", "cost $0.5000"]),
])
def test_how_it_ended(closing: Closing, words: list[str]) -> None:
    console = terminal()
    play(console, closing)
    text = ESCAPES.sub("", shown(console))
    for each in words:
        assert each in text


def test_a_title_cannot_steer_the_terminal() -> None:
    console = terminal()
    LiveView(console, live=False).opened(Opening("run_1", "\x1b]0;owned\x07Title", "x@1.0.0", CAST, resumed=True))
    assert "\x1b]0" not in shown(console)
    assert "goes on" in shown(console)


def test_the_status_line_says_who_thinks_and_who_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("pyscrai.cli.views.live_view.time.monotonic", lambda: now)
    view = LiveView(terminal(), live=False)
    view.opened(Opening("run_1", "Night talk", "night-talk@1.0.0", CAST))
    stage = view._stage

    def status() -> str:
        return " · ".join(stage._status())

    view.token("ada", 1, "")
    view.token("obs", 1, "")
    assert "Ada, Observer thinking" in status()
    view.token("ada", 1, "Good ")
    assert "Ada speaking · Observer thinking" in status()
    now += 5.0
    assert "Ada, Observer thinking" in status(), "the words have ended; the move is still being made"
    view.token("ada", 1, None)
    assert not stage.speech
    view.token("ada", 1, "Good evening.")
    view.event({**EVENTS[2], "kind": "utterance", "source": "ada", "turn": 1, "name": "Ada", "text": "Good evening.",
                "audience": "all", "phase": "talk"})
    assert "Ada" not in status()
    assert not stage.speech


@pytest.mark.parametrize("missing", [False, True])
def test_what_could_not_be_measured_is_measured_again_by_a_command(missing: bool) -> None:
    lines = list(hints(Closing("run_1", "completed", {}, {}, missing=missing)))
    assert ("measure again pyscrai measure run_1" in lines) is missing
