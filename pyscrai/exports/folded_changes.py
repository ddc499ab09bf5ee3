"""The changes of variables in a turn as one entry of a transcript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pyscrai.exports.transcript_entry import Entry


class ChangeFold:
    """Joins the changes of variables that follow each other within a turn into one entry."""

    def __init__(self) -> None:
        self._held: list[Entry] = []

    def push(self, entry: Entry) -> Iterator[Entry]:
        """The entries that are complete now that ``entry`` follows."""
        if self._held and (entry.tone != "change" or entry.turn != self._held[-1].turn):
            yield from self.flush()
        if entry.tone == "change":
            self._held.append(entry)
        else:
            yield entry

    def flush(self) -> Iterator[Entry]:
        """The entries that are still held back."""
        if self._held:
            causes = dict.fromkeys(entry.tag for entry in self._held if entry.tag)
            yield replace(self._held[0], text="; ".join(entry.text for entry in self._held), tag="; ".join(causes))
            self._held = []


def folded(entries: Iterable[Entry]) -> Iterator[Entry]:
    """``entries`` with the changes of a turn in one."""
    fold = ChangeFold()
    for entry in entries:
        yield from fold.push(entry)
    yield from fold.flush()
