"""What a careful person writes without PyScrAI: LangGraph, ChatOpenAI, add_messages and the SQLite saver.

It keeps its checkpoints and nothing else: no log of events or calls. Each prompt is the whole history as chat messages.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import SecretStr
from typing_extensions import TypedDict

from benchmarks.scenario import CAST, PREMISE, SPEAKERS, persona


class State(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    turn: int
    last: int


class Baseline:
    """The raw graph; one object plays any number of runs."""

    def __init__(self, *, base_url: str, folder: Path) -> None:
        self.base_url, self.folder = base_url, folder
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        self.model = ChatOpenAI(model_name="bench", openai_api_base=self.base_url, openai_api_key=SecretStr("none"))
        saver = await self.stack.enter_async_context(
            AsyncSqliteSaver.from_conn_string(str(self.folder / "baseline.sqlite")))
        await saver.setup()
        builder = StateGraph(State)
        builder.add_edge(START, SPEAKERS[0])
        for role in SPEAKERS:
            builder.add_node(role, self._node(role))
            builder.add_conditional_edges(role, self._route, [*SPEAKERS, END])
        self.graph = builder.compile(checkpointer=saver)

    def _node(self, role: str) -> Any:
        name, system = CAST[role]["name"], SystemMessage(persona(role))

        async def speak(state: State) -> dict[str, Any]:
            past = [AIMessage(said.text) if said.name == name else HumanMessage(f"{said.name}: {said.text}")
                    for said in state["messages"]]
            reply = await self.model.ainvoke([system, HumanMessage(PREMISE), *past])
            reply.name = name
            return {"messages": [reply], "turn": state["turn"] + 1}

        return speak

    async def _route(self, state: State) -> str:
        return END if state["turn"] >= state["last"] else SPEAKERS[state["turn"] % len(SPEAKERS)]

    async def play(self, number: int, turns: int, on_turn: Callable[[int], None] | None = None) -> int:
        """Play one run of so many turns and return how many were played."""
        config: Any = {"configurable": {"thread_id": f"run-{number}"}, "recursion_limit": turns + 10}
        start = {"messages": [], "turn": 0, "last": turns}
        if on_turn is None:
            return int((await self.graph.ainvoke(start, config))["turn"])  # type: ignore[call-overload]
        played = 0
        async for _ in self.graph.astream(start, config, stream_mode="updates"):  # type: ignore[call-overload]
            played += 1
            on_turn(played)
        return played

    async def close(self) -> None:
        await self.stack.aclose()
