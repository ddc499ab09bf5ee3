"""A moderator picks who speaks next."""

from __future__ import annotations

from typing import Any

from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError
from tests.engines.playing import Playing, actor, narrator, played, scenario

ROLES = {"ann": actor(), "bob": actor(), "cat": actor(), "god": narrator()}


def moderated(roles: Any = None) -> Any:
    return scenario(roles=roles or ROLES, phases={"talk": {
        "speakers": ["ann", "bob", "cat"], "order": "moderated", "moderator": "god",
        "next": [{"to": "end", "after_turns": 4}]}})


def picking(*picks: Any) -> Any:
    left = list(picks)

    def script(role: str, request: ModelRequest) -> Any:
        return left.pop(0) if role == "god" else None

    return script


async def test_the_moderators_picks_are_followed() -> None:
    order = ["cat", "ann", "cat", "bob"]
    play = await played(moderated(), picking(*({"next": role, "reason": "why not"} for role in order)))
    assert play.speakers == order
    assert [event.chosen for event in play.of("speaker_chosen")] == order
    assert {event.reason for event in play.of("speaker_chosen")} == {"why not"}


async def test_whoever_spoke_last_is_not_eligible() -> None:
    play = await played(moderated(), picking(*({"next": role} for role in ("cat", "cat", "bob", "ann", "cat"))))
    assert play.speakers[:2] == ["cat", "bob"]
    enum = play.models["god"].requests[1].schema["properties"]["next"]["enum"]  # type: ignore[index]
    assert enum == ["ann", "bob"]
    assert len(play.of("reply_repaired")) == 1


async def test_an_invalid_pick_is_repaired_once_then_round_robin_with_a_warning() -> None:
    play = await played(moderated(), picking(
        {"next": "bob"}, {"next": "dan"}, "nobody", {"next": "ann"}, {"next": "bob"}))
    assert play.speakers == ["bob", "cat", "ann", "bob"]
    warning = play.of("flow_warning")[0]
    assert "cat speaks by round robin" in warning.message
    assert play.of("speaker_chosen")[1].reason == "round robin"


async def test_where_turns_may_be_skipped_a_moderator_that_fails_falls_back_to_round_robin() -> None:
    roles = {**ROLES, "god": narrator(failure={"retries": 0, "then": "skip"})}
    play = await played(moderated(roles), picking(*[ModelServerError("down")] * 4))
    assert play.speakers == ["ann", "bob", "cat", "ann"]
    warnings = play.of("flow_warning")
    assert len(warnings) == 4
    assert warnings[1].message == "god could not choose the next speaker (down); bob speaks by round robin"
    assert [event.chosen for event in play.of("speaker_chosen")] == ["ann", "bob", "cat", "ann"]


async def test_a_moderator_that_fails_fails_the_run_where_its_policy_says_so() -> None:
    playing = Playing(moderated({**ROLES, "god": narrator(failure={"retries": 0})}), picking(ModelServerError("down")))
    assert (await playing.play()).status == "failed"


async def test_a_resolver_that_fails_is_skipped_and_the_round_goes_on() -> None:
    template = scenario(roles={"ann": actor(), "bob": actor(), "god": narrator(failure={"retries": 0, "then": "skip"})},
                        phases={"talk": {"speakers": ["ann", "bob"], "order": "simultaneous", "resolver": "god",
                                         "next": [{"to": "end", "after_rounds": 2}]}})

    def script(role: str, request: ModelRequest) -> Any:
        if role == "god":
            raise ModelServerError("down")
        return "Well."

    play = await played(template, script)
    assert play.speakers == ["ann", "bob", "god"] * 2
    assert [event.source for event in play.of("turn_skipped")] == ["god", "god"]


async def test_an_actor_may_moderate_and_speak() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"next": "bob"} if request.schema else None

    play = await played(scenario(roles=("ann", "bob"), phases={"talk": {
        "order": "moderated", "moderator": "ann", "next": [{"to": "end", "after_turns": 2}]}}), script)
    assert play.speakers[0] == "bob"
    assert len(play.speakers) == 2
