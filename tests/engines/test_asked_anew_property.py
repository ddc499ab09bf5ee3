"""Whatever a model does, and however often a run is resumed: its log is the log of its journal played again."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pyscrai.engines.arrivals import UNHEARD
from pyscrai.engines.in_memory import MemoryInbox, MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError
from pyscrai.services.replay_comparison import ReplayRecord
from pyscrai.services.replays import turn_of
from tests.depth import examples
from tests.engines.playing import Playing, actor, analyst, narrator, scenario, timeless

POLICY = st.fixed_dictionaries({
    "retries": st.integers(0, 1), "repairs": st.integers(0, 2), "backoff": st.just(0),
    "then": st.sampled_from(["fail", "skip", "pause"])})
MEMORY = {"window": 3, "block": 2, "summary": True, "reflection": {"every": 2}, "retrieval": {"top": 2}}


@st.composite
def plays(draw: st.DrawFn) -> dict[str, Any]:
    """A play with everything that asks a model."""
    def role(make: Any, **more: Any) -> dict[str, Any]:
        return make(failure=draw(POLICY), **more)

    order = draw(st.sampled_from(["round_robin", "moderated", "simultaneous"]))
    phase: dict[str, Any] = {"speakers": ["ann", "bob"], "order": order, "optional_actions": ["offer"],
                             "observe": {"by": "eye", "every": 3}, "next": [{"to": "end", "after_turns": 8}]}
    if order == "moderated":
        phase["moderator"] = "god"
    if order == "simultaneous":
        phase["resolver"] = "god"
    return {"roles": {"ann": role(actor, memory=MEMORY, tools=["dice"]), "bob": role(actor, memory=MEMORY),
                      "god": role(narrator), "eye": role(analyst)},
            "phases": {"talk": phase}, "actions": {"offer": {"fields": {"price": {"type": "integer"}}}},
            "ends": [{"judge": {"goal": goal, "by": "eye", "every": 4}} for goal in ("one", "other")],
            "analysis": {"by": "eye", "report": True, "measures": [
                {"name": "calm", "scale": [1, 5], "of": "each", "rubric": "How calm."}]}, "max_turns": 14}


def faulty(seed: int, rate: float) -> Any:
    """Answers well, with nonsense, with nothing, or not at all."""
    chance = random.Random(seed)

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema is not None and "met" in request.schema["properties"]:
            return {"met": False, "rationale": "", "evidence": []}
        if chance.random() >= rate:
            return None
        fault = chance.choice(["down", "nonsense", "empty"])
        if fault == "down":
            raise ModelServerError("down")
        return "" if fault == "empty" else "{]"

    return script


async def check(data: dict[str, Any], seed: int, rate: float, injects: list[int]) -> None:
    template = scenario(**data)
    commands = [{"id": number, "actor": "kim", "kind": "inject", "payload": {"text": f"Bell {number}.",
                                                                              "audience": ["all"]}}
                for number in range(len(injects))]
    played = MemoryRecord()
    inbox = Timed(played)
    playing = Playing(template, faulty(seed, rate), record=played, inbox=inbox)
    drives, result = 0, await playing.play(step=True)
    while result.status in ("paused", "failed") and drives < 300:
        drives += 1
        if drives in injects:
            inbox.put(commands[injects.index(drives)])
        result = await playing.play(step=drives % 3 == 0)
    assert result.status == "completed", result
    keys = [event.key for event in playing.events]
    assert len(set(keys)) == len(keys)
    record = ReplayRecord(playing.record.calls.values())
    again = Playing(template, lambda role, request: ModelServerError("asked again"), record=record,
                    inbox=Given(inbox.given))
    assert (await again.play()).status == "completed"
    assert again.calls == 0, "the replay asks what was never recorded"
    assert _by_key(timeless(again.events)) == _by_key(timeless(playing.events))


class Timed(MemoryInbox):
    """Notes which events there were when a command was taken."""

    def __init__(self, record: MemoryRecord) -> None:
        super().__init__()
        self._record = record
        self.given: dict[int, list[dict[str, Any]]] = {}

    async def take(self, turn: int) -> Any:
        known = self.given.setdefault(turn, [])
        for command in (await super().take(turn))[len(known):]:
            known.append({**command, UNHEARD: [key for key in self._record.events if turn_of(key) >= turn]})
        return await super().take(turn)


class Given(MemoryInbox):
    """Gives each turn what it was given before."""

    def __init__(self, given: dict[int, list[dict[str, Any]]]) -> None:
        super().__init__()
        self._given = given

    async def take(self, turn: int) -> Any:
        return self._given.get(turn, [])


def _by_key(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["key"]: event for event in events}


@settings(max_examples=examples(12, 400), deadline=None, derandomize=True, database=None, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plays(), st.integers(0, 10_000), st.sampled_from([0.0, 0.15, 0.35]),
       st.lists(st.integers(1, 12), max_size=3, unique=True))
def test_the_log_is_that_of_the_journal_played_again(data: dict[str, Any], seed: int, rate: float,
                                                     injects: list[int]) -> None:
    asyncio.run(check(data, seed, rate, injects))
