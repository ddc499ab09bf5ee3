"""Decisions about tools in a stored run: replied from any front end, kept over a crash, replayed, forked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.tools import tool

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import RunError, WrongState
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.replays import replay_run
from pyscrai.services.replies import reply
from pyscrai.services.run_states import waiting_requests
from tests.engines.playing import actor
from tests.services.conftest import House, house_at

CALLED: list[str] = []
PATH = f"{__name__}:send"


@tool
def send(letter: str) -> str:
    """Send a letter."""
    CALLED.append(letter)
    return f"{letter} is on its way"


OFFICE: dict[str, Any] = {
    "roles": {"ann": {"agent": actor(tools=[PATH]), "approve": True}, "bob": {"agent": actor()}},
    "flow": {"start": "mail", "phases": {"mail": {"speakers": ["ann", "bob"], "next": [
        {"to": "end", "after_rounds": 2}]}}}}


def sends(request: ModelRequest) -> Any:
    """One letter a turn."""
    if "use" not in (request.schema or {}).get("properties", {}):
        return None
    sent = sum(message.content.count("is on its way") for message in request.messages)
    spoken = sum(message.content.count("Ann: ") for message in request.messages)
    return {"use": None if sent > spoken else {"tool": "send", "arguments": {"letter": f"letter {sent + 1}"}}}


async def decide(house: House, run_id: str, **decision: Any) -> dict[str, Any]:
    """Decide and play on; what is asked next."""
    await reply(house.services, run_id, decision, actor="eve", wake=False)
    await house.play(run_id)
    return dict(next(iter(await waiting_requests(house.services, run_id)), {}))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_decision_is_durable_before_the_tool_runs(kind: str, make_url: Callable[[str], str]) -> None:
    CALLED.clear()
    url = make_url(kind)
    async with house_at(url, tools_allowed=[PATH]) as house:
        house.script = sends
        run_id = await house.make(OFFICE)
        assert (await house.play(run_id)).status == "waiting"
        wrong = {"decision": "edit", "edited": {"arguments": {"letter": 7, "stamp": True}}}
        with pytest.raises(RunError, match="stamp"):
            await reply(house.services, run_id, wrong, actor="eve", wake=False)
        await reply(house.services, run_id, {"decision": "edit", "edited": {"arguments": {"letter": "a card"}}},
                    actor="eve", wake=False)
        with pytest.raises(WrongState):
            await reply(house.services, run_id, {"decision": "accept"}, actor="kim", wake=False)
        assert CALLED == []
    # The process is gone between the decision and the use; another one goes on.
    async with house_at(url, tools_allowed=[PATH]) as house:
        house.script = sends
        await house.play(run_id)
        [asked] = await waiting_requests(house.services, run_id)
        assert (asked["about"], CALLED) == ("speak", ["a card"])
        assert (await decide(house, run_id, decision="accept"))["proposal"] == {
            "tool": "send", "arguments": {"letter": "letter 2"}}
        asked = await decide(house, run_id, decision="reject", reason="no more mail")
        assert (asked["about"], CALLED) == ("speak", ["a card"])
        assert await decide(house, run_id, decision="accept") == {}
        assert (await house.row(run_id)).status == "completed"
        decisions = [event.payload["action"] for event in await house.events(run_id, "control")
                     if "proposal" in event.payload["arguments"]]
        assert decisions == ["edit", "accept", "reject", "accept"]
        [refused] = await house.events(run_id, "tool_refused")
        assert (refused.payload["reason"], refused.audience) == ("no more mail", ("ann",))
        assert any("Ann may not use send: no more mail" in message.content for request in house.asked
                   for message in request.messages)
        replay = await replay_run(house.services, run_id)
        assert replay.same, replay.difference
        assert CALLED == ["a card"]

        # A fork shares what was decided before it, and asks about what comes after.
        fork = await fork_run(house.services, run_id, 2, Edits(), actor="kim")
        await house.play(fork)
        [asked] = await waiting_requests(house.services, fork)
        assert (asked["turn"], asked["about"], CALLED) == (3, "tool", ["a card"])
        await decide(house, fork, decision="accept")
        await decide(house, fork, decision="accept")
        assert (await house.row(fork)).status == "completed"
        assert CALLED == ["a card", "letter 2"]
        replay = await replay_run(house.services, fork)
        assert replay.same, replay.difference
