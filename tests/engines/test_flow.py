"""Who speaks when, what leads from phase to phase, and what ends a run."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelRequest
from tests.engines.playing import Playing, actor, analyst, narrator, played, scenario

THREE = ("ann", "bob", "cat")


async def test_sequence_plays_one_round_and_leaves_only_when_it_is_over() -> None:
    play = await played(scenario(roles=THREE, phases={
        "talk": {"order": "sequence", "next": [{"to": "end", "when": "turn >= 4"}]}}))
    assert play.speakers == ["ann", "bob", "cat", "ann", "bob", "cat"]


async def test_round_robin_leaves_at_any_turn() -> None:
    play = await played(scenario(roles=THREE, phases={"talk": {"next": [{"to": "end", "after_turns": 4}]}}))
    assert play.speakers == ["ann", "bob", "cat", "ann"]


async def test_after_rounds_counts_whole_rounds() -> None:
    play = await played(scenario(phases={"talk": {"next": [{"to": "end", "after_rounds": 2}]}}))
    assert play.speakers == ["ann", "bob"] * 2


async def test_random_order_depends_on_the_seed_alone_and_repeats_nobody() -> None:
    template = scenario(roles=THREE, phases={"talk": {"order": "random", "next": [{"to": "end", "after_turns": 12}]}})
    first, again, other = [(await played(template, seed=seed)).speakers for seed in (1, 1, 2)]
    assert first == again != other
    assert all(one != next_one for one, next_one in itertools.pairwise(first))


async def test_simultaneous_speakers_hear_only_the_past_and_a_resolver_closes_the_round() -> None:
    heard: dict[str, list[str]] = {}

    def script(role: str, request: ModelRequest) -> str:
        heard.setdefault(role, []).append(request.messages[-1].content)
        return f"word{role}{len(heard[role])} is said."

    play = await played(scenario(roles={"ann": actor(), "bob": actor(), "god": narrator()}, phases={"talk": {
        "speakers": ["ann", "bob"], "order": "simultaneous", "resolver": "god",
        "next": [{"to": "end", "after_rounds": 2}]}}), script)
    assert play.speakers == ["ann", "bob", "god"] * 2
    assert "wordann1" not in heard["bob"][0]
    assert "wordann1" in heard["god"][0]
    assert "wordbob1" in heard["god"][0]
    assert "wordann1" in heard["bob"][1]
    assert "wordann2" not in heard["bob"][1]
    state = await play.state()
    assert [line["turn"] for line in state["messages"]] == [1, 2, 3, 4, 5, 6]


async def test_simultaneous_without_a_resolver() -> None:
    play = await played(scenario(roles=THREE, phases={
        "talk": {"order": "simultaneous", "next": [{"to": "end", "after_rounds": 2}]}}))
    assert play.speakers == [*THREE, *THREE]
    assert Counter(event.turn for event in play.of("utterance")) == dict.fromkeys(range(1, 7), 1)


async def test_in_a_free_phase_whoever_is_addressed_answers() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": f"{role} speaks.", "to": {"ann": "cat", "cat": "ann"}.get(role, "ann")}

    play = await played(scenario(roles=THREE, phases={
        "talk": {"order": "free", "next": [{"to": "end", "after_turns": 5}]}}), script)
    assert play.speakers == ["ann", "cat", "ann", "cat", "ann"]
    assert {event.audience for event in play.of("utterance")} == {"all"}, "to address somebody is not to whisper"


async def test_a_free_phase_begins_with_its_first_speaker_whoever_was_addressed_before_it() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": f"{role} speaks.", "to": "cat"} if role == "ann" else {"text": "Yes.", "to": "ann"}

    play = await played(scenario(roles=THREE, phases={
        "talk": {"speakers": ["ann"], "audiences": ["whisper"], "next": [{"to": "more"}]},
        "more": {"speakers": ["bob", "ann", "cat"], "order": "free", "next": [
            {"to": "end", "after_turns": 2}]}}), script)
    assert play.speakers == ["ann", "bob", "ann"]


async def test_one_speaker_alone_in_any_order() -> None:
    for order in ("sequence", "round_robin", "random", "moderated", "simultaneous", "free"):
        template = scenario(roles={"ann": actor(), "god": narrator()}, phases={"talk": {
            "speakers": ["ann"], "order": order, "moderator": "god", "next": [{"to": "end", "after_turns": 3}]}})
        assert (await played(template)).speakers == ["ann"] * 3, order


@pytest.mark.parametrize(("transition", "turns"), [
    ({"when": "vars.heat > 2"}, 3), ({"when": "last.role == 'bob'"}, 2), ({"on_event": "variable_changed"}, 1),
    ({"when": "events.utterance >= 5"}, 5), ({"when": "phase_turns == 4"}, 4), ({"when": "round == 2"}, 4)])
async def test_transitions_by_condition(transition: dict[str, Any], turns: int) -> None:
    play = await played(scenario(
        variables={"heat": {"type": "integer", "initial": 0}}, rules=[{"when": "true", "set": {"heat": "turn"}}],
        phases={"talk": {"next": [{"to": "end", **transition}]}}))
    assert len(play.speakers) == turns


async def test_phase_max_turns_takes_the_bare_transition_or_the_last_one() -> None:
    phases = {"talk": {"max_turns": 3, "next": [{"to": "other", "when": "false"}, {"to": "end", "when": "false"}]},
              "other": {"next": [{"to": "end"}]}}
    play = await played(scenario(phases=phases))
    assert play.speakers == ["ann", "bob", "ann"]
    assert play.of("end_reached")[0].outcome["end"] == "flow"


async def test_a_phase_is_entered_at_most_max_visits_times() -> None:
    play = await played(scenario(phases={
        "talk": {"next": [{"to": "again"}]},
        "again": {"speakers": ["bob"], "max_visits": 2, "next": [{"to": "again"}, {"to": "end"}]}}))
    assert play.speakers == ["ann", "bob", "bob", "bob"]
    assert [event.phase for event in play.of("phase_entered")] == ["talk", "again", "again"]


async def test_a_majority_leads_on() -> None:
    votes = {"ann": "stay", "bob": "go", "cat": "go"}

    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "", "actions": {"vote": {"choice": votes[role]}}}

    actions = {"vote": {"fields": {"choice": {"enum": ["stay", "go"]}}}}

    def ways(value: str | None) -> dict[str, Any]:
        return {"vote": {"order": "simultaneous", "action": "vote", "next": [
            {"to": "gone", "majority": {"action": "vote", "field": "choice", "value": value}}, {"to": "end"}]},
            "gone": {"speakers": ["ann"], "action": "vote", "next": [{"to": "end"}]}}

    for value, phases in ((None, ["vote", "gone"]), ("go", ["vote", "gone"]), ("stay", ["vote"])):
        play = await played(scenario(roles=THREE, actions=actions, phases=ways(value)), script)
        assert [event.phase for event in play.of("phase_entered")] == phases, value
        assert not play.of("utterance")


async def test_actions_set_variables_and_refused_changes_are_events() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "I offer.", "actions": {"offer": {"price": 7 if role == "ann" else 99}}}

    play = await played(scenario(
        variables={"price": {"type": "integer", "initial": 1, "maximum": 10}},
        actions={"offer": {"fields": {"price": {"type": "integer"}}, "set": {"price": "args.price"}}},
        phases={"talk": {"action": "offer", "next": [{"to": "end"}]}}), script)
    assert [(event.old, event.new) for event in play.of("variable_changed")] == [(1, 7)]
    assert [event.value for event in play.of("change_refused")] == [99]
    assert (await play.state())["variables"] == {"price": 7}


async def test_rules_apply_in_their_order_and_once_is_once() -> None:
    play = await played(scenario(
        variables={"a": {"type": "integer", "initial": 0}, "b": {"type": "integer", "initial": 0}},
        rules=[{"when": "true", "set": {"a": "vars.a + 1"}}, {"when": "vars.a == 2", "set": {"b": "vars.a * 10"}},
               {"when": "turn > 0", "once": True, "inject": {"text": "It begins with {{ vars.a }}."}}],
        phases={"talk": {"next": [{"to": "end", "after_turns": 3}]}}))
    assert (await play.state())["variables"] == {"a": 3, "b": 20}
    assert [event.text for event in play.of("inject")] == ["It begins with 1."]


@pytest.mark.parametrize(("spec", "turns"), [
    ({"at_turn": 2}, [2]), ({"at_turn": 0}, [0]), ({"every": 2}, [2, 4, 6]), ({"at_turn": 1, "every": 2}, [1, 3, 5]),
    ({"phase": "two"}, [3]), ({"phase": "two", "at_turn": 2}, [4]), ({"phase": "two", "every": 2}, [4, 6]),
    ({"when": "turn % 3 == 0 && turn > 0"}, [3]), ({"when": "turn % 3 == 0 && turn > 0", "once": False}, [3, 6]),
    ({"when": "turn >= 2", "once": False}, [2]), ({"when": "turn >= 3", "every": 2, "once": False}, [4, 6]),
    ({"at_turn": 2, "when": "turn >= 4"}, [4])])
async def test_injects_are_due(spec: dict[str, Any], turns: list[int]) -> None:
    play = await played(scenario(injects=[{"text": "News.", **spec}], phases={
        "one": {"next": [{"to": "two", "after_turns": 3}]}, "two": {"next": [{"to": "end", "after_turns": 3}]}}))
    assert [event.turn for event in play.of("inject")] == turns


async def test_an_inject_changes_variables_and_is_heard_by_its_audience_alone() -> None:
    play = await played(scenario(
        variables={"heat": {"type": "integer", "initial": 0}},
        injects=[{"text": "The xylophone rings.", "at_turn": 1, "audience": ["ann"], "set": {"heat": "5"}}],
        phases={"talk": {"next": [{"to": "end", "after_turns": 4}]}}))
    assert (await play.state())["variables"]["heat"] == 5
    assert any("xylophone" in prompt for prompt in play.prompts("ann"))
    assert not any("xylophone" in prompt for prompt in play.prompts("bob"))


# -- ends -------------------------------------------------------------------------------------------------------------

LONG = {"talk": {"next": [{"to": "end", "when": "false"}]}}


def long(**more: Any) -> Any:
    return scenario(phases={"talk": {"next": [{"to": "end", "when": "false"}]}}, max_turns=20, **more)


@pytest.mark.parametrize(("ends", "turns", "end", "limit"), [
    ({"turns": 3}, 3, "turns", True), ({"when": "turn == 4"}, 4, "when", False),
    ({"any": [{"turns": 5}, {"when": "turn == 2"}]}, 2, "any", False),
    ({"any": [{"turns": 5}, {"tokens": 1}]}, 1, "any", True),
    ({"all": [{"turns": 2}, {"when": "turn >= 4"}]}, 4, "all", False),
    ([{"turns": 9}, {"any": [{"all": [{"turns": 1}, {"turns": 2}]}]}], 2, "any", True), ((), 20, "turns", True)])
async def test_ends(ends: Any, turns: int, end: str, limit: bool) -> None:
    play = await played(long(ends=ends))
    outcome = play.of("end_reached")[0].outcome
    assert (outcome["turn"], outcome["end"], outcome["limit"]) == (turns, end, limit)
    assert outcome["reason"]


async def test_an_operators_bounds_count_too() -> None:
    assert len((await played(long(), max_turns=3)).speakers) == 3
    play = await played(long(), budget_usd=0.0)
    assert play.of("end_reached")[0].outcome["label"] == "budget"


async def test_a_phrase_ends_the_play_whoever_says_it_or_only_who_may() -> None:
    def script(role: str, request: ModelRequest) -> str:
        return "We have a DEAL, my friend."

    assert len((await played(long(ends={"phrase": "a deal"}), script)).speakers) == 1
    assert len((await played(long(ends={"phrase": {"text": "a deal", "by": ["bob"]}}), script)).speakers) == 2


async def test_a_narrator_declares_the_end() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "Night falls.", "scene_over": True} if role == "god" else "On we go."

    play = await played(scenario(roles={"ann": actor(), "god": narrator()}, ends={"narrator": True}, phases={
        "talk": {"next": [{"to": "end", "when": "false"}]}}), script)
    assert play.speakers == ["ann", "god"]
    assert play.of("end_reached")[0].outcome["end"] == "narrator"


async def test_a_limit_may_pause_once_and_the_play_goes_on() -> None:
    playing = Playing(long(ends=[{"turns": 2, "pause": True}, {"turns": 5}]))
    result = await playing.play()
    assert result.status == "paused"
    assert (await playing.state())["turn"] == 2
    assert "2 turns" in playing.of("run_paused")[0].reason
    assert not playing.of("end_reached")
    result = await playing.play()
    assert result.status == "completed"
    assert len(playing.speakers) == 5
    assert (result.outcome or {})["reason"] == "5 turns were played"


async def test_an_analyst_judges_a_goal_with_evidence_it_has_seen() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        if role != "eve":
            return "We agree."
        asked = request.messages[-1].content
        return {"rationale": "both agreed", "met": "t4" in asked, "evidence": ["t4"] if "t4" in asked else []}

    play = await played(scenario(roles={"ann": actor(), "bob": actor(), "eve": analyst()}, phases=dict(LONG), ends={
        "judge": {"goal": "an agreement", "by": "eve", "every": 2}}), script)
    verdicts = play.of("verdict")
    assert [(event.turn, event.met, event.evidence) for event in verdicts] == [(2, False, []), (4, True, ["t4"])]
    assert play.of("end_reached")[0].outcome["reason"] == "eve finds: both agreed"
    assert len(play.speakers) <= 6, "a verdict that is met ends the play within the next round of turns"


async def test_who_resolves_a_round_makes_no_move_of_its_own() -> None:
    play = await played(scenario(roles={"ann": actor(), "bob": actor(), "god": narrator()}, actions={
        "vote": {"fields": {"choice": {"enum": ["yes"]}}}}, phases={"poll": {
            "speakers": ["ann", "bob"], "order": "simultaneous", "resolver": "god", "action": "vote",
            "next": [{"to": "end", "when": "tally.vote.choice.yes == 2"}], "max_turns": 9}}))
    assert [event.source for event in play.of("action")] == ["ann", "bob"]
    assert play.of("end_reached")[0].outcome["turn"] == 3
