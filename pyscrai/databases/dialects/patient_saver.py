"""A checkpointer whose work waits while storage is away, and whose errors say what to do."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Self, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from pyscrai.databases.dialects.held_writes import HeldWrites, PutCheckpoint, StatePart, TaskWrites
from pyscrai.databases.entry import StateRecord, StateWrite
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained
from pyscrai.errors import StorageError

T = TypeVar("T")

SHORT = 13
"""Characters of a version as it is made here."""

FIRST = 1
"""The step of the first checkpoint that a node's work led to; before it are those of the input and of the start."""


class PatientSaver(BaseCheckpointSaver[str]):
    """Mixed into a saver of LangGraph, in front of it.

    All that a saver writes has a key of its own and replaces what has the same, so that it may be written twice.
    """

    lock: asyncio.Lock
    patience: Patience
    explain: Callable[[BaseException], StorageError | None]
    timeout: float | None = None
    """Seconds that one try to read may take; who writes for a saver bounds it by himself."""
    assure: Callable[[], Awaitable[None]] | None = None
    """Raises ``Fenced`` where the run is another process's by now: what savers write has no fence of its own."""
    held: HeldWrites | None = None
    """What tasks wrote and the next checkpoint is stored with; None stores it at once."""
    record: StateRecord | None = None
    folded: Collection[str] = ()
    is_new: bool = False
    """Whether nothing was stored of the thread yet: there is nothing to read."""

    @cached_property
    def _line(self) -> asyncio.Lock:
        """Those who store, one after the other: what the first one could not store goes along with the second."""
        return asyncio.Lock()

    def another(self) -> Self:
        """A saver like this one, which was not used yet, for another run: LangGraph takes its time to make one."""
        made = copy(self)
        made.lock = asyncio.Lock()
        return made

    def get_next_version(self, current: str | None, channel: None) -> str:
        """The next version of a channel, a quarter as long as LangGraph's: a checkpoint has two dozen of them.

        A thread that began with long ones goes on with them, since versions are compared as texts. Where Studio's
        server goes on with a run, its long versions must be later than our short ones: a plus sorts before all digits.
        The random part keeps two that branch off at one place apart.
        """
        if current is not None and len(current) > SHORT:
            longer: str = super().get_next_version(current, channel)
            return longer
        number = 0 if current is None else int(current.partition(".")[0])
        return f"+{number + 1:07}.{random.randrange(10_000):04}"

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                   new_versions: ChannelVersions) -> RunnableConfig:
        self.is_new = False
        put = PutCheckpoint(config, checkpoint, metadata, new_versions)
        if self.held is not None and metadata.get("step", FIRST) < FIRST:
            self.held.hold(put)
        else:
            await self._store(self.state_writes(put), self.folded)
        place = config["configurable"]
        return {"configurable": {"thread_id": place["thread_id"], "checkpoint_ns": place["checkpoint_ns"],
                                 "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str,
                          task_path: str = "") -> None:
        of_task = TaskWrites(config, writes, task_id, task_path)
        if self.held is not None and not any(channel in WRITES_IDX_MAP for channel, _ in writes):
            self.held.hold(of_task)
        else:
            await self._store(self.state_writes(of_task))

    def hold_writes(self, folded: Collection[str], record: StateRecord | None = None, *, is_new: bool = False) -> None:
        """Let what tasks write wait for the checkpoint that it leads to: for a saver with which a run plays.

        Args:
            folded: the channels that are made of what was written to them; all others stand whole in a checkpoint, so
                that what was written to them is stored only where none comes at once.
            record: the run's record, which writes the states in one transaction with what happened.
            is_new: whether the run surely has no checkpoint yet.
        """
        self.held, self.folded, self.record, self.is_new = HeldWrites(self.store_held), folded, record, is_new
        if record is not None:
            record.goes_with_state = True

    async def store_held(self) -> None:
        """Make durable what is held, by itself."""
        if self.held:
            await self._store(())

    @abstractmethod
    def state_writes(self, part: StatePart) -> Sequence[StateWrite]:
        """The rows of a part of a thread's state, as what writes them."""

    @abstractmethod
    async def write(self, state: Sequence[StateWrite]) -> None:
        """Make such writes durable, in one transaction."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        if self.is_new:
            return None
        await self.store_held()
        return await self._wait(lambda: super(PatientSaver, self).aget_tuple(config))

    async def adelete_thread(self, thread_id: str) -> None:
        await self._wait(lambda: super(PatientSaver, self).adelete_thread(thread_id))

    async def alist(self, config: RunnableConfig | None, *, filter: dict[str, Any] | None = None,
                    before: RunnableConfig | None = None, limit: int | None = None) -> AsyncIterator[CheckpointTuple]:
        with Explained(self.explain):
            async for found in super().alist(config, filter=filter, before=before, limit=limit):
                yield found

    async def _store(self, state: Sequence[StateWrite], channels: Collection[str] | None = None) -> None:
        """Make a state durable, in one transaction with what is held: writes to these channels, or to all."""
        async def once() -> None:
            if self.assure is not None:
                await self.assure()
            if self.held is None:
                with Explained(self.explain):
                    await self.write(state)
            else:
                await self._store_with(self.held, state, channels)

        await self.patience(once, "checkpoint")

    async def _store_with(self, held: HeldWrites, state: Sequence[StateWrite], channels: Collection[str] | None
                          ) -> None:
        async with self._line:
            parts = held.take()
            writes = [write for part in parts for write in self.state_writes(part.to(channels))]
            writes += state
            try:
                with Explained(self.explain):
                    await (self.write(writes) if self.record is None else self.record.store(writes))
            except (StorageError, asyncio.CancelledError) as error:
                # What is refused and not put off is as if its task had not been done.
                if isinstance(error, asyncio.CancelledError) or error.passes:
                    held.give_back(parts)
                raise

    async def _wait(self, work: Callable[[], Awaitable[T]]) -> T:
        async def once() -> T:
            with Explained(self.explain):
                if self.timeout is None:
                    return await work()
                async with asyncio.timeout(self.timeout):
                    return await work()

        return await self.patience(once, "checkpoint")
