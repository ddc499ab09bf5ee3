"""People change the world while a run waits for somebody: what is shown and what is checked is the world as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyscrai.errors import RunError
from pyscrai.services import controls
from pyscrai.services.replays import replay_run
from pyscrai.services.replies import PASS, reply
from pyscrai.services.run_states import waiting_requests
from pyscrai.services.seats import Seat, seat_view
from pyscrai.templates.models.world import InjectText
from tests.services.conftest import House

ROLE = {"agent": {"engine": "actor", "personality": {"role": "a dealer"}}}
PAY: dict[str, Any] = {
    "variables": {"purse": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 9}},
    "roles": {"ann": {**ROLE, "human": "always"}, "bob": ROLE},
    "actions": {"pay": {"by": ["ann"], "fields": {"sum": {"type": "integer", "minimum": 1, "maximum": "vars.purse"}},
                        "set": {"purse": "vars.purse - args.sum"}}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "optional_actions": ["pay"],
                                                  "next": [{"to": "end", "after_rounds": 1}]}}}}


async def asked(house: House, run_id: str) -> tuple[dict[str, Any], int]:
    """The variables that the request shows, and the largest sum that it takes."""
    [request] = await waiting_requests(house.services, run_id)
    pay = json.loads(json.dumps(request["schema"]))["properties"]["actions"]["properties"]["pay"]
    pay = next((each for each in pay.get("anyOf", ()) if each.get("properties")), pay)
    return dict(request["variables"]), pay["properties"]["sum"]["maximum"]


async def injected(house: House, run_id: str, **changes: Any) -> None:
    await controls.inject(house.services, run_id, InjectText(text="Thieves!"), actor="kim", changes=changes)


async def paid(house: House, run_id: str, amount: int) -> None:
    answer = {"text": "Here.", "actions": {"pay": {"sum": amount}}}
    await reply(house.services, run_id, answer, actor="lee", role="ann", wake=False)


async def test_what_is_asked_after_an_inject_is_about_the_world_as_it_is(house: House) -> None:
    run_id = await house.played(PAY)
    assert await asked(house, run_id) == ({"purse": 5}, 5)
    await injected(house, run_id, purse=2)
    await house.play(run_id)
    assert await asked(house, run_id) == ({"purse": 2}, 2)
    assert (await seat_view(house.services, Seat(run_id, "ann", "lee")))["request"]["schema"] is not None
    with pytest.raises(RunError, match="maximum"):
        await paid(house, run_id, 3)
    await paid(house, run_id, 2)
    assert (await house.play(run_id)).status == "completed"
    assert (await house.row(run_id)).variables == {"purse": 0}


async def test_an_answer_that_fits_no_more_is_asked_for_again_and_kills_no_run(house: House) -> None:
    run_id = await house.played(PAY)
    await injected(house, run_id, purse=2)
    await paid(house, run_id, 4)        # made before the inject was seen
    assert (await house.play(run_id)).status == "waiting"
    [request] = await waiting_requests(house.services, run_id)
    assert "maximum" in request["problem"]
    view = await seat_view(house.services, Seat(run_id, "ann", "lee"))
    assert view["request"]["problem"] == request["problem"]
    assert await asked(house, run_id) == ({"purse": 2}, 2)
    await paid(house, run_id, 1)
    assert (await house.play(run_id)).status == "completed"
    assert (await house.row(run_id)).variables == {"purse": 1}
    [told] = [event.payload["message"] for event in await house.events(run_id, "flow_warning")]
    assert told == "an answer of lee for ann is not used: the world had changed, and it did not fit any more"
    assert (await replay_run(house.services, run_id)).same


async def test_an_answer_that_fits_still_counts_and_a_pass_always(house: House) -> None:
    for answer in ({"text": "Here.", "actions": {"pay": {"sum": 1}}}, dict(PASS)):
        run_id = await house.played(PAY)
        await injected(house, run_id, purse=2)
        await reply(house.services, run_id, answer, actor="lee", role="ann", wake=False)
        assert (await house.play(run_id)).status == "completed"
        assert not await house.events(run_id, "flow_warning")


async def test_a_second_answer_that_fits_no_more_is_passed_over_too(house: House) -> None:
    run_id = await house.played(PAY)
    for purse, amount in ((3, 5), (2, 3)):
        await injected(house, run_id, purse=purse)
        await paid(house, run_id, amount)
        assert (await house.play(run_id)).status == "waiting"
    await paid(house, run_id, 2)
    assert (await house.play(run_id)).status == "completed"
    assert len(await house.events(run_id, "flow_warning")) == 2
    assert (await replay_run(house.services, run_id)).same
