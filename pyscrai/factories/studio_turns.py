"""Turns in Studio that wait for a person: what was asked and used in them before, until they are over.

Studio's checkpoints hold what turns came to, not how far one has come: each answer plays the turn from its beginning.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from langgraph.errors import GraphInterrupt

from pyscrai.engines.agents.questions import Questions
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.record import CallKey

MOST = 500
"""Turns that wait at the same time, in all threads of a scenario; of more, the oldest begin anew once answered."""


@dataclass(slots=True)
class StudioTurn:
    """The record of one turn, and how many interrupts each recorded answer took."""

    record: MemoryRecord = field(default_factory=MemoryRecord)
    interrupts: dict[CallKey, int] = field(default_factory=dict)

    def questions(self) -> Questions:
        """The questions of the turn to people."""
        return Questions(self.record, self.interrupts)


class StudioTurns:
    """The turns of one scenario that wait, by thread and task."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, str], StudioTurn] = OrderedDict()

    @contextmanager
    def turn(self, place: tuple[str, str] | None) -> Iterator[tuple[StudioTurn, Questions]]:
        """A turn, with what is known of it; kept while it waits for a person.

        Args:
            place: thread and task; None where nothing can be waited for.
        """
        found = self._waiting.pop(place, None) if place is not None else None
        turn = found or StudioTurn()
        questions = turn.questions()
        try:
            yield turn, questions
        except GraphInterrupt:
            if place is not None and not questions.begun_anew:
                self._waiting[place] = turn
                while len(self._waiting) > MOST:
                    self._waiting.popitem(last=False)
            raise
