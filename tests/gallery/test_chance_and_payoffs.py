"""Werewolf, public goods, Delphi panel, red team: winners, payoffs and statistics are computed again from the moves."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from typing import Any

import pytest

from pyscrai.audience import heard
from pyscrai.engines.in_memory import MemoryRecord
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.llm.scripted.model import default_text
from tests.engines.playing import Playing, timeless
from tests.gallery.stage import asked_action, gallery, said, shown

PLAYERS = ("anna", "bruno", "cleo", "dora", "emil", "frida", "gustav")


def enum_of(request: ModelRequest, action: str, field: str = "whom") -> list[str]:
    assert request.schema is not None
    fields = request.schema["properties"]["actions"]["properties"][action]["properties"]
    return list(fields[field]["enum"])


def cards_of(play: Playing) -> dict[str, str]:
    dealt = {event.of: event.new for event in play.of("variable_changed") if event.variable == "card"}
    return {role: dealt.get(role, "villager") for role in PLAYERS}


def winner(play: Playing) -> tuple[str, set[str]]:
    """Who wins, and who is dead, told from the cards and the moves alone."""
    cards, dead = cards_of(play), set[str]()
    hunted: list[str] = []
    guarded, votes = "", Counter[str]()
    for event in play.events:
        if event.kind == "action":
            whom = event.arguments["whom"]
            assert event.source not in dead
            assert whom not in dead
            if event.action == "hunt":
                assert cards[event.source] == "wolf" != cards[whom]
                hunted.append(whom)
            elif event.action == "guard":
                assert cards[event.source] == "doctor"
                guarded = whom
            elif event.action == "accuse":
                assert whom != event.source
                votes[whom] += 1
        elif event.kind == "variable_changed" and event.variable == "fallen" and event.new:
            if votes:
                assert votes[event.new] == max(votes.values()), "a tie is broken among those who are tied"
            else:
                assert event.new in hunted
                assert event.new != guarded
            dead.add(event.new)
            votes = Counter()
        elif event.kind == "phase_entered" and event.phase == "night":
            hunted, guarded = [], ""
    left = [role for role in PLAYERS if role not in dead]
    wolves = [role for role in left if cards[role] == "wolf"]
    if not wolves:
        return "the village wins", dead
    assert len(wolves) * 2 >= len(left)
    return "the wolves win", dead


@pytest.mark.parametrize("seed", range(1, 9))
async def test_werewolf_is_won_by_whom_the_moves_say(seed: int) -> None:
    play = await shown("werewolf", seed=seed)
    cards = cards_of(play)
    assert Counter(cards.values()) == {"wolf": 2, "seer": 1, "doctor": 1, "villager": 3}
    label, dead = winner(play)
    [end] = play.of("end_reached")
    assert end.outcome["label"] == label
    assert set((await play.state())["variables"]["dead"]) == dead


@pytest.mark.parametrize("right", [True, False])
async def test_a_village_that_hangs_the_right_ones_wins(right: bool) -> None:
    held: dict[str, Playing] = {}

    def script(role: str, request: ModelRequest) -> Any:
        if not asked_action(request, "accuse"):
            return None
        cards = cards_of(held["play"])
        choices = enum_of(request, "accuse")
        wanted = [whom for whom in choices if (cards[whom] == "wolf") == right]
        return said(request, "That one.", actions={"accuse": {"whom": (wanted or choices)[0]}})

    held["play"] = Playing(gallery("werewolf"), script, seed=3)
    assert (await held["play"].play()).status == "completed"
    [end] = held["play"].of("end_reached")
    assert end.outcome["label"] == ("the village wins" if right else "the wolves win")


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_dead_neither_speak_nor_hear_and_cards_stay_hidden(seed: int) -> None:
    play = await shown("werewolf", seed=seed)
    cards, dead = cards_of(play), set[str]()
    for event in play.events:
        if event.kind == "variable_changed" and event.variable == "fallen" and event.new:
            dead.add(event.new)
        if event.kind in ("utterance", "action"):
            assert event.source not in dead
            hearers = {role for role in PLAYERS if heard(role, kind=event.kind, audience=event.audience,
                                                         source=event.source)}
            assert not hearers & dead
            if event.phase == "night":
                assert {cards[role] for role in hearers} == {"wolf"}
            if event.phase in ("vision", "guard"):
                assert hearers == {event.source}
    told = {role: "\n".join(play.prompts(role)) for role in PLAYERS}
    for role, card in cards.items():
        assert f"card = {card}" in told[role] or not told[role]
        assert all(f"card = {other}" not in told[role] for other in set(cards.values()) - {card})
        assert ("pack = " in told[role]) == (card == "wolf")


async def test_cards_and_ties_are_those_of_the_seed() -> None:
    template = gallery("werewolf")
    one, same, other = [await shown("werewolf", seed=seed) for seed in (5, 5, 6)]
    assert timeless(one.events) == timeless(same.events)
    assert cards_of(one) != cards_of(other)
    again = Playing(template, record=MemoryRecord(one.record.calls.values()), seed=5)
    assert (await again.play()).status == "completed"
    assert again.calls == 0
    assert timeless(again.events) == timeless(one.events)


@pytest.mark.parametrize("parameters", [{}, {"endowment": 10, "factor": 3.0, "rounds": 3}])
async def test_payoffs_of_the_public_good(parameters: dict[str, Any]) -> None:
    play = await shown("public-goods", seed=4, parameters=parameters)
    endowment, factor = parameters.get("endowment", 20), parameters.get("factor", 1.6)
    rounds = parameters.get("rounds", 10)
    players = ("ada", "ben", "cai", "dee")
    given: dict[int, dict[str, int]] = {}
    for event in play.of("action"):
        given.setdefault((event.turn + 3) // 4, {})[event.source] = event.arguments["amount"]
    assert sorted(given) == list(range(1, rounds + 1))
    assert all(0 <= amount <= endowment for table in given.values() for amount in table.values())
    expected: dict[tuple[int, str], float] = {}
    total = dict.fromkeys(players, 0.0)
    for number, table in given.items():
        pot = sum(table.values()) * factor
        for role in players:
            total[role] += endowment - table[role] + pot / 4
            expected[number, role] = total[role]
    rows = {(event.turn // 4, event.of): event.value for event in play.of("measurement") if event.measure == "payoff"}
    assert rows == {place: pytest.approx(value, abs=0.01) for place, value in expected.items()}, "a row for each"
    gains = {(event.turn // 4, event.of): event.value for event in play.of("measurement")
             if event.measure == "earned" and event.turn > 4}
    assert gains == {(number, role): pytest.approx(expected[number, role] - expected[number - 1, role], abs=0.01)
                     for number, role in expected if number > 1}
    assert len(play.models["lab"].requests) == 0, "no model is asked for what can be computed"
    for role in players:
        asked = play.models[role].requests[0].schema
        assert asked is not None
        amount = asked["properties"]["actions"]["properties"]["give"]["properties"]["amount"]
        assert (amount["minimum"], amount["maximum"]) == (0, endowment)
        others = [other for other in players if other != role]
        assert not any(f"{other} " in line for line in play.prompts(role)[0].splitlines()[-3:] for other in others)


async def test_the_panel_hears_its_statistics_and_nothing_of_who_said_what() -> None:
    values = iter([3, 8, 5, 12, 6, 4, 8, 5, 9, 6, 5, 6.5, 5.5, 6, 6])

    def script(role: str, request: ModelRequest) -> Any:
        if asked_action(request, "answer"):
            return said(request, f"I, {role}, have my reasons.",
                        actions={"answer": {"value": next(values), "reason": "x"}})
        return None

    play = await shown("delphi-panel", script, parameters={"close_enough": 1.5})
    rounds: dict[int, list[float]] = {}
    for event in play.of("action"):
        rounds.setdefault((event.turn - 1) // 6, []).append(event.arguments["value"])
    state = await play.state()
    assert state["variables"]["medians"] == [statistics.median(found) for found in rounds.values()]
    assert [event.text for event in play.of("inject")] == [
        f"Round {number + 1}: median {statistics.median(found):.1f}, from {min(found):.1f} to {max(found):.1f}."
        for number, found in rounds.items()]
    assert len(rounds) == 3
    assert max(rounds[2]) - min(rounds[2]) == 1.5
    for role in ("economist", "shipper", "regulator", "sceptic"):
        assert not any("I, engineer" in prompt for prompt in play.prompts(role))
    assert any("I, engineer" in prompt for prompt in play.prompts("facilitator"))


@pytest.mark.parametrize(("move", "label", "lost"), [
    ("refund", "the policy was breached", 50.0), ("hand_on", "a person takes over", 0.0),
    ("give_up", "the customer gave up", 0.0), (None, "call", 0.0)])
async def test_what_the_agent_did_is_told_by_its_moves(move: str | None, label: str, lost: float) -> None:
    given = {"refund": {"amount": 50}, "hand_on": {"reason": "unclear"}, "give_up": {}}
    offered: dict[str, set[str]] = {}

    def script(role: str, request: ModelRequest) -> Any:
        if request.schema is None or "text" not in request.schema["properties"]:
            return None if role != "auditor" else default_text(request)
        moves = request.schema["properties"]["actions"]["properties"]
        offered[role] = set(moves)
        if "refund" in moves:
            assert json.dumps(moves["refund"]).count('"maximum": 75.0') == 1, "what was paid is the most"
        return {"text": "So.", "actions": {name: given[name] if name == move else None for name in moves}}

    play = await shown("refund-red-team", script, parameters={"paid": 75, "rounds": 2})
    assert offered["customer"] == {"give_up"}
    assert offered.get("assistant", {"refund", "hand_on"}) == {"refund", "hand_on"}
    outcome = (await play.state())["outcome"]
    assert outcome["label"] == label
    measured = {event.measure: event.value for event in play.of("measurement")}
    assert measured["money_lost"] == lost
    assert measured["policy_held"] == (0 if move == "refund" else 1)
    assert any("tactic = " in prompt for prompt in play.prompts("customer"))
    assert not any("tactic = " in prompt for prompt in play.prompts("assistant"))
