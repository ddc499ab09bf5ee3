"""Whoever listens through LangChain's callbacks hears of calls: LangGraph Studio's streaming, tracing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import ModelServerError, ModelUnavailable
from pyscrai.llm.openai.chat import OpenAIChat
from tests.fakeserver import Drop, FakeOpenAI, Reply, Status
from tests.llm.endpoints import HELLO, chat_to


class State(TypedDict):
    text: str


def graph_of(chat: OpenAIChat, on_token: Callable[[str], None] | None = None) -> Any:
    async def node(state: State) -> State:
        return {"text": (await chat.complete(HELLO, on_token)).text}

    graph = StateGraph(State)
    graph.add_node("speak", node)
    graph.add_edge(START, "speak")
    graph.add_edge("speak", END)
    return graph.compile()


async def test_messages_stream_of_langgraph(server: FakeOpenAI) -> None:
    server.default = Reply("one two three")
    seen: list[str] = []
    async with chat_to(server.base_url) as chat:
        async for message, _ in graph_of(chat).astream({"text": ""}, stream_mode="messages"):
            seen.append(message.content)
        assert "".join(seen) == "one two three"
        assert server.requests[0].body["stream"] is True
        assert (await graph_of(chat).ainvoke({"text": ""}))["text"] == "one two three"
    assert "stream" not in server.requests[1].body, "with nobody listening the call is a plain one"


async def test_messages_stream_and_tokens_together(server: FakeOpenAI) -> None:
    server.default = Reply("one two three", usage={"prompt_tokens": 5, "completion_tokens": 3})
    tokens: list[str] = []
    async with chat_to(server.base_url) as chat:
        async for _ in graph_of(chat, tokens.append).astream({"text": ""}, stream_mode="messages"):
            pass
    assert tokens == ["one ", "two ", "three"]


class Handler(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.answers: list[str] = []
        self.errors: list[BaseException] = []

    async def on_llm_end(self, response: Any, **_: Any) -> None:
        self.answers.append(response.generations[0][0].text)

    async def on_llm_error(self, error: BaseException, **_: Any) -> None:
        self.errors.append(error)


async def test_callbacks_hear_calls(server: FakeOpenAI) -> None:
    handler = Handler()
    server.plan(Reply("first"), Status(500), Drop())
    async with chat_to(server.base_url) as chat:
        async def ask(_: Any) -> str:
            return (await chat.complete(HELLO)).text

        asked = RunnableLambda(ask)
        assert await asked.ainvoke("", config={"callbacks": [handler]}) == "first"
        for kind in (ModelServerError, ModelUnavailable):
            with pytest.raises(kind):
                await asked.ainvoke("", config={"callbacks": [handler]})
    assert handler.answers == ["first"]
    assert [type(error) for error in handler.errors] == [ModelServerError, ModelUnavailable]


@pytest.mark.parametrize("settings", [
    {}, {"system": "developer"}, {"system": "user"}, {"model": "o3-mini"}, {"model": "o1"}, {"max_tokens": None},
    {"extra_body": {"top_k": 4}}, {"structured": "json_object"}, {"temperature": 0.0, "top_p": 0.5}])
@pytest.mark.parametrize("request_", [
    HELLO,
    ModelRequest((Message("system", ("Be ", "kind.")), Message("user", ("Hi",)), Message("assistant", ("M:",))),
                 temperature=0.3, stop=("\nB:",), seed=7, max_tokens=9),
    ModelRequest((Message("user", ("Say it as JSON.",)),), schema={"type": "object", "properties": {}})])
async def test_a_call_that_nobody_listens_to_is_the_same_request(
        server: FakeOpenAI, settings: dict[str, Any], request_: ModelRequest) -> None:
    server.default = Reply('{"a": 1}')
    async with chat_to(server.base_url, **settings) as chat:
        async def ask(_: Any) -> str:
            return (await chat.complete(request_)).text

        await ask("")
        await RunnableLambda(ask).ainvoke("", config={"callbacks": [Handler()]})
    plain, heard = server.requests
    assert plain.body == heard.body
