"""Promise 1: killed at any moment, a run loses nothing, doubles nothing and asks nothing twice that it recorded."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable

import pytest

from pyscrai.config.settings import load_settings
from pyscrai.databases.repositories.calls import Calls
from pyscrai.databases.repositories.events import Events
from pyscrai.databases.repositories.runs import Runs
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.scenario_factory import create_scenario_run_from_template, load_plan, make_graph
from pyscrai.factories.services import Services, open_services
from pyscrai.factories.template_store import store_templates
from pyscrai.services.replays import replay_run
from pyscrai.templates.reading.loader import load_data
from tests.depth import examples
from tests.fakeserver import FakeOpenAI, Reply, Seen
from tests.player import Player

KILLS = examples(4, 20)
TURNS = 180
AGENT = {"engine": "actor", "personality": {"role": "a talker"}, "memory": {"window": 12, "block": 4, "summary": True}}
SCENARIO = {
    "kind": "scenario", "name": "killed-often", "premise": "Nobody knows when it ends.",
    "variables": {"heat": {"type": "integer", "initial": 0, "minimum": 0, "maximum": 1000}},
    "roles": {"ann": {"agent": AGENT}, "bob": {"agent": AGENT}, "cid": {"agent": AGENT},
              "eye": {"agent": {"engine": "analyst", "personality": {"role": "a watcher"}}}},
    "flow": {"start": "talk", "phases": {
        "talk": {"speakers": ["ann", "bob"], "observe": {"by": "eye", "every": 3},
                 "next": [{"to": "end", "when": f"turn >= {TURNS}"}, {"to": "chorus", "after_turns": 7}]},
        "chorus": {"speakers": ["ann", "bob", "cid"], "order": "simultaneous",
                   "next": [{"to": "end", "when": f"turn >= {TURNS}"}, {"to": "talk"}]}}},
    "rules": [{"when": "turn % 5 == 0", "set": {"heat": "vars.heat + 1"}}],
    "injects": [{"every": 11, "text": "A door slams.", "audience": ["bob"]}],
    "max_turns": 400,
}


def numbered(server: FakeOpenAI) -> Callable[[Seen], Reply]:
    """Answers every request with a text of its own, so that a reply tells which request it answered."""
    def answer(seen: Seen) -> Reply:
        number = next(number for number, request in enumerate(server.requests, start=1) if request is seen)
        words = f"Reply number {number}."
        schema = "response_format" in seen.body
        return Reply(json.dumps({"summary": words, "findings": []}) if schema else words)

    return answer


@pytest.fixture
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", database_url)
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    return {"PYSCRAI_DATABASE_URL": database_url, "OPENAI_API_KEY": "unused"}


async def _play_until_killed(run_id: str, environment: dict[str, str], after: float | None) -> str:
    """Let a process play and kill it ``after`` seconds; the status in which the run ended, or nothing."""
    player = Player(run_id, environment)
    await player.started()
    if after is not None:
        await asyncio.sleep(after)
        player.kill()
    return await player.ended()


async def test_killed_at_random_moments(environment: dict[str, str]) -> None:
    chance = random.Random(5)
    async with FakeOpenAI(latency=0.006, jitter=0.8) as server:
        server.default = numbered(server)
        environment["OPENAI_BASE_URL"] = server.base_url
        async with open_services(load_settings(), library=False) as services:
            await store_templates(services.database, [load_data(SCENARIO)])
            run_id = await create_scenario_run_from_template(
                services, "killed-often", RunOptions(model="openai:fake", seed=3))
            killed = 0
            ended = ""
            while not ended:
                ended = await _play_until_killed(
                    run_id, environment, chance.uniform(0.0, 0.14) if killed < KILLS else None)
                killed += not ended
            assert killed == KILLS, "the run ended before it was killed often enough"
            assert ended == "completed"
            await _assert_nothing_lost_or_doubled(services, run_id)
            await _assert_nothing_asked_twice(services, run_id, server)
            assert (await replay_run(services, run_id)).difference is None


async def _assert_nothing_lost_or_doubled(services: Services, run_id: str) -> None:
    async with services.database.read() as session:
        events = await Events(session).read(run_id)
        row = await Runs(session).get(run_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert Counter(event.key for event in events).most_common(1)[0][1] == 1
    spoken = [event for event in events if event.kind == "utterance"]
    assert [event.turn for event in sorted(spoken, key=lambda event: event.turn)] == list(range(1, row.turn + 1))
    graph = await make_graph(services, run_id, await load_plan(services, run_id))
    state = (await graph.aget_state({"configurable": {"thread_id": run_id}})).values
    assert state["turn"] == row.turn >= TURNS
    assert state["variables"] == row.variables == {"heat": sum(event.kind == "variable_changed" for event in events)}
    logged = {event.key: event.payload["text"] for event in events if event.kind in ("utterance", "inject")}
    held = {line["id"]: line["content"] for line in state["messages"]}
    assert len(held) > 20
    assert held == {key: logged[key] for key in held}
    kinds = Counter(event.kind for event in events)
    injected = [event.turn for event in events if event.kind == "inject"]
    assert injected == sorted(set(injected))
    assert kinds["run_started"] == kinds["run_completed"] == kinds["end_reached"] == 1


async def _assert_nothing_asked_twice(services: Services, run_id: str, server: FakeOpenAI) -> None:
    async with services.database.read() as session:
        calls = [stored.call for stored in await Calls(session).read(run_id)]
    replies = [call.reply.text for call in calls if call.reply is not None]
    assert len(replies) == len(calls) == len(set(replies))
    numbers = {int("".join(filter(str.isdigit, reply))): call for reply, call in zip(replies, calls, strict=True)}
    bodies: dict[str, list[int]] = {}
    for number, seen in enumerate(server.requests, start=1):
        bodies.setdefault(json.dumps(seen.body["messages"]), []).append(number)
    for asked in bodies.values():
        recorded = [number for number in asked if number in numbers]
        assert recorded == asked[-1:], "a question whose answer was recorded was asked again"
