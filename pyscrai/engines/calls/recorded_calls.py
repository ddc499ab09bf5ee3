"""The calls that the journal holds for one place: each is used once, and only as the answer to its own question."""

from __future__ import annotations

from collections.abc import Iterator

from pyscrai.engines.place import Place
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.ports.record import CallKey, CallRecord, Record, question_digest

TOOL = "tool:"
"""What the alias of the use of a tool begins with."""


class RecordedCalls:
    """What was recorded at a place when the work on it began, in the order of the calls."""

    def __init__(self, record: Record, place: Place) -> None:
        self._place, self._closed = place, record.closed
        self._calls: list[CallRecord] = []
        while (call := record.recall(place.call(len(self._calls)))) is not None:
            self._calls.append(call)
        self._unused = dict.fromkeys(range(len(self._calls)))
        self._next = len(self._calls)

    def take(self, question: bytes, *, purpose: str, alias: str | None = None) -> CallRecord | None:
        """The first unused call that asks this question, or None; it counts as used from now on.

        Args:
            alias: the tool's, for the use of a tool.
        """
        place = next((index for index in self._unused if self._fits(
            self._calls[index], question, purpose, alias)), None)
        if place is None:
            return None
        del self._unused[place]
        return self._calls[place]

    def holds(self, question: bytes, *, purpose: str) -> bool:
        """Whether an unused call asks this question."""
        return any(self._fits(self._calls[index], question, purpose, None) for index in self._unused)

    def _fits(self, call: CallRecord, question: bytes, purpose: str, alias: str | None) -> bool:
        if call.purpose != purpose or (call.alias != alias if alias else call.alias.startswith(TOOL)):
            return False
        if call.question is not None:
            return call.question == question
        # Earlier versions recorded no digest. In a replay the events tell whether the play is the same.
        return self._closed or question_of(call.purpose, call.request, call.alias) == question

    def any_after(self, call: CallRecord) -> bool:
        """Whether there are unused calls that were made after this one: the play went on from it."""
        return any(self._calls[index].key.ordinal > call.key.ordinal for index in self._unused)

    def next_key(self) -> CallKey:
        """The key of a new call, behind all that are recorded."""
        self._next += 1
        return self._place.call(self._next - 1)

    def unused(self) -> Iterator[CallRecord]:
        """The calls that nothing asked for; they count as used from now on."""
        while self._unused:
            index = next(iter(self._unused))
            del self._unused[index]
            yield self._calls[index]


def question_of(purpose: str, request: ModelRequest, alias: str) -> bytes:
    """The digest of a question; the use of a tool is one to the tool."""
    return question_digest(alias if alias.startswith(TOOL) else purpose, request)
