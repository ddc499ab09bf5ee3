"""What LangGraph hands to a saver and what is held for the next checkpoint, which is written with it.

LangGraph stores the writes of each task, waits for them, and stores the checkpoint that they lead to. Together both are
one transaction, and most of the writes need not be stored at all, since the checkpoint holds what came of them. What is
lost with a process that dies between them is done again from the journal, at no cost.

The checkpoints of a graph that has not done anything yet, its input and its start, wait in the same way for the first
one that tells something: without it the run begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

from pyscrai.databases.linger import Linger


@dataclass(frozen=True, slots=True)
class TaskWrites:
    """The writes of one task, as LangGraph hands them to a saver."""

    config: RunnableConfig
    writes: Sequence[tuple[str, Any]]
    task_id: str
    task_path: str

    def to(self, channels: Collection[str] | None) -> TaskWrites:
        """The writes to these channels; None for all."""
        if channels is None:
            return self
        return TaskWrites(self.config, [write for write in self.writes if write[0] in channels], self.task_id,
                          self.task_path)


@dataclass(frozen=True, slots=True)
class PutCheckpoint:
    """A checkpoint, as LangGraph hands it to a saver."""

    config: RunnableConfig
    checkpoint: Checkpoint
    metadata: CheckpointMetadata
    new_versions: ChannelVersions

    def to(self, channels: Collection[str] | None) -> PutCheckpoint:
        """Itself: what is held of a checkpoint is stored whole."""
        return self


StatePart = TaskWrites | PutCheckpoint


class HeldWrites:
    """Writes on their way, in the order in which they came.

    Args:
        store: makes what is held durable, with ``take``; called when no checkpoint came in time.
    """

    def __init__(self, store: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._held: list[StatePart] = []
        self._linger = Linger(self._begin)
        self._storing: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, writes: StatePart) -> None:
        """Keep writes for the next checkpoint."""
        self._held.append(writes)
        self._linger.begin()

    def take(self) -> list[StatePart]:
        """All that is held; who takes it stores it, or gives it back."""
        self._linger.end()
        held, self._held = self._held, []
        return held

    def give_back(self, writes: list[StatePart]) -> None:
        """Hold what could not be stored: it goes along with whatever is stored next."""
        self._held[:0] = writes

    def _begin(self) -> None:
        self._storing = asyncio.create_task(self._alone())

    async def _alone(self) -> None:
        try:
            await self._store()
        except Exception:  # it was given back: the checkpoint that it waits for is stored with it, or raises
            return
