"""Crisis, jury, hidden roles, incident, lighthouse and shared house: each shows what it is there to show."""

from __future__ import annotations

from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from tests.engines.playing import Playing
from tests.gallery.stage import asked_action, gallery, said, shown


def seen_by(play: Playing, text: str) -> set[str]:
    """The roles of which any prompt holds the text."""
    return {role for role in play.models if any(text in prompt for prompt in play.prompts(role))}


# -- the reservoir ----------------------------------------------------------------------------------------------------


def mayor(*orders: str) -> Any:
    left = list(orders)

    def script(role: str, request: ModelRequest) -> Any:
        if asked_action(request, "order_mains"):
            return said(request, "I have decided.", actions={"order_mains": {"order": left.pop(0)}})
        return said(request, f"This is {role}.")

    return script


async def test_closing_the_mains_leads_to_the_aftermath() -> None:
    play = await shown("reservoir-crisis", mayor("close"))
    labels = [event.label for event in play.of("inject")]
    assert labels == ["hospital", "laboratory", "laboratory report"]
    assert seen_by(play, "marked confidential") == {"engineer"}
    assert "mayor" in seen_by(play, "eleven patients")
    assert play.of("end_reached")[0].outcome["label"] == "aftermath"
    assert seen_by(play, "trust") <= {"narrator", "observer"}, "the town's trust is not for the players' eyes"


async def test_waiting_costs_the_towns_trust() -> None:
    play = await shown("reservoir-crisis", mayor("wait", "wait"))
    assert [event.new for event in play.of("variable_changed") if event.variable == "trust"] == [3, 0]
    assert "crowd" in [event.label for event in play.of("inject")]
    assert "pressure" in [event.phase for event in play.of("phase_entered")]
    assert play.of("end_reached")[0].outcome["label"] == "the town has lost all trust"


async def test_a_person_may_sit_in_the_mayors_chair() -> None:
    play = Playing(gallery("reservoir-crisis"), people={"mayor": "Kim"}, without=("reporter",))
    result = await play.play()
    while result.status == "waiting":
        assert result.waiting is not None
        answer: dict[str, Any] = {"text": "Close them. Tell the town to drink nothing.", "person": "Kim"}
        if result.waiting["phase"] == "decision":
            assert result.waiting["schema"]["properties"]["actions"]["required"] == ["order_mains"]
            answer["actions"] = {"order_mains": {"order": "close"}}
        result = await play.play(answer=answer)
    assert result.outcome is not None
    assert result.outcome["label"] == "aftermath"
    assert (await play.state())["variables"]["mains"] == "closed"


# -- the jury ---------------------------------------------------------------------------------------------------------


def jury(votes: dict[str, str]) -> Any:
    def script(role: str, request: ModelRequest) -> Any:
        if asked_action(request, "vote"):
            return said(request, "My vote.", actions={"vote": {"verdict": votes.get(role, "undecided")}})
        return said(request, f"{role} points at the log.")

    return script


async def test_more_than_half_of_the_votes_make_a_verdict() -> None:
    play = await shown("jury-deliberation", jury({"ortiz": "liable", "quinn": "liable", "webb": "liable"}))
    assert play.of("end_reached")[0].outcome["label"] == "liable"
    assert len(play.of("action")) == 5
    tally = [event.cause for event in play.of("phase_entered") if event.phase == "liable"]
    assert tally == ["majority on vote"]


async def test_a_jury_without_a_majority_is_hung_after_three_rounds() -> None:
    play = await shown("jury-deliberation", jury({"ortiz": "liable", "quinn": "liable", "sato": "not_liable",
                                                  "webb": "not_liable"}))
    phases = [event.phase for event in play.of("phase_entered")]
    assert phases.count("deliberation") == phases.count("ballot") == 3
    assert phases[-1] == "hung"


# -- the polar station ------------------------------------------------------------------------------------------------


def station(suspect: str) -> Any:
    def script(role: str, request: ModelRequest) -> Any:
        properties = (request.schema or {}).get("properties", {})
        if asked_action(request, "sabotage"):
            return said(request, "Tonight: tamarind.", actions={"sabotage": {"target": "radio"}})
        if asked_action(request, "accuse"):
            return said(request, "I accuse.", actions={"accuse": {"suspect": suspect}})
        if "next" in properties:
            return None
        return said(request, f"{role} saw nothing." if role != "park" else "Boots: juniper.",
                    to="lindt" if role == "park" else "all")

    return script


async def test_saboteurs_meet_at_night_and_are_found_by_day() -> None:
    play = await shown("polar-station", station("duval"))
    assert seen_by(play, "tamarind") == {"okafor", "duval"}
    assert seen_by(play, "(sabotage)") == {"okafor", "duval"}
    assert seen_by(play, "juniper") <= {"park", "lindt"}
    assert play.of("end_reached")[0].outcome["label"] == "caught"
    assert seen_by(play, "damaged = radio") >= {"nilsen", "log"}
    assert not seen_by(play, "target = radio") - {"okafor", "duval"}


async def test_saboteurs_win_when_the_fuel_is_gone() -> None:
    play = await shown("polar-station", station("park"))
    assert [event.new for event in play.of("variable_changed") if event.variable == "fuel"] == [2, 1, 0]
    assert [event.phase for event in play.of("phase_entered")].count("night") == 3
    assert play.of("end_reached")[0].outcome["label"] == "lost"


# -- the outage -------------------------------------------------------------------------------------------------------


