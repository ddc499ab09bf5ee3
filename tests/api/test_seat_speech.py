"""Words that stream to a seat: those that its role is sure to hear, as they will be heard, and no others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.api.serving import Serving

CANARY = "canary-not-for-ann"


def trio(**phase: Any) -> dict[str, Any]:
    agent = {"engine": "actor", "personality": {"role": "a person"}, "model": "gate", "settings": {"max_sentences": 2}}
    return {
        "kind": "scenario", "name": "trio", "version": "1.0.0", "premise": "Three people talk.", "max_turns": 9,
        "roles": {name: {"human": "allowed", "agent": agent} for name in ("ann", "bob", "cleo")},
        "flow": {"start": "talk", "phases": {"talk": {
            "speakers": ["ann", "bob", "cleo"], "next": [{"to": "end", "after_turns": 6}], **phase}}}}


@asynccontextmanager
async def following(server: Serving, template: dict[str, Any]) -> AsyncIterator[tuple[str, list[dict[str, Any]], Any]]:
    """A run in which Ann, a person, has spoken and Bob is asked; what her seat receives, and a way to speak."""
    await server.post("/templates", {"content": template}, 201)
    run_id = (await server.post("/runs", {"template": "trio", "seed": 1, "people": {"ann": "kim"}}, 201))["run_id"]
    await server.settled(run_id)
    seat = await server.post(f"/runs/{run_id}/roles/ann/seat", {"person": "kim"}, 201)
    server.model.gate.clear()
    received: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=server.client.base_url, timeout=30, headers={
            "authorization": f"Bearer {seat['token']}"}) as kim:
        assert (await kim.post("/seat/reply", json={"text": "Here I am."})).status_code == 204
        await server.asked()

        async def read() -> None:
            async with kim.stream("GET", "/seat/stream") as answer:
                wire = ""
                async for line in answer.aiter_lines():
                    if line.startswith("event: "):
                        wire = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        received.append({"wire": wire, **json.loads(line.removeprefix("data: "))})

        task = asyncio.create_task(read())
        await until(lambda: any(each["wire"] == "state" for each in received))
        try:
            yield run_id, received, server.context.hub._listener(run_id)
        finally:
            task.cancel()
            server.model.gate.set()
            await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds of what has been received."""
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it was not received")


def speech(received: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["role"], each["text"]) for each in received if each["wire"] == "speech"]


async def test_what_all_hear_streams_as_it_will_be_heard(server: Serving) -> None:
    async with following(server, trio()) as (_, received, hear):
        hear("bob", 2, "Bob: Good")
        await until(lambda: speech(received) == [("bob", "Good")])
        hear("bob", 2, " morning. It rains. And")
        hear("bob", 2, f" {CANARY}\nCleo: {CANARY}")
        await until(lambda: speech(received)[-1] == ("bob", "Good morning. It rains."))
        hear("bob", 2, None)
        await until(lambda: speech(received)[-1] == ("bob", ""))
        assert CANARY not in json.dumps(received)


@pytest.mark.parametrize("phase", [
    {"audiences": ["whisper"]}, {"audience": ["bob", "cleo"]}, {"order": "simultaneous", "speakers": ["bob", "cleo"]}])
async def test_what_may_be_for_others_does_not_stream(server: Serving, phase: dict[str, Any]) -> None:
    template = trio(**phase)
    if "speakers" in phase:
        template["flow"] = {"start": "hello", "phases": {
            "hello": {"speakers": ["ann"], "next": [{"to": "talk", "after_turns": 1}]}, **template["flow"]["phases"]}}
    async with following(server, template) as (_, received, hear):
        hear("bob", 2, f"{CANARY} is what I say.")
        await asyncio.sleep(0.4)
        assert speech(received) == []
        assert CANARY not in json.dumps(received)


async def test_what_waits_for_approval_does_not_stream(server: Serving) -> None:
    template = trio()
    template["roles"]["bob"] = {**template["roles"]["bob"], "approve": True}
    async with following(server, template) as (_, received, hear):
        hear("bob", 2, CANARY)
        await asyncio.sleep(0.4)
        assert CANARY not in json.dumps(received)


async def test_words_of_another_turn_and_of_its_own_do_not_stream(server: Serving) -> None:
    async with following(server, trio()) as (_, received, hear):
        hear("bob", 1, CANARY)
        hear("bob", 7, CANARY)
        hear("ann", 2, CANARY)
        await asyncio.sleep(0.3)
        assert speech(received) == []
