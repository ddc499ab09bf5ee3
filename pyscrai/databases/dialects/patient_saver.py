"""A checkpointer whose work waits while storage is away, and whose errors say what to do."""

from __future__ import annotations

import asyncio
import secrets
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from pyscrai.databases.dialects.held_writes import HeldWrites
from pyscrai.databases.patience import Patience
from pyscrai.databases.storage_errors import Explained
from pyscrai.errors import StorageError

T = TypeVar("T")

SHORT = 13
"""Characters of a version as it is made here."""


class PatientSaver(BaseCheckpointSaver[str]):
    """Mixed into a saver of LangGraph, in front of it.

    All that a saver writes has a key of its own and replaces what has the same, so that it may be written twice.
    """

    patience: Patience
    explain: Callable[[BaseException], StorageError | None]
    timeout: float | None = None
    """Seconds that one try may take."""
    assure: Callable[[], Awaitable[None]] | None = None
    """Raises ``Fenced`` where the run is another process's by now: what savers write has no fence of its own."""
    held: HeldWrites[Any] | None = None
    """What tasks wrote and the next checkpoint is stored with; None stores it at once."""

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
        return f"+{number + 1:07}.{secrets.randbelow(10_000):04}"

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                   new_versions: ChannelVersions) -> RunnableConfig:
        return await self._wait(lambda: super(PatientSaver, self).aput(config, checkpoint, metadata, new_versions),
                                writes=True)

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str,
                          task_path: str = "") -> None:
        if self.held is not None and not any(channel in WRITES_IDX_MAP for channel, _ in writes):
            await super().aput_writes(config, writes, task_id, task_path)  # this holds them
            return
        await self._wait(lambda: super(PatientSaver, self).aput_writes(config, writes, task_id, task_path), writes=True)

    def hold_writes(self) -> None:
        """Let what tasks write wait for the checkpoint that it leads to: for a saver with which a run plays."""
        self.held = HeldWrites(lambda: self._wait(self.store_held, writes=True))

    @abstractmethod
    async def store_held(self) -> None:
        """Make durable what is held, by itself."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await self._wait(lambda: super(PatientSaver, self).aget_tuple(config))

    async def adelete_thread(self, thread_id: str) -> None:
        await self._wait(lambda: super(PatientSaver, self).adelete_thread(thread_id))

    async def alist(self, config: RunnableConfig | None, *, filter: dict[str, Any] | None = None,
                    before: RunnableConfig | None = None, limit: int | None = None) -> AsyncIterator[CheckpointTuple]:
        with Explained(self.explain):
            async for found in super().alist(config, filter=filter, before=before, limit=limit):
                yield found

    async def _wait(self, work: Callable[[], Awaitable[T]], *, writes: bool = False) -> T:
        async def once() -> T:
            if writes and self.assure is not None:
                await self.assure()
            with Explained(self.explain):
                async with asyncio.timeout(self.timeout):
                    return await work()

        return await self.patience(once, "checkpoint")
