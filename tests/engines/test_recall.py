"""Memories beyond the window: what is kept, what comes back, and that a lost store changes nothing."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from langgraph.store.memory import InMemoryStore

from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.memory.bm25 import Index, words
from pyscrai.engines.memory.memory_pool import LASTING, NEWEST, Held, MemoryItem
from pyscrai.engines.memory.recall import Recall, importance
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.templates.models.agent import Retrieval
from tests.engines.playing import Playing, actor, plan_of, played, scenario, timeless

PLAN = plan_of(scenario())


def said(number: int, text: str, weight: int = 3, *, insight: bool = False) -> MemoryItem:
    return MemoryItem(f"t{number}", number, text, weight, insight)


PAST = [said(1, "Ann: The key is under the mat."), said(2, "Bob: Nice weather."), said(3, "[The bank was robbed.]", 9),
        said(4, "Ann: I like tea."), said(5, "Bob: Tea is fine.")]


async def bring(recall: Recall, query: str = "", **more: Any) -> list[int]:
    given: dict[str, Any] = {"turn": 10, "weights": Retrieval(top=1), "state": Held(5, 5), "plan": PLAN, **more}
    return [memory.turn for memory in await recall.bring("ann", query, **given)]


@pytest.mark.parametrize(("weights", "query", "turns"), [
    ({"importance": 0, "recency": 0}, "Where is the key?", [1]), ({"relevance": 0, "recency": 0}, "the key", [3]),
    ({"relevance": 0, "importance": 0}, "the key", [5]), ({"top": 2, "relevance": 0}, "", [3, 5]),
    ({"top": 2, "importance": 0, "recency": 0}, "TEA!", [4, 5]), ({"top": 20}, "", [1, 2, 3, 4, 5])])
async def test_memories_are_weighed_by_recency_importance_and_relevance(
        weights: dict[str, Any], query: str, turns: list[int]) -> None:
    recall = Recall()
    await recall.keep("ann", PAST)
    assert await bring(recall, query, weights=Retrieval(**{"top": 1, **weights})) == turns
    assert await recall.bring("bob", query, turn=9, weights=Retrieval(), state=Held(9, 0), plan=PLAN) == ()


async def test_a_store_that_has_run_ahead_changes_nothing() -> None:
    recall = Recall()
    await recall.keep("ann", [*PAST, said(6, "Ann: The key is lost."), said(6, "Lost keys matter.", insight=True)])
    found = await recall.bring("ann", "key lost", turn=6, weights=Retrieval(top=20), state=Held(5, 5), plan=PLAN)
    assert [memory.turn for memory in found] == [1, 2, 3, 4, 5]


async def test_another_process_finds_the_memories_in_the_store_of_its_run() -> None:
    store = InMemoryStore()
    await Recall(store, "one").keep("ann", PAST)
    assert await bring(Recall(store, "one"), "key", weights=Retrieval(top=1, importance=0, recency=0)) == [1]
    assert await bring(Recall(store, "two"), "key") == []


def some_memories(chance: random.Random, count: int) -> list[MemoryItem]:
    """Memories as a play makes them: lines in the order of their turns, and insights between them."""
    made = []
    for turn in range(count):
        text = " ".join(chance.choices(WORDS, k=6))
        made.append(MemoryItem(f"t{turn}", turn, text, chance.randint(1, 10)))
        if chance.random() < 0.1:
            made.append(MemoryItem(f"t{turn}.ann.insight0", turn, f"I conclude {text}", 9, insight=True))
    return made


WORDS = [f"word{number}" for number in range(300)]


@pytest.mark.parametrize("count", [30, 700, 1_500])
async def test_what_comes_back_depends_on_the_state_alone(count: int) -> None:
    """However the memories came: one by one, all at once in another order, or with others ahead of the state."""
    chance = random.Random(count)
    made = some_memories(chance, count)
    state = Held(count - 11, count - 10, count - 11)
    known = [memory for memory in made if state.has(memory)]
    one_by_one, at_once, ahead = Recall(), Recall(), Recall()
    for memory in known:
        await one_by_one.keep("ann", [memory])
        if chance.random() < 0.02:
            await one_by_one.bring("ann", "word1", turn=memory.turn, weights=Retrieval(),
                                   state=Held(memory.turn, 0, memory.turn), plan=PLAN)
    await at_once.keep("ann", chance.sample(known, len(known)))
    await ahead.keep("ann", made)
    for _ in range(5):
        query = " ".join(chance.choices(WORDS, k=8))
        found = [await recall.bring("ann", query, turn=count, weights=Retrieval(top=8), state=state, plan=PLAN)
                 for recall in (one_by_one, at_once, ahead)]
        assert found[0] == found[1] == found[2]
        assert len(found[0]) == 8


async def test_a_turn_costs_the_same_after_many_turns() -> None:
    """How many memories are weighed is bounded; important ones stay, however old."""
    recall = Recall()
    made = some_memories(random.Random(1), 5_000)
    await recall.keep("ann", [MemoryItem("t0x", 0, "Ann: The code is 4711.", 10), *made])
    state = Held(5_000, 5_001, 5_000)
    weighed, index = recall._roles["ann"].weighed(state)
    assert len(weighed) == len(index) == NEWEST + LASTING
    assert [memory.turn for memory in weighed] == sorted(memory.turn for memory in weighed)
    assert await bring(recall, "the code 4711", turn=5_000, state=state, weights=Retrieval(
        top=1, recency=0, importance=0)) != [0], "it is old, and others are as important and newer"
    few = Recall()
    await few.keep("ann", [MemoryItem("t0x", 0, "Ann: The code is 4711.", 10), *(
        MemoryItem(memory.id, memory.turn, memory.text, min(memory.importance, 9)) for memory in made)])
    assert await bring(few, "the code 4711", turn=5_000, state=state, weights=Retrieval(
        top=1, recency=0, importance=0)) == [0]


def test_a_text_that_is_let_go_leaves_no_trace_in_the_scores() -> None:
    index, other = Index(), Index()
    for key, text in {"a": "the cat sat", "b": "the dog sat", "c": "the bird flew far away"}.items():
        index.add(key, words(text))
        if key != "b":
            other.add(key, words(text))
    index.discard("b")
    index.discard("unknown")
    assert index.scores(words("the cat dog bird")) == other.scores(words("the cat dog bird"))
    assert len(index) == 2


def test_importance_is_between_one_and_ten() -> None:
    line: dict[str, Any] = {"kind": "utterance", "audience": "all", "speaker": "bob", "content": "Yes."}
    private = {**line, "audience": ["ann", "bob"]}
    inject = {**line, "kind": "inject", "content": "9 dead " * 50, "audience": ["ann"]}
    assert 1 <= importance("ann", line) < importance("ann", private) < importance("ann", inject) <= 10


def test_words_that_are_rare_count_more_and_long_texts_less() -> None:
    index = Index()
    for key, text in {"a": "the cat sat", "b": "the dog sat", "c": "the dog sat " + "on and on " * 20}.items():
        index.add(key, words(text))
    scores = index.scores(words("the dog"))
    assert scores["b"] > scores["c"]
    assert scores["b"] > scores["a"] > 0
    assert index.scores(words("unheard")) == {}
    assert Index().scores(words("a b")) == {}


# -- in a play --------------------------------------------------------------------------------------------------------


def remembering(turns: int = 16, **memory: Any) -> Any:
    kept = {"window": 2, "block": 2, "retrieval": {"top": 2}, **memory}
    return scenario(roles={"ann": actor(memory=kept), "bob": actor()},
                    phases={"talk": {"next": [{"to": "end", "after_turns": turns}]}})


def talk(role: str, request: ModelRequest) -> str:
    told = "I forget." in request.messages[-1].content or "oak" in request.messages[-1].content
    if role == "bob":
        return "I forget." if told else "The treasure lies under the oak."
    return "Where was the treasure again?"


async def test_what_left_the_window_comes_back_when_it_matters() -> None:
    play = await played(remembering(), talk)
    last = play.prompts("ann")[-1]
    front, note = last.split("remembers:")
    assert "oak" not in front
    assert "Bob: The treasure lies under the oak." in note
    state = (await play.state())["memory"]["ann"]
    assert state["kept"] == state["after"], "one line a turn"


async def test_a_store_that_is_lost_is_filled_from_the_log() -> None:
    whole = Playing(remembering(), talk)
    assert (await whole.play()).status == "completed"
    store = InMemoryStore()
    parts = Playing(remembering(), talk, recall=Recall(store, past=None))
    result = await parts.play(step=True)
    while result.status == "paused":
        parts.runtime.recall = Recall(InMemoryStore(), past=parts.record)  # as in another process, with nothing kept
        result = await parts.play(step=True)
    assert parts.prompts("ann") == whole.prompts("ann")
    assert timeless(parts.events) == timeless(whole.events)


async def test_retrieval_replays_from_the_journal() -> None:
    first = await played(remembering(reflection={"every": 2}), None)
    again = await played(remembering(reflection={"every": 2}), None, record=MemoryRecord(first.record.calls.values()))
    assert again.calls == 0
    assert timeless(again.events) == timeless(first.events)
    assert (await again.state())["memory"] == (await first.state())["memory"]


@pytest.mark.parametrize("window", [None, 3])
async def test_a_new_process_has_the_old_insights_too(window: int | None) -> None:
    """Also where no line ever left the window, so that insights are all that there is to remember."""
    number = itertools.count(1)

    def script(role: str, request: ModelRequest) -> Any:
        if "insights" in (request.schema or {}).get("properties", {}):
            return {"insights": [f"Insight {next(number)} about ships."]}
        return "Ships again."

    memory = {"window": window, "block": 1, "retrieval": {"top": 4}, "reflection": {"every": 2, "insights": 1}}
    template = scenario(roles={"ann": actor(memory=memory), "bob": actor()}, phases={
        "talk": {"next": [{"to": "end", "after_turns": 16}]}})
    whole = await played(template, script)
    number = itertools.count(1)
    stepped = Playing(template, script)
    result = await stepped.play(step=True)
    while result.status == "paused":
        stepped.runtime.recall = Recall(past=stepped.record)
        result = await stepped.play(step=True)
    assert stepped.prompts("ann") == whole.prompts("ann")
    assert "Insight 1 about ships" in whole.prompts("ann")[-1]