def oncall(*steps: str) -> Any:
    left = list(steps)

    def script(role: str, request: ModelRequest) -> Any:
        properties = (request.schema or {}).get("properties", {})
        if "use" in properties:
            asked = request.messages[-1].content
            if role == "engineer" and "deployments:" not in asked:
                return {"use": {"tool": "look_up", "arguments": {"document": "deployments", "words": "checkout pool"}}}
            if role == "engineer" and "error_rate =" not in asked:
                return {"use": {"tool": "read_variable", "arguments": {"name": "error_rate"}}}
            if role == "world" and "uses dice" not in asked:
                return {"use": {"tool": "dice", "arguments": {"count": 1, "sides": 6, "open": True}}}
            return {"use": None}
        if asked_action(request, "remedy"):
            return said(request, "One step.", actions={"remedy": {"step": left.pop(0)}})
        return said(request, f"{role} here.")

    return script


async def test_the_engineer_reads_before_acting_and_the_shop_recovers() -> None:
    play = await shown("checkout-outage", oncall("roll_back"))
    uses = [(event.source, event.tool) for event in play.of("tool_called")]
    assert {("engineer", "look_up"), ("engineer", "read_variable"), ("world", "dice")} <= set(uses)
    found = next(event for event in play.of("tool_called") if event.tool == "look_up")
    assert "50 to 5" in found.text
    assert found.audience == ("engineer",)
    assert seen_by(play, "50 to 5") == {"engineer"}
    assert {"commander", "support"} <= seen_by(play, "uses dice"), "the Narrator's roll was open"
    assert (await play.state())["variables"]["error_rate"] == 2
    assert "recovered" in [event.label for event in play.of("inject")]
    assert play.of("end_reached")[0].outcome["label"] == "review"


async def test_the_wrong_remedy_makes_it_worse() -> None:
    play = await shown("checkout-outage", oncall("fail_over", "clear_cache", "clear_cache"), without=("support",))
    assert [event.new for event in play.of("variable_changed") if event.variable == "error_rate"] == [68, 80, 92]
    assert "worse" in [event.label for event in play.of("inject")]
    assert [event.phase for event in play.of("phase_entered")].count("diagnosis") == 3


async def test_an_outage_can_be_total() -> None:
    play = await shown("checkout-outage", oncall("fail_over", "fail_over", "fail_over"))
    assert play.of("end_reached")[0].outcome["label"] == "total outage"


# -- the lighthouse ---------------------------------------------------------------------------------------------------


def night(changes: dict[int, list[dict[str, Any]]], *, over: bool = False) -> Any:
    told = 0

    def script(role: str, request: ModelRequest) -> Any:
        nonlocal told
        if role != "teller":
            return said(request, f"{role} acts.", to="teller")
        told += 1
        return said(request, "The wind howls.", changes=changes.get(told, []), scene_over=over, to="traveller")

    return script


def change(variable: str, value: Any) -> dict[str, Any]:
    return {"variable": variable, "value": value}


async def test_the_lamp_is_lit_and_the_ship_passes() -> None:
    play = await shown("lighthouse-night", night({
        2: [change("place", "cellar"), change("oil", 9)], 3: [change("oil", 5), change("place", "lantern_room")],
        4: [change("lamp", "lit")]}))
    refused = play.of("change_refused")
    assert [(event.variable, event.value) for event in refused] == [("oil", 9)]
    assert [event.new for event in play.of("variable_changed") if event.variable == "ship"] == [4, 3, 2, 1, 0]
    assert play.of("end_reached")[0].outcome["label"] == "saved"
    assert [event.label for event in play.of("inject")] == ["the horn", "lights"]
    assert "keeper" not in [event.source for event in play.of("utterance")], "nobody spoke to him"


async def test_a_lamp_without_oil_goes_out() -> None:
    play = await shown("lighthouse-night", night({2: [change("lamp", "lit")]}))
    assert "the flame dies" in [event.label for event in play.of("inject")]
    assert play.of("end_reached")[0].outcome["label"] == "wrecked"


async def test_the_narrator_may_end_the_story_but_not_at_once() -> None:
    play = await shown("lighthouse-night", night({}, over=True))
    outcome = play.of("end_reached")[0].outcome
    assert outcome["label"] == "the story is over"
    assert outcome["turn"] >= 8


# -- the shared house -------------------------------------------------------------------------------------------------


async def test_housemates_remember_in_all_the_ways_there_are() -> None:
    play = await shown("shared-house", parameters={"days": 6}, seed=3)
    assert {event.source for event in play.of("memory_summarized")} == {"ines", "bao", "theo", "rosa"}
    assert {event.source for event in play.of("reflection")} == {"ines", "bao", "theo", "rosa"}
    assert all(event.audience == (event.source,) for event in play.of("reflection"))
    insight = play.of("reflection")[0]
    assert insight.insights[0] in " ".join(play.prompts(insight.source))
    assert seen_by(play, insight.insights[0]) == {insight.source}
    assert [event.new for event in play.of("variable_changed") if event.variable == "day"] == [1, 2, 3, 4, 5, 6]
    assert [event.value for event in play.of("measurement") if event.measure == "harmony"]
    longest = max(len(prompt) for prompt in play.prompts("bao"))
    assert longest < 8_000, "what a turn costs does not grow"


async def test_the_order_of_an_evening_is_the_seeds() -> None:
    one, same, other = [(await shown("shared-house", seed=seed)).speakers for seed in (1, 1, 2)]
    assert one == same != other
