"""Conversation, bargaining, merger, focus group, interview and debate: each shows what it is there to show."""

from __future__ import annotations

import json
from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from tests.engines.playing import Playing
from tests.gallery.stage import asked_action, gallery, last_asked, said, shown

# -- two friends at the station ---------------------------------------------------------------------------------------


async def test_two_friends_talk_and_part() -> None:
    play = await shown("two-agent-conversation")
    assert play.speakers == ["narrator", *["ada", "ben"] * 2, "narrator", *["ada", "ben"] * 2, "narrator"]


async def test_two_friends_may_part_early() -> None:
    play = await shown("two-agent-conversation", lambda role, request: said(
        request, "Goodbye forever, Ada." if role == "ben" else "Wait."))
    assert play.of("end_reached")[0].outcome["end"] == "phrase"
    assert play.speakers[-1] == "ben"


# -- the price of a used car ------------------------------------------------------------------------------------------


def bargainers(steps: dict[str, int]) -> Any:
    def script(role: str, request: ModelRequest) -> Any:
        if not asked_action(request, "name_price"):
            return None
        fields = (request.schema or {})["properties"]["actions"]["properties"]["name_price"]["properties"]
        near, far = fields["dollars"]["enum"][0], fields["dollars"]["enum"][-1]
        return said(request, f"A word of the {role}.", actions={"name_price": {
            "dollars": near if steps[role] == 200 else far, "reason": fields["reason"]["enum"][0]}})

    return script


async def test_a_car_is_sold_when_the_prices_meet() -> None:
    play = await shown("used-car-negotiation", bargainers({"seller": 400, "buyer": 200}))
    prices = [event.new for event in play.of("variable_changed") if isinstance(event.new, int)]
    assert prices == [6500, 4900, 6100, 5100, 5700, 5300, 5300]
    given = [event.arguments["reason"] for event in play.of("action") if event.action == "name_price"]
    assert len(given) == len(set(given)) == 5, "each reason is given once"
    assert play.of("end_reached")[0].outcome["label"] == "deal"
    assert [event.text for event in play.of("inject")][-1] == "Dana and Lee agree on 5300 dollars."
    assert "agree on 5300" in play.prompts("narrator")[-1]


async def test_a_car_is_not_sold_when_they_do_not_meet() -> None:
    play = await shown("used-car-negotiation", bargainers({"seller": 200, "buyer": 200}), parameters={"asking": 9000})
    assert play.of("end_reached")[0].outcome["label"] == "no_deal"
    assert "Dana asks 8200 dollars, Lee offers 5700." in play.of("inject")[-1].text
    assert "9000 dollars" in play.prompts("buyer")[0]
    assert {(event.measure, event.of) for event in play.of("measurement")} == {
        (measure, role) for measure in ("cooperation", "conceded", "turn_share") for role in ("seller", "buyer")}


# -- the sale of a family firm ----------------------------------------------------------------------------------------


def delegations(decisions: list[str]) -> Any:
    left = list(decisions)

    def script(role: str, request: ModelRequest) -> Any:
        if asked_action(request, "sign"):
            return said(request, "My decision.", actions={"sign": {"decision": left.pop(0)}})
        if role == "counsel" and "to" in (request.schema or {}).get("properties", {}):
            return said(request, "Take the seat we keep for you: zephyr.", to="finance", actions={"offer": None})
        if role == "founder" and request.schema is None:
            return "Among ourselves the word is quince."
        return said(request, "We should talk about the price.", to="all",
                    actions={"offer": {"price": 64, "job_years": 4} if role == "acquirer" else None})

    return script


async def test_a_whisper_across_the_table_is_heard_by_one_and_by_the_analyst() -> None:
    play = await shown("merger-negotiation", delegations(["sign", "sign"]))
    whispers = [event for event in play.of("utterance") if "zephyr" in event.text]
    assert whispers
    assert {event.audience for event in whispers} == {("analyst", "counsel", "finance")}
    heard = {role for role in play.models if any("zephyr" in prompt for prompt in play.prompts(role))}
    assert heard == {"analyst", "counsel", "finance"}
    privately = {role for role in play.models if any("quince" in prompt for prompt in play.prompts(role))}
    assert privately == {"founder", "finance", "analyst"}
    assert play.of("end_reached")[0].outcome["label"] == "signed"
    assert (await play.state())["variables"] == {"price": 64, "job_years": 4}


