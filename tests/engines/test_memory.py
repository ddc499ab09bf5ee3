"""The window, the summary, and a prompt whose front stands still."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pyscrai.engines.memory.memory import split
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.state import Line
from tests.engines.playing import actor, played, scenario


def lines(*turns: int) -> tuple[Line, ...]:
    return tuple(Line(id=f"l{index}", turn=turn) for index, turn in enumerate(turns))


def test_lines_leave_in_whole_blocks_once_the_window_is_overfull() -> None:
    assert split(lines(*range(7)), 4, 4) == ((), lines(*range(7)))
    leaving, staying = split(lines(*range(8)), 4, 4)
    assert ([line["turn"] for line in leaving], [line["turn"] for line in staying]) == ([0, 1, 2, 3], [4, 5, 6, 7])
    leaving, staying = split(lines(*range(19)), 4, 4)
    assert (len(leaving), len(staying)) == (12, 7)
    assert split(lines(*range(99)), None, 4) == ((), lines(*range(99)))


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 6), st.integers(1, 6))
def test_split_keeps_the_window_every_line_and_whole_turns(steps: list[int], window: int, block: int) -> None:
    turn, given = 0, []
    for step in steps:
        turn += step
        given.append(turn)
    every = lines(*given)
    leaving, staying = split(every, window, block)
    assert (*leaving, *staying) == every
    assert len(staying) >= min(window, len(every))
    assert not leaving or not staying or leaving[-1]["turn"] < staying[0]["turn"]


def long(turns: int = 24, **memory: Any) -> Any:
    return scenario(roles={"ann": actor(memory={"window": 4, "block": 4, **memory}), "bob": actor()},
                    phases={"talk": {"next": [{"to": "end", "after_turns": turns}]}}, max_turns=turns)


def numbered() -> Any:
    count = iter(range(1000))
    return lambda role, request: f"word{next(count)} is said."


async def test_the_front_of_the_prompt_stands_still_for_a_block() -> None:
    play = await played(long(), numbered())
    fronts = [prompt.split(" is said.")[0] for prompt in play.prompts("ann")[1:]]
    changes = sum(one != other for one, other in itertools.pairwise(fronts))
    assert 3 <= changes <= 24 // 4
    assert all(4 <= prompt.count(" is said.") <= 8 for prompt in play.prompts("ann")[4:])


async def test_every_line_is_in_a_prompt_or_in_a_summary() -> None:
    count = iter(range(1000))
    folded: list[str] = []

    def script(role: str, request: ModelRequest) -> str:
        asked = request.messages[-1].content
        if "Summarise" not in asked:
            return f"word{next(count)} is said."
        folded.append(asked)
        return f"summary {len(folded)}"

    play = await played(long(summary=True), script)
    assert "".join(folded).count(" is said.") == len(folded) * 4
    for number, prompt in enumerate(folded[1:], start=1):
        assert f"summary {number}" in prompt, "the summary before is part of the next one"
    last = play.prompts("ann")[-1]
    assert f"summary {len(folded)}" in last
    newest = 22 - last.count(" is said.")
    for number in range(22):
        place = last if number >= newest else "".join(folded)
        assert f"word{number} " in place
    events = play.of("memory_summarized")
    assert [event.audience for event in events] == [("ann",)] * len(folded)
    assert [event.upto_turn for event in events] == [4 * (number + 1) for number in range(len(folded))]


async def test_a_summary_costs_one_call_a_block_and_is_bounded() -> None:
    def script(role: str, request: ModelRequest) -> str | None:
        return "very " * 500 if "Summarise" in request.messages[-1].content else None

    play = await played(long(summary=True, summary_words=20), script)
    assert 3 <= len(play.of("memory_summarized")) <= 6
    assert all(len(event.summary.split()) <= 40 for event in play.of("memory_summarized"))


async def test_prompts_and_state_stay_as_long_as_they_are() -> None:
    play = await played(long(200), numbered())
    lengths = [len(prompt) for prompt in play.prompts("ann")]
    assert max(lengths[-20:]) <= max(lengths[10:40]) + 30
    assert len((await play.state())["messages"]) <= 80


def crowd(**memory: Any) -> Any:
    """ann hears only what is whispered to her, once in a long while."""
    return scenario(
        roles={"ann": actor(memory={"window": 4, "block": 2, **memory}), "bob": actor(), "cat": actor()},
        phases={"whisper": {"speakers": ["bob"], "audience": ["ann"], "next": [{"to": "talk"}]},
                "talk": {"speakers": ["bob", "cat"], "audience": ["cat"], "next": [
                    {"to": "answer", "when": "turn >= 230"}, {"to": "whisper", "after_turns": 24}]},
                "answer": {"speakers": ["ann"], "next": [{"to": "end"}]}}, max_turns=300)


async def test_a_role_that_hears_seldom_still_has_its_window() -> None:
    play = await played(crowd(window=8), numbered())
    heard = [event.text for event in play.of("utterance") if event.audience == ("ann", "bob")]
    assert len(heard) == 10
    assert [text in play.prompts("ann")[0] for text in heard] == [False] * 2 + [True] * 8


async def test_no_line_leaves_the_state_before_it_is_summarized_and_remembered() -> None:
    folded: list[str] = []

    def script(role: str, request: ModelRequest) -> str | None:
        asked = request.messages[-1].content
        if "Summarise" in asked:
            folded.append(asked)
            return "A summary."
        return None

    play = await played(crowd(summary=True, retrieval={}), script)
    assert len(folded) == 1
    heard = [event.text for event in play.of("utterance") if event.audience == ("ann", "bob")]
    assert [text in folded[0] for text in heard] == [True] * 6 + [False] * 4
    assert (await play.state())["memory"]["ann"]["kept"] == 6
