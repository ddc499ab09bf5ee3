"""What could not be measured when a run ended is measured later, and anything can be measured again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyscrai.databases.repositories.calls import Calls
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import ModelServerError, RunError, WrongState
from pyscrai.services.run_measures import measure_run
from tests.engines.playing import actor, analyst
from tests.services.conftest import House

REFUSAL = "I cannot do that."
MEASURED: dict[str, Any] = {
    "roles": {"ann": {"agent": actor()}, "bob": {"agent": actor()},
              "eye": {"agent": analyst(failure={"retries": 0, "repairs": 0, "backoff": 0})}},
    "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end"}]}}},
    "analysis": {"by": "eye", "report": True, "measures": [
        {"name": "calm", "scale": [1, 5], "of": "each", "rubric": "How calm."},
        {"name": "tone", "categories": ["factual", "angry"], "rubric": "The tone."}]}}


def measures(request: ModelRequest) -> Any:
    """A good answer to whatever is asked."""
    if request.schema is None:
        return "It was a calm talk, all in all."
    value = request.schema["properties"]["value"]
    return {"value": 4 if "minimum" in value else "factual", "rationale": "so it was", "evidence": []}


def down(request: ModelRequest) -> Any:
    if "Measure" in request.messages[-1].content or request.schema is not None:
        raise ModelServerError("down")
    return "Well."


async def without_results(house: House) -> str:
    def script(request: ModelRequest) -> Any:
        if request.schema is not None:
            return REFUSAL
        return "" if "report" in request.messages[-1].content else "Well."

    house.script = script
    run_id = await house.played(MEASURED)
    assert (await house.row(run_id)).status == "completed"
    return run_id


async def test_what_is_missing_is_taken_and_nothing_else(house: House) -> None:
    run_id = await without_results(house)
    missing = await house.events(run_id, "result_missing")
    assert [(event.payload["task"], event.payload["of"]) for event in missing] == [
        ("measure", "ann"), ("measure", "bob"), ("measure", None), ("report", None)]
    house.script = measures
    found = await measure_run(house.services, run_id)
    taken = [event.payload for event in found.measurements]
    assert [(payload["measure"], payload["of"], payload["value"]) for payload in taken] == [
        ("calm", "ann", 4), ("calm", "bob", 4), ("tone", None, "factual")]
    assert found.report is not None
    assert not found.missing
    assert (await house.row(run_id)).status == "completed"
    asked = len(house.asked)
    again = await measure_run(house.services, run_id)
    assert (again.measurements, again.report, again.missing) == ([], None, [])
    assert len(house.asked) == asked


async def test_a_measure_can_be_taken_again_and_both_stay(house: House) -> None:
    house.script = measures
    run_id = await house.played(MEASURED)
    for number in (1, 2):
        found = await measure_run(house.services, run_id, ["tone"])
        assert [event.key for event in found.measurements] == [f"t2.eye.measure:again{number}"]
    assert len(await house.events(run_id, "measurement")) == 5
    found = await measure_run(house.services, run_id, report=True)
    assert found.report is not None
    assert not found.measurements
    assert len(await house.events(run_id, "report")) == 2
    places = [(stored.call.key.task, stored.call.key.ordinal) for stored in await house.calls(run_id)]
    assert len(set(places[2:])) == len(places[2:])


async def test_what_cannot_be_had_again_is_stated_again(house: House) -> None:
    run_id = await without_results(house)
    house.script = down
    found = await measure_run(house.services, run_id)
    assert not found.measurements
    assert [event.payload["of"] for event in found.missing] == ["ann", "bob", None]
    house.script = measures
    assert len((await measure_run(house.services, run_id)).measurements) == 3


async def recorded(house: House, run_id: str) -> int:
    async with house.services.database.read() as session:
        return len(await Calls(session).read(run_id))


async def test_what_was_cut_off_is_not_paid_twice(house: House) -> None:
    run_id = await without_results(house)

    class CutOff(BaseException):
        """As if the process ended."""

    answers = [measures, measures]

    def script(request: ModelRequest) -> Any:
        if not answers:
            raise CutOff
        return answers.pop()(request)

    house.script, before = script, await recorded(house, run_id)
    with pytest.raises(CutOff):
        await measure_run(house.services, run_id)
    async with asyncio.timeout(10):
        while await recorded(house, run_id) < before + 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    house.script = measures
    asked = len(house.asked)
    found = await measure_run(house.services, run_id)
    assert len(found.measurements) == 3
    assert len(house.asked) == asked + 2, "the third score and the report"


async def test_a_run_that_has_not_ended_or_has_no_analysis_cannot_be_measured(house: House) -> None:
    run_id = await house.make(MEASURED)
    with pytest.raises(WrongState):
        await measure_run(house.services, run_id)
    house.script = measures
    await house.play(run_id)
    with pytest.raises(RunError) as caught:
        await measure_run(house.services, run_id, ["tine"])
    assert caught.value.code == "run.unknown_measure"
    assert "tone" in str(caught.value.cure)
    plain = await house.played({**{name: MEASURED[name] for name in ("roles", "flow")}, "name": "plain"})
    with pytest.raises(RunError) as caught:
        await measure_run(house.services, plain)
    assert caught.value.code == "run.no_analysis"