async def test_one_refusal_buys_ten_minutes_and_two_end_the_talks() -> None:
    play = await shown("merger-negotiation", delegations(["sign", "walk_away", "walk_away", "walk_away"]))
    phases = [event.phase for event in play.of("phase_entered")]
    assert phases[-4:] == ["signing", "last_round", "signing", "parted"]


# -- the focus group --------------------------------------------------------------------------------------------------


async def test_nobody_in_a_focus_group_follows_the_first_answer() -> None:
    seen: dict[str, list[str]] = {}

    def script(role: str, request: ModelRequest) -> Any:
        seen.setdefault(role, []).append(last_asked(request))
        ratings = {"student": 2, "parent": 5, "retiree": 1, "tradesman": 3}
        return said(request, f"word{role}{len(seen[role])} is what I think.",
                    actions={"rate": {"interest": ratings.get(role, 1), "price": 6}})

    play = await shown("product-focus-group", script, parameters={"product": "a umbrella on loan"})
    participants = ["student", "parent", "retiree", "tradesman"]
    for reader in participants:
        for other in set(participants) - {reader}:
            assert f"word{other}1" not in seen[reader][0]
            assert f"word{other}1" in seen[reader][1]
            assert f"word{other}2" not in seen[reader][1]
    assert all(f"word{role}1" in seen["host"][1] for role in participants)
    assert (await play.state())["variables"]["interest_sum"] == 11
    assert "umbrella on loan" in play.prompts("student")[0]
    assert {event.of for event in play.of("measurement") if event.measure == "sentiment"} == set(participants)
    steps = [event.turn for event in play.of("utterance") if event.phase == "first_impression"]
    assert len(steps) == len(set(steps)) == 5


# -- interview practice -----------------------------------------------------------------------------------------------


async def test_a_person_practises_an_interview() -> None:
    play = Playing(gallery("job-interview"), people={"candidate": "Kim"})
    result = await play.play()
    answers = 0
    while result.status == "waiting":
        assert result.waiting is not None
        assert result.waiting["role"] == "candidate"
        assert result.waiting["lines"] or result.waiting["phase"] == "opening"
        answers += 1
        result = await play.play(answer={"text": f"In the warehouse, for the {answers}. time.", "person": "Kim"})
    assert result.status == "completed", result
    assert answers == 5
    own = [event for event in play.of("utterance") if event.source == "candidate"]
    assert {event.played_by for event in own} == {"Kim"}
    assert not play.models["candidate"].requests
    assert len([event for event in play.of("measurement") if event.measure == "substance"]) >= 4
    assert len(play.of("report")) == 1


async def test_an_interview_can_be_broken_off() -> None:
    play = await shown("job-interview", lambda role, request: said(
        request, "Let us stop here, please." if role == "candidate" else "Why?"))
    assert play.of("end_reached")[0].outcome["end"] == "phrase"


# -- the debate -------------------------------------------------------------------------------------------------------


def hall(*, met: bool) -> Any:
    def script(role: str, request: ModelRequest) -> Any:
        properties = (request.schema or {}).get("properties", {})
        if "next" in properties:
            choices = properties["next"]["enum"]
            return {"next": "citizen" if "citizen" in choices else choices[0], "reason": "has not spoken"}
        if "met" in properties:
            return {"rationale": "A trial is accepted.", "met": met, "evidence": ["t2", "made-up"]}
        return None if request.schema else f"{role} has the floor."

    return script


async def test_a_moderator_gives_the_floor() -> None:
    play = await shown("town-hall-debate", hall(met=False))
    exchange = [event.source for event in play.of("utterance") if event.phase == "exchange"]
    assert exchange == ["citizen", "proposer"] * 3
    assert [event.chosen for event in play.of("speaker_chosen")] == exchange
    assert play.of("end_reached")[0].outcome["label"] == "farewell"
    winner = next(event for event in play.of("measurement") if event.measure == "winner")
    assert winner.value in ("for the motion", "against the motion", "undecided")


async def test_a_debate_ends_with_a_compromise_that_the_judge_sees() -> None:
    play = await shown("town-hall-debate", hall(met=True), parameters={"motion": "Pigeons should be fed"})
    assert play.of("end_reached")[0].outcome["label"] == "compromise"
    assert [verdict.evidence for verdict in play.of("verdict")] == [["t2"]]
    assert "Pigeons" in play.prompts("citizen")[0] if play.prompts("citizen") else True
    assert json.dumps(play.of("end_reached")[0].outcome)
