"""Now and then a role draws conclusions, which only it knows."""

from __future__ import annotations

from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from tests.engines.playing import actor, played, scenario


def thoughtful(turns: int = 12, **memory: Any) -> Any:
    kept = {"window": 2, "block": 2, "reflection": {"every": 2, "insights": 2}, **memory}
    return scenario(roles={"ann": actor(memory=kept), "bob": actor()},
                    phases={"talk": {"next": [{"to": "end", "after_turns": turns}]}})


def thinking() -> Any:
    thoughts = iter(range(99))

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema and "insights" in request.schema["properties"]:
            number = next(thoughts)
            return {"insights": [f"Thought {number} about  Bob.", "Thought twice.", ][:2]}
        return None

    return script


async def test_it_reflects_every_so_many_of_its_own_turns() -> None:
    play = await played(thoughtful(), thinking())
    events = play.of("reflection")
    assert [(event.turn, event.audience) for event in events] == [(3, ("ann",)), (7, ("ann",)), (11, ("ann",))]
    assert events[0].insights == ["Thought 0 about Bob.", "Thought twice."]
    speeches = [prompt for prompt in play.prompts("ann") if "What does Ann say now?" in prompt]
    assert "Thought 0" not in speeches[0]
    assert "Thought 0 about Bob." in speeches[1], "known at once"
    assert "Thought 0 about Bob." in speeches[2], "and until the next reflection"
    assert "Thought 0" not in speeches[-1]
    assert not any("Thought" in prompt for prompt in play.prompts("bob"))


async def test_with_retrieval_old_insights_come_back_too() -> None:
    play = await played(thoughtful(retrieval={"top": 5, "recency": 0, "relevance": 0}), thinking())
    assert "Thought 0 about Bob." in play.prompts("ann")[-1]
    assert play.prompts("ann")[-1].count("Thought twice.") == 1


async def test_it_is_off_by_default() -> None:
    assert not (await played(thoughtful(reflection=None))).of("reflection")


async def test_a_reflection_that_cannot_be_used_costs_no_turn() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return "I cannot." if request.schema else None

    play = await played(thoughtful(), script)
    assert not play.of("reflection")
    assert len(play.speakers) == 12
