"""A run as plain lines, for pipes and files."""

from __future__ import annotations

from collections.abc import Iterable

from pyscrai.cli.terminal import output
from pyscrai.cli.views.paint import as_line
from pyscrai.cli.views.summary import hints, summary
from pyscrai.cli.views.view import Closing, Opening
from pyscrai.exports.folded_changes import ChangeFold
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import Entry, Line


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
        for entry in entries:
            print(as_line(entry), flush=True)

    def token(self, role: str, turn: int, piece: str | None) -> None:
        pass

    def suspend(self) -> None:
        self._print(self._fold.flush())

    def closed(self, closing: Closing) -> None:
        self.suspend()
        for line in (*summary(closing), *hints(closing)):
            output.note(line)
