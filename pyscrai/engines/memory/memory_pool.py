"""The memories of a role in this process: all of them by id, and the bounded part that is weighed."""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from dataclasses import dataclass

from pyscrai.engines.memory.bm25 import Index, words

NEWEST = 400
"""The number of newest memories that are weighed."""

LASTING = 100
"""The number of older ones that are weighed with them: the most important, the newer first among equals."""


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One thing that a role remembers. ``importance`` runs from 1 to 10."""

    id: str
    turn: int
    text: str
    importance: int
    insight: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The state's account of a role's memories: lines up to turn ``after`` have left its window, ``kept`` of them
    became memories, and its last insights are of turn ``reflected``.
    """

    after: int = -1
    kept: int = 0
    reflected: int = -1

    def has(self, memory: MemoryItem) -> bool:
        """Whether a memory belongs to this state."""
        return memory.turn <= (self.reflected if memory.insight else self.after)


class MemoryPool:
    """A role's memories in this process.

    What is weighed depends on the state alone: the newest memories that the state knows of, and the most important of
    the others. So does what it costs: it is bounded, however long the play.
    """

    def __init__(self) -> None:
        self.all: dict[str, MemoryItem] = {}
        self._order: list[tuple[int, str]] = []
        self._line_turns: list[int] = []
        self._last_insight = -1
        self._begin()

    def _begin(self) -> None:
        self._index = Index()
        self._lasting: list[tuple[int, int, str]] = []
        self._first_new = 0
        self._indexed = 0

    def add(self, memory: MemoryItem) -> bool:
        """Take a memory in; whether it is new, or another than before.

        What was concluded in a turn that failed gives way to what is concluded when the turn is played again.
        """
        known = self.all.get(memory.id)
        if known is not None:
            if known != memory:
                self.all[memory.id] = memory
                self._begin()
            return known != memory
        self.all[memory.id] = memory
        place = (memory.turn, memory.id)
        if self._order and place < self._order[-1]:
            if bisect_right(self._order, place) < max(self._first_new, self._indexed):
                self._begin()  # among those that were sorted already: they are sorted again when they are asked for
            insort(self._order, place)
        else:
            self._order.append(place)
        if memory.insight:
            self._last_insight = max(self._last_insight, memory.turn)
        else:
            insort(self._line_turns, memory.turn)
        return True

    def lacks(self, state: Held) -> bool:
        """Whether memories that the state knows of are not here: lines, or insights.

        A new process has none of either; a role from whose window nothing ever leaves has insights alone.
        """
        return bisect_right(self._line_turns, state.after) < state.kept or self._last_insight < state.reflected

    def weighed(self, state: Held) -> tuple[list[MemoryItem], Index]:
        """The memories of this state that are weighed, in the order in which they were made, and their words."""
        if (self._line_turns and self._line_turns[-1] > state.after) or self._last_insight > state.reflected:
            return self._weighed_apart(state)  # they have run ahead of the state, after a crash say
        for _, key in self._order[self._indexed:]:
            self._index.add(key, words(self.all[key].text))
        self._indexed = len(self._order)
        while len(self._order) - self._first_new > NEWEST:
            self._grow_old(self.all[self._order[self._first_new][1]])
            self._first_new += 1
        older = sorted((turn, key) for _, turn, key in self._lasting)
        return [self.all[key] for _, key in (*older, *self._order[self._first_new:])], self._index

    def _grow_old(self, memory: MemoryItem) -> None:
        entry = (memory.importance, memory.turn, memory.id)
        if len(self._lasting) < LASTING:
            heapq.heappush(self._lasting, entry)
        else:
            *_, forgotten = heapq.heappushpop(self._lasting, entry)
            self._index.discard(forgotten)

    def _weighed_apart(self, state: Held) -> tuple[list[MemoryItem], Index]:
        known = [self.all[key] for _, key in self._order if state.has(self.all[key])]
        older, newest = known[:-NEWEST], known[-NEWEST:]
        lasting = heapq.nlargest(LASTING, older, key=lambda memory: (memory.importance, memory.turn, memory.id))
        weighed = [*sorted(lasting, key=lambda memory: (memory.turn, memory.id)), *newest]
        index = Index()
        for memory in weighed:
            index.add(memory.id, words(memory.text))
        return weighed, index
