from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.conformance.initializer import RegisteredCheckpointer
from langgraph.checkpoint.conformance.validate import validate
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from pyscrai.databases.checkpoints.checkpoints import Checkpoints
from pyscrai.databases.database import Database
from pyscrai.errors import StorageError


@pytest.fixture
async def checkpoints(database: Database) -> AsyncIterator[Checkpoints]:
    checkpoints = Checkpoints(database)
    yield checkpoints
    await checkpoints.close()


async def test_the_savers_conform(checkpoints: Checkpoints) -> None:
    async def saver() -> AsyncGenerator[BaseCheckpointSaver[Any], None]:
        yield await checkpoints.saver()

    report = await validate(RegisteredCheckpointer("ours", saver))
    assert report.passed_all_base(), [failure for result in report.results.values() for failure in result.failures]


class State(TypedDict):
    numbers: Annotated[list[int], operator.add]


async def test_many_runs_play_at_once_and_are_deleted_alone(checkpoints: Checkpoints) -> None:
    async def count(state: State) -> State:
        await asyncio.sleep(0)
        return {"numbers": [len(state["numbers"])]}

    graph = StateGraph(State)
    graph.add_node("count", count)
    graph.add_edge(START, "count")
    graph.add_conditional_edges("count", lambda state: END if len(state["numbers"]) == 5 else "count")
    runs = [f"run_{number}" for number in range(8)]

    async def play(run: str) -> dict[str, Any]:
        compiled = graph.compile(checkpointer=await checkpoints.saver())
        return await compiled.ainvoke({"numbers": []}, {"configurable": {"thread_id": run}}, durability="sync")

    assert await asyncio.gather(*map(play, runs)) == [{"numbers": [0, 1, 2, 3, 4]}] * 8
    await checkpoints.delete(runs[0])
    for run in runs[:2]:
        saver = await checkpoints.saver()
        found = await saver.aget_tuple({"configurable": {"thread_id": run}})
        assert (found is None) is (run == runs[0])


@dataclass
class Smuggled:
    """A type of no business in a checkpoint."""

    text: str


@pytest.mark.filterwarnings("default")
async def test_a_checkpoint_cannot_name_a_type_to_be_imported(checkpoints: Checkpoints) -> None:
    saver = await checkpoints.saver()
    config: Any = {"configurable": {"thread_id": "run", "checkpoint_ns": ""}}
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"x": Smuggled("hello")}
    checkpoint["channel_versions"] = {"x": "1"}
    await saver.aput(config, checkpoint, {}, {"x": "1"})
    found = await saver.aget_tuple(config)
    assert found is not None
    assert not isinstance(found.checkpoint["channel_values"]["x"], Smuggled)


async def test_an_unreachable_server_is_a_storage_error() -> None:
    checkpoints = Checkpoints(Database("postgresql+psycopg://me:hunter2@127.0.0.1:1/none?connect_timeout=2"))
    with pytest.raises(StorageError) as caught:
        await checkpoints.saver()
    assert caught.value.code == "storage.unreachable"
    assert "hunter2" not in str(caught.value)


async def test_checkpoints_can_be_closed_twice(checkpoints: Checkpoints) -> None:
    await checkpoints.saver()
    await checkpoints.close()
    await checkpoints.close()
    assert await (await checkpoints.saver()).aget_tuple({"configurable": {"thread_id": "run"}}) is None
