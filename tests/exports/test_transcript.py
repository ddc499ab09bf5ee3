"""Events as people read them."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pyscrai.events import AnyEvent
from pyscrai.exports import transcript
from pyscrai.exports.folded_changes import folded
from pyscrai.exports.transcript import Transcript
from pyscrai.exports.transcript_entry import clean, heard_by, outcome_text
from tests.exports.samples import EVENTS, EVIL, line


def entries(*lines: dict[str, Any]) -> list[transcript.Entry]:
    return list(Transcript({"ada": "Ada", "bo": "Bo", "cy": "Cy"}).entries(lines))


def test_every_kind_of_event_is_read_or_left_out_on_purpose() -> None:
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(AnyEvent)[0])}
    assert kinds - set(transcript._READERS) == {"end_reached"}, "the run_completed event says the same"


def test_a_play_reads_in_its_order() -> None:
    tones = [entry.tone for entry in entries(*EVENTS) if not entry.detail]
    assert tones == ["premise", "heading", "inject", "speech", "speech", "action", "inject", "inject", "change",
                     "warning", "analysis", "report", "status"]


def test_whispers_name_who_heard_them() -> None:
    whisper = {"source": "ada", "name": "Ada", "text": "psst"}
    assert entries(line(1, "utterance", audience=["bo"], **whisper))[0].to == "Bo"
    assert entries(line(1, "utterance", audience=["ada", "bo", "cy"], **whisper))[0].to == "Bo and Cy"
    assert entries(line(1, "utterance", audience=["ada"], **whisper))[0].to == "nobody"
    assert entries(line(1, "utterance", audience="all", **whisper))[0].to == ""


def test_an_inject_says_whose_it_is() -> None:
    told = {entry.tag: entry.who for entry in entries(*EVENTS) if entry.tone == "inject"}
    assert told == {"": "", "bell": "Telephone", "by kim": ""}


def test_actions_leave_out_what_is_empty() -> None:
    assert next(entry.text for entry in entries(*EVENTS) if entry.tone == "action") == "price: 40"


def test_nothing_steers_a_terminal() -> None:
    assert clean(EVIL).endswith("pipe [31mred")
    assert clean("a\x9bb\u202ec\r\nd\te") == "abc\nd\te"


def test_a_role_sees_what_it_heard_or_said() -> None:
    assert [event["seq"] for event in heard_by(EVENTS, "obs")] == [1, 2, 3, 6, 7, 11, 12]
    assert 4 in [event["seq"] for event in heard_by(EVENTS, "ada")]


@pytest.mark.parametrize(("outcome", "text"), [
    (None, ""), ({"end": "turns"}, "Turns"), ({"end": "phrase", "label": "agreed", "reason": "he said so"},
                                              "Agreed: he said so")])
def test_an_outcome_in_words(outcome: dict[str, Any] | None, text: str) -> None:
    assert outcome_text(outcome) == text


def test_a_phase_goes_by_its_title() -> None:
    script = Transcript({}, {"talk": "A long talk"})
    assert script.read(line(1, "phase_entered", text="", cause=""))[0].text == "A long talk"
    assert entries(line(1, "phase_entered", phase="first_words", text="", cause=""))[0].text == "First words"


def test_changes_of_a_turn_are_one_entry_and_scores_have_their_rationale_apart() -> None:
    lines = [
        {"kind": "variable_changed", "turn": 3, "seq": 1, "variable": "trust", "old": 6, "new": 3.3000000000000003,
         "cause": "a"},
        {"kind": "variable_changed", "turn": 3, "seq": 2, "variable": "diverted", "old": False, "new": True,
         "cause": "a"},
        {"kind": "variable_changed", "turn": 4, "seq": 3, "variable": "trust", "old": 3, "new": 2, "cause": "b"},
        {"kind": "measurement", "turn": 4, "seq": 4, "measure": "calm", "of": None, "value": 4, "rationale": "So calm.",
         "source": "observer"},
        {"kind": "tool_called", "turn": 4, "seq": 5, "tool": "dice", "source": "ann", "arguments": {"sides": [6]},
         "result": {"sum": 4}, "error": None}]
    first, second, score, tool = folded(Transcript().entries(lines))
    assert first.text == "Trust: 6 → 3.3; Diverted: false → true"
    assert (first.tag, second.text) == ("a", "Trust: 3 → 2")
    assert (score.text, score.aside) == ("Calm = 4", "So calm.")
    assert tool.text == 'sides: [6] → {"sum": 4}'
