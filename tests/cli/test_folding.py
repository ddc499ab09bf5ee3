"""What is told in words is folded between words at a terminal, and left as it is in a pipe."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.cli.terminal.folded import folded


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("COLUMNS", "40")
    return _Terminal()


def test_words_stay_whole_and_lines_that_go_on_are_indented(narrow: io.StringIO) -> None:
    assert folded("error [x]: the phase `talk` may never be left before 200 turns", narrow) == (
        "error [x]: the phase `talk` may never be\n  left before 200 turns")
    assert folded("  → add a limit to the phase, such as that one", narrow) == (
        "  → add a limit to the phase, such as\n    that one")


@pytest.mark.parametrize("command", ["`pyscrai resume run_1234567890`", "pyscrai resume run_1234567890 --answer yes"])
def test_a_command_stays_on_one_line(narrow: io.StringIO, command: str) -> None:
    assert command in folded(f"the run stands; go on with: {command}", narrow).split("\n")[-1]


def test_a_command_and_what_it_does_are_parted(narrow: io.StringIO) -> None:
    assert folded("  pyscrai run desk.yaml --model scripted   plays it at once", narrow) == (
        "  pyscrai run desk.yaml --model scripted\n    plays it at once")


def test_colours_take_no_room(narrow: io.StringIO) -> None:
    red = "\x1b[1;31merror\x1b[0m: " + "x" * 33
    assert folded(red, narrow) == red


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab `:→é\n日", max_size=200))
def test_nothing_is_lost_and_a_pipe_gets_it_as_it_is(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "40")
        assert "".join(folded(text, _Terminal()).split()) == "".join(text.split())
    assert folded(text, io.StringIO()) == text
