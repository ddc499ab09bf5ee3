"""What a command that plays a run shows while it plays: JSON lines, plain lines, or a live transcript."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyscrai.cli.terminal import output
from pyscrai.exports.folded_changes import ChangeFold
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import Entry, Line


@dataclass(frozen=True, slots=True)
class Opening:
    """What is played: shown before the first event."""

    run_id: str
    title: str
    template: str
    cast: Sequence[Mapping[str, str]]
    """Per role ``role``, ``name``, ``engine`` and ``model``."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Phase to its title."""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """How it ended, for now or for good."""

    run_id: str
    status: str
    outcome: Mapping[str, Any] | None
    usage: Mapping[str, Any]
    error: Mapping[str, Any] | None = None
    seconds: float = 0.0
    interrupted: bool = False
    waiting: Mapping[str, Any] | None = None
    stored: bool = True
    """False for a dry run, of which nothing can be read back."""
    had_ended: bool = False
    """Whether the run had ended for good before the command."""


class View(Protocol):
    """Shows one run while it plays."""

    streams: bool
    """Whether it wants the pieces of speech as they come."""

    def opened(self, opening: Opening) -> None:
        """Before the first event."""
        ...

    def event(self, line: Line) -> None:
        """An event is durable."""
        ...

    def token(self, role: str, turn: int, piece: str | None) -> None:
        """A piece of speech came in; None takes back what came in this turn so far."""
        ...

    def closed(self, closing: Closing) -> None:
        """After the last event of this drive."""
        ...

    def suspend(self) -> None:
        """Leave the terminal to somebody else, until the next event."""
        ...


class JsonView:
    """An event a line, and one line that closes."""

    streams = False

    def opened(self, opening: Opening) -> None:
        pass

    def event(self, line: Line) -> None:
        output.json_line(line)

    def token(self, role: str, turn: int, piece: str | None) -> None:
        pass

    def suspend(self) -> None:
        pass

    def closed(self, closing: Closing) -> None:
        last: dict[str, Any] = {"run_id": closing.run_id, "status": closing.status, "outcome": closing.outcome,
                                "usage": closing.usage}
        if closing.error is not None:
            last["error"] = closing.error
        if closing.waiting is not None:
            last["waiting"] = closing.waiting
        output.json_line(last)


class LinesView:
    """A line an entry, for pipes and files; the summary goes to stderr."""

    streams = False

    def __init__(self) -> None:
        self._script = Transcript()
        self._fold = ChangeFold()

    def opened(self, opening: Opening) -> None:
        self._script = Transcript({member["role"]: member["name"] for member in opening.cast}, opening.titles)
        print(f"{opening.title} ({opening.template}), {opening.run_id}", flush=True)

    def event(self, line: Line) -> None:
        for entry in self._script.read(line):
            if not entry.detail:
                self._print(self._fold.push(entry))

    def _print(self, entries: Iterable[Entry]) -> None:
        from pyscrai.cli.views.paint import as_line

        for entry in entries:
            print(as_line(entry), flush=True)

    def token(self, role: str, turn: int, piece: str | None) -> None:
        pass

    def suspend(self) -> None:
        self._print(self._fold.flush())

    def closed(self, closing: Closing) -> None:
        from pyscrai.cli.views.summary import hints, summary

        self.suspend()
        for line in (*summary(closing), *hints(closing)):
            output.note(line)


def choose_view(*, as_json: bool) -> View:
    """The view that fits where stdout goes."""
    if as_json:
        return JsonView()
    if output.on_terminal():
        from pyscrai.cli.views.live_view import LiveView

        return LiveView()
    return LinesView()
