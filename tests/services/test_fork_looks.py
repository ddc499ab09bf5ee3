"""A fork that changes a message leaves nothing of the old words in scores, verdicts, assessments and choices."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pyscrai.databases.repositories.measurements import Measurements
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.errors import RunError
from pyscrai.services.forks import Edits, fork_run
from pyscrai.services.interviews import interview
from pyscrai.services.replays import replay_run
from pyscrai.services.run_states import moment
from tests.engines.playing import actor, analyst, narrator
from tests.services.conftest import House

WORD = re.compile(r"\bw\d+x\b")
TALK: dict[str, Any] = {
    "variables": {"pot": {"type": "integer", "initial": 1}},
    "actions": {"wave": {"description": "Waves.", "fields": {"hand": {"type": "string"}}}},
    "roles": {"ann": {"agent": actor()}, "bob": {"agent": actor()}, "god": {"agent": narrator()},
              "eye": {"agent": analyst()}, "ear": {"agent": analyst()}},
    "groups": {"pair": ["ann", "bob"]},
    "flow": {"start": "talk", "phases": {"talk": {
        "speakers": ["ann", "bob"], "order": "moderated", "moderator": "god", "observe": {"by": "ear", "every": 3},
        "optional_actions": ["wave"], "next": [{"to": "end", "after_turns": 12}]}}},
    "ends": [{"judge": {"goal": "They agree.", "by": "ear", "every": 4}}, {"turns": 30}],
    "analysis": {"by": "eye", "measures": [
        {"name": "calm", "scale": [1, 5], "rubric": "How calm.", "each": 2},
        {"name": "length", "metric": "words", "of": "each", "each": 2},
        {"name": "mood", "metric": "sentiment", "each": 2},
        {"name": "pot", "value": "vars.pot", "each": 1},
        {"name": "twice", "value": "has(measures.calm) ? 2 * measures.calm : 0", "each": 4}]}}


def echoing(house: House) -> None:
    """A model that says a new word whenever it speaks, and repeats all that it was shown wherever it gives reasons."""
    number = iter(range(1, 10_000))

    def script(request: ModelRequest) -> Any:
        seen = " ".join(dict.fromkeys(WORD.findall(" ".join(part.content for part in request.messages[1:]))))[-200:]
        fields = request.schema["properties"] if request.schema is not None else {}
        if "next" in fields:
            return {"next": fields["next"]["enum"][0], "reason": seen[-90:]}
        if "findings" in fields:
            return {"summary": seen, "findings": []}
        if "met" in fields:
            return {"met": False, "rationale": seen, "evidence": []}
        if "value" in fields:
            return {"value": 1 + len(seen) % 5, "rationale": seen, "evidence": []}
        said = f"I say w{next(number)}x now."
        return {"text": said, "actions": {"wave": {"hand": "left"}}} if fields else said

    house.script = script


async def played(house: House) -> tuple[str, Any]:
    echoing(house)
    run_id = await house.played(TALK)
    assert (await house.row(run_id)).status == "completed", (await house.row(run_id)).error
    return run_id, (await house.events(run_id, "utterance"))[2]


@pytest.mark.parametrize("turn", [3, 6, 8, 11])
async def test_nothing_that_was_found_in_the_old_words_is_left(house: House, turn: int) -> None:
    run_id, line = await played(house)
    old = WORD.findall(line.payload["text"])[0]
    child = await fork_run(house.services, run_id, turn, Edits(message=(line.key, "I say w9999x now.")), actor="kim")
    begun = await house.events(child)
    asked = len(house.asked)
    assert (await house.play(child)).status == "completed"
    told = [message.content for request in house.asked[asked:] for message in request.messages]
    assert not [text for text in told if re.search(rf"\b{old}\b", text)], "the old words live on in a prompt"
    for event in [*begun, *await house.events(child)]:
        # Who spoke when is what happened; the reasons stand with it.
        if event.kind != "run_forked" and (event.kind != "speaker_chosen" or event.turn >= turn):
            assert not re.search(rf"\b{old}\b", str(event.payload)), event
    async with house.services.database.read() as session:
        rows = await Measurements(session).read(child)
    found = await house.events(child, "measurement")
    assert [row.seq for row in rows] == [event.seq for event in found], "rows and events are the same measurements"
    assert not [row for row in rows if re.search(rf"\b{old}\b", row.rationale)]
    assert (await replay_run(house.services, child)).same
    assert (await replay_run(house.services, run_id)).same


async def test_what_was_found_is_found_again_at_once(house: House) -> None:
    run_id, line = await played(house)
    child = await fork_run(house.services, run_id, 9, Edits(message=(line.key, "Wonderful, great, I love it.")),
                           actor="kim")
    [forked] = await house.events(child, "run_forked")
    assert forked.payload["edits"]["message"] == {
        "key": line.key, "text": "Wonderful, great, I love it.", "turn": 3, "chosen_again": "god",
        "retaken": {"by": ["ear", "eye"], "measures": ["calm", "length", "mood", "twice"]}}
    before = {event.payload["measure"] for event in await house.events(child, "measurement") if event.turn >= 3}
    assert before == {"pot"}, "what no words made is still there"
    assert not [event for event in await house.events(child, "verdict", "assessment") if event.turn >= 3]
    await house.play(child, step=True)
    own = [event for event in await house.events(child, inherited=False) if event.turn == 9]
    assert [event.payload["measure"] for event in own if event.kind == "measurement"] == [
        "calm", "length", "length", "mood", "twice"]
    assert {"verdict", "assessment", "speaker_chosen"} <= {event.kind for event in own}


async def test_counted_words_are_those_of_the_fork(house: House) -> None:
    run_id, line = await played(house)
    child = await fork_run(house.services, run_id, 6, Edits(message=(line.key, "Wonderful, great, I love it.")),
                           actor="kim")
    at_six = (await moment(house.services, run_id, 6)).values["clock"]["spoken"][line.source]
    spoken = (await moment(house.services, child)).values["clock"]["spoken"][line.source]
    assert spoken["words"] == at_six["words"] + 5 - 4
    assert spoken["sentiment"] > at_six["sentiment"]
    assert spoken["turns"] == at_six["turns"]


async def test_who_did_not_hear_the_message_has_nothing_to_find_again(house: House) -> None:
    echoing(house)
    phase = {**TALK["flow"]["phases"]["talk"], "audience": ["pair"]}
    run_id = await house.played({**TALK, "name": "apart", "flow": {"start": "talk", "phases": {"talk": phase}}})
    line = (await house.events(run_id, "utterance"))[2]
    child = await fork_run(house.services, run_id, 9, Edits(message=(line.key, "Otherwise.")), actor="kim")
    [forked] = await house.events(child, "run_forked")
    assert forked.payload["edits"]["message"] == {"key": line.key, "text": "Otherwise."}


async def test_a_fork_of_such_a_fork_goes_back_far_enough(house: House) -> None:
    run_id, line = await played(house)
    old = WORD.findall(line.payload["text"])[0]
    child = await fork_run(house.services, run_id, 8, Edits(message=(line.key, "I say w9999x now.")), actor="kim")
    await house.play(child, step=True)
    later = next(event for event in await house.events(child, "utterance") if event.turn == 6)
    other = await fork_run(house.services, child, 8, Edits(message=(later.key, "I say w9998x now.")), actor="kim")
    assert (await house.play(other)).status == "completed"
    for event in await house.events(other):
        if event.kind not in ("run_forked", "speaker_chosen"):
            assert not re.search(rf"\b{old}\b", str(event.payload)), event
    values = (await moment(house.services, other, 8)).values
    assert not re.search(rf"\b{old}\b", str({**values, "next": None}))
    assert (await replay_run(house.services, other)).same


async def test_only_words_can_be_changed(house: House) -> None:
    run_id, line = await played(house)
    with pytest.raises(RunError, match="no words"):
        await fork_run(house.services, run_id, 6, Edits(message=(line.key, " \n")), actor="kim")
    [move] = [event for event in await house.events(run_id, "action") if event.turn == 3]
    with pytest.raises(RunError, match="of the kind action") as caught:
        await fork_run(house.services, run_id, 6, Edits(message=(move.key, "Bob waves.")), actor="kim")
    assert caught.value.code == "run.not_words"


async def test_a_changed_variable_is_heard_by_those_who_may_see_it_at_that_turn_alone(house: House) -> None:
    echoing(house)
    run_id = await house.played({
        "variables": {"out": {"type": "list", "initial": []}, "word": {"type": "string", "initial": "a",
                                                                       "visible_to": ["inside"]}},
        "roles": {"ann": {"agent": actor()}, "bob": {"agent": actor()}},
        "groups": {"inside": {"of": ["ann", "bob"], "when": "!(role in vars.out)"}},
        "rules": [{"when": "turn >= 1", "once": True, "set": {"out": "['bob']"}}],
        "flow": {"start": "talk", "phases": {"talk": {"speakers": ["ann", "bob"],
                                                      "next": [{"to": "end", "after_turns": 4}]}}}})
    assert (await house.row(run_id)).status == "completed", (await house.row(run_id)).error
    child = await fork_run(house.services, run_id, 2, Edits(variables={"word": "b"}), actor="kim")
    [told] = [event for event in await house.events(child, "variable_changed") if event.payload["variable"] == "word"]
    assert list(told.audience) == ["ann"]


async def test_an_interview_with_no_answer_is_kept_as_one(house: House) -> None:
    run_id, _ = await played(house)
    house.script = lambda request: "..."
    found = await interview(house.services, run_id, "ann", "Why?")
    assert found.answer == "..."
