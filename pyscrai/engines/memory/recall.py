"""Memories of a role beyond its window, and which of them come back to it.

A memory is a line that left the window, or an insight. They are kept in LangGraph's store; the store is a cache of
what the event log and the state say, and is filled again from the log where it is found short. What comes back
depends on the state alone: a store that has run ahead, after a crash say, changes nothing. How many are weighed is
bounded (``memory_pool``), so that a turn costs the same however long the play.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from pyscrai.engines.line import lines_of, transcript_line
from pyscrai.engines.memory.bm25 import words
from pyscrai.engines.memory.memory_pool import Held, MemoryItem, MemoryPool
from pyscrai.engines.orchestration.plan import Plan
from pyscrai.engines.ports.record import Past
from pyscrai.engines.state import Line
from pyscrai.engines.view import known_lines
from pyscrai.events import Reflection
from pyscrai.templates.models.agent import Retrieval

DECAY = 0.99
"""The factor of a memory's recency for each turn that it is older."""

_PAGE = 500


class Recall:
    """The memories of one run's roles.

    Args:
        store: where they are kept; one in memory by default.
        run: the run's id; memories stand in the store under ``("memories", run, role)``.
        past: gives the run's events when the store is found short of memories that the state knows of.
    """

    def __init__(self, store: BaseStore | None = None, run: str = "run", past: Past | None = None
                 ) -> None:
        self._store = InMemoryStore() if store is None else store
        self._run, self._past = run, past
        self._roles: dict[str, MemoryPool] = {}

    async def keep(self, role: str, memories: Iterable[MemoryItem]) -> None:
        """Remember; what is said otherwise under the same id takes the place of what was remembered."""
        held = await self._of(role)
        for memory in memories:
            if held.add(memory):
                await self._store.aput(self._namespace(role), memory.id, asdict(memory), index=False)

    async def bring(self, role: str, query: str, *, turn: int, weights: Retrieval, state: Held, plan: Plan,
                    present: Collection[str] = ()) -> tuple[MemoryItem, ...]:
        """The memories that matter most for ``query`` at ``turn``, in the order in which they were made.

        Each is scored as in Park et al. (2023), *Generative Agents*: recency, importance and relevance, each scaled
        to 0 to 1 over all candidates, in a weighted sum. Recency counts from when the thing happened. Of memories with
        the same words the newest counts, and none that say what is ``present`` to the role anyway.
        """
        memories = await self._of(role)
        if memories.lacks(state) and self._past is not None:
            await self.keep(role, remembered(role, await self._past.history(upto_turn=turn), plan, state))
        weighed, index = memories.weighed(state)
        candidates = _distinct(weighed, present)
        if len(candidates) <= weights.top:
            return tuple(candidates)
        relevance = index.scores(words(query))
        recency = _scaled([DECAY ** (turn - memory.turn) for memory in candidates])
        importance = _scaled([float(memory.importance) for memory in candidates])
        fitting = _scaled([relevance.get(memory.id, 0.0) for memory in candidates])
        scored = [(weights.recency * recency[place] + weights.importance * importance[place]
                   + weights.relevance * fitting[place], place) for place in range(len(candidates))]
        best = heapq.nlargest(weights.top, scored)
        return tuple(candidates[place] for _, place in sorted(best, key=lambda scored: scored[1]))

    async def heard(self, role: str, plan: Plan, *, after: int, upto: int) -> tuple[Line, ...]:
        """The lines of a span of turns that a role heard, from the log; none where there is no log to read."""
        if self._past is None:
            return ()
        return known_lines(role, lines_of(await self._past.history(after_turn=after, upto_turn=upto), plan))

    async def _of(self, role: str) -> MemoryPool:
        found = self._roles.get(role)
        if found is None:
            found = MemoryPool()
            offset = 0
            while page := await self._store.asearch(self._namespace(role), limit=_PAGE, offset=offset):
                for item in page:
                    found.add(MemoryItem(**item.value))
                offset += len(page)
            self._roles[role] = found
        return found

    def _namespace(self, role: str) -> tuple[str, ...]:
        return ("memories", self._run, role)


def of_lines(role: str, lines: Iterable[Line]) -> list[MemoryItem]:
    """Lines that a role has heard as its memories."""
    return [MemoryItem(line["id"], line["turn"], transcript_line(line).strip(), importance(role, line))
            for line in lines]


def of_insights(role: str, turn: int, insights: Sequence[str]) -> list[MemoryItem]:
    """Insights of a role as its memories."""
    return [MemoryItem(f"t{turn}.{role}.insight{number}", turn, insight, 9, insight=True)
            for number, insight in enumerate(insights)]


def remembered(role: str, events: Iterable[Any], plan: Plan, state: Held) -> list[MemoryItem]:
    """A role's memories as the event log gives them: what it heard and concluded, as far as the state knows of it."""
    events = list(events)
    memories = of_lines(role, known_lines(role, lines_of(events, plan)))
    for event in events:
        if isinstance(event, Reflection) and event.source == role:
            memories += of_insights(role, event.turn, event.insights)
    return [memory for memory in memories if state.has(memory)]


def importance(role: str, line: Mapping[str, Any]) -> int:
    """The weight of a line for a role, from 1 to 10, by what can be told without a model.

    What breaks in from outside and what is done count more than what is said; so do figures, long speeches, and what
    the role is told in private.
    """
    score = {"inject": 6, "action": 5, "tool_called": 5}.get(line["kind"], 3)
    if line["audience"] != "all":
        score += 2 if line["speaker"] != role else 1
    content = line["content"]
    score += any(character.isdigit() for character in content)
    score += len(content) > 200
    return min(score, 10)


def _distinct(memories: Iterable[MemoryItem], present: Collection[str]) -> list[MemoryItem]:
    newest = {memory.text: memory for memory in memories}
    return sorted((memory for text, memory in newest.items() if text not in present),
                  key=lambda memory: (memory.turn, memory.id))


def _scaled(numbers: list[float]) -> list[float]:
    low, high = min(numbers), max(numbers)
    return [0.0] * len(numbers) if high == low else [(number - low) / (high - low) for number in numbers]
