"""LangGraph Studio's checkpoints in the project's database, where the runs of PyScrAI open as threads.

A run is read from its own checkpoints and never written to: what Studio adds, a fork say, stands under the thread's
own id beside it. The first write copies the checkpoint that it belongs to.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.run_ids import run_of_thread


class StudioSaver(BaseCheckpointSaver[str]):
    """A checkpointer for Studio's server."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        super().__init__()
        self._checkpoints = checkpoints

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint of a thread that the config names, or its newest."""
        thread = _thread(config)
        found = await (await self._saver()).aget_tuple(config)
        if found is None and (run := run_of_thread(thread)) is not None:
            theirs = await (await self._saver()).aget_tuple(_of(config, run))
            return theirs and _renamed(theirs, thread)
        return found

    async def alist(self, config: RunnableConfig | None, *, filter: dict[str, Any] | None = None,
                    before: RunnableConfig | None = None, limit: int | None = None) -> AsyncIterator[CheckpointTuple]:
        """The checkpoints of a thread, the newest first."""
        if config is None:
            return
        thread = _thread(config)
        threads = [thread, run] if (run := run_of_thread(thread)) is not None else [thread]
        lists = []
        for each in threads:
            at = None if before is None else _of(before, each)
            saver = await self._saver()
            lists.append([_renamed(found, thread) async for found in saver.alist(
                _of(config, each), filter=filter, before=at, limit=limit)])
        seen: set[str] = set()
        for found in heapq.merge(*lists, key=lambda found: str(found.checkpoint["id"]), reverse=True):
            if found.checkpoint["id"] not in seen and (limit is None or len(seen) < limit):
                seen.add(found.checkpoint["id"])
                yield found

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata,
                   new_versions: ChannelVersions) -> RunnableConfig:
        """Store a checkpoint under the thread's own id."""
        await self._copy(config)
        return await (await self._saver()).aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str,
                          task_path: str = "") -> None:
        """Store what a task wrote, under the thread's own id."""
        await self._copy(config)
        await (await self._saver()).aput_writes(config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget what Studio stored of a thread; a run keeps its own."""
        await self._checkpoints.delete(thread_id)

    async def _copy(self, config: RunnableConfig) -> None:
        """Copy the checkpoint that a write goes on from out of the run, without what the run wrote after it."""
        thread = _thread(config)
        run = run_of_thread(thread)
        if run is None or not config["configurable"].get("checkpoint_id"):
            return
        saver = await self._saver()
        if await saver.aget_tuple(config) is not None:
            return
        found = await (await self._saver()).aget_tuple(_of(config, run))
        if found is None:
            return
        parent = _of(found.parent_config or {"configurable": {"checkpoint_ns": ""}}, thread)
        await saver.aput(parent, found.checkpoint, found.metadata, found.checkpoint["channel_versions"])

    async def _saver(self) -> BaseCheckpointSaver[str]:
        return await self._checkpoints.saver()


def _thread(config: RunnableConfig) -> str:
    return str(config["configurable"]["thread_id"])


def _of(config: RunnableConfig, thread: str) -> RunnableConfig:
    """The config for another thread."""
    configurable = {"checkpoint_ns": "", **config.get("configurable", {}), "thread_id": thread}
    return cast(RunnableConfig, {**config, "configurable": configurable})


def _renamed(found: CheckpointTuple, thread: str) -> CheckpointTuple:
    return found._replace(config=_of(found.config, thread),
                          parent_config=None if found.parent_config is None else _of(found.parent_config, thread))
