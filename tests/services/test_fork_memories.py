"""A fork that changes a message leaves nothing of the old text in what roles remember."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from tests.engines.playing import actor
from tests.services.conftest import House

WORD = re.compile(r"\bw\d+x\b")
MEMORY = {"window": 2, "block": 2, "summary": True, "reflection": {"every": 2}, "retrieval": {"top": 5}}
TALK: dict[str, Any] = {
    "roles": {"ann": {"agent": actor(memory=MEMORY)}, "bob": {"agent": actor(memory={**MEMORY, "retrieval": None})},
              "cat": {"agent": actor(memory=MEMORY)}},
    "groups": {"pair": ["ann", "bob"]},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob", "cat"], "audience": ["pair"], "next": [
        {"to": "end", "after_turns": 18}]}}}}


def echoing(house: House) -> None:
    """A model that says a new word whenever it speaks, and repeats all that it was shown when it sums up."""
    number = iter(range(1, 10_000))

    def script(request: ModelRequest) -> Any:
        asked = " ".join(message.content for message in request.messages[1:])
        seen = " ".join(dict.fromkeys(WORD.findall(asked)))
        if request.schema is not None:
            return {"insights": [f"I conclude {seen}"[:290]]}
        if "Summarise" in asked:
            return f"Remembered: {seen}"
        return f"I say w{next(number)}x now."

    house.script = script


@pytest.mark.parametrize("turn", [6, 9, 12])
async def test_no_role_remembers_the_old_text(house: House, turn: int) -> None:
    echoing(house)
    run_id = await house.played(TALK)
    line = (await house.events(run_id, "utterance"))[3]
    old = WORD.findall(line.payload["text"])[0]
    child = await fork_run(house.services, run_id, turn, Edits(message=(line.key, "I say w9999x now.")), actor="kim")
    asked = len(house.asked)
    assert (await house.play(child)).status == "completed"
    told = [message.content for request in house.asked[asked:] for message in request.messages]
    assert not [text for text in told if re.search(rf"\b{old}\b", text)], "the old text lives on in a prompt"
    assert any("w9999x" in text for text in told)
    for event in await house.events(child):
        if event.kind != "run_forked":
            assert old not in str(event.payload), event
    assert (await replay_run(house.services, child)).same
    assert (await replay_run(house.services, run_id)).same


async def test_who_did_not_hear_the_message_keeps_its_memory(house: House) -> None:
    echoing(house)
    run_id = await house.played(TALK)
    line = (await house.events(run_id, "utterance"))[3]
    child = await fork_run(house.services, run_id, 12, Edits(message=(line.key, "Otherwise.")), actor="kim")
    [forked] = await house.events(child, "run_forked")
    assert forked.payload["edits"]["message"] == {
        "key": line.key, "text": "Otherwise.", "turn": 4, "remade": ["ann", "bob"]}

    async def derived(run_id: str) -> dict[str, list[str]]:
        events = await house.events(run_id, "memory_summarized", "reflection")
        return {role: [event.key for event in events if event.source == role and event.turn <= 12]
                for role in ("ann", "bob", "cat")}

    before, after = await derived(run_id), await derived(child)
    assert before["cat"] == after["cat"]
    assert len(after["ann"]) < len(before["ann"])


async def test_derived_memories_name_what_they_were_derived_from(house: House) -> None:
    echoing(house)
    run_id = await house.played(TALK)
    keys = {event.key for event in await house.events(run_id, "utterance")}
    derived = await house.events(run_id, "memory_summarized", "reflection")
    assert {event.kind for event in derived} == {"memory_summarized", "reflection"}
    assert all(event.payload["lines"] and set(event.payload["lines"]) <= keys for event in derived)
