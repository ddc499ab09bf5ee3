"""A person who plays a role at the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from pyscrai.cli.terminal.answer_text import read_answer
from pyscrai.cli.terminal.person import Person
from pyscrai.engines.agents.person import check_answer
from pyscrai.errors import RunError

REQUEST: dict[str, Any] = {
    "role": "bo", "name": "Bo", "turn": 3, "task": "speak", "phase": "Haggling", "note": "make an offer",
    "secret": "you are broke", "variables": {"trust": 4}, "schema": None, "choices": None,
    "lines": [{"name": "Ada", "text": f"line {number}", "turn": number} for number in range(20)]}

OFFER = {"type": "object", "additionalProperties": False, "required": ["price"], "properties": {
    "price": {"type": "integer", "minimum": 1, "maximum": 100}, "mood": {"enum": ["calm", "cross"]},
    "note": {"type": "string", "maxLength": 10}, "sure": {"type": "boolean"}, "weight": {"type": "number"}}}


def asking(schema: dict[str, Any]) -> dict[str, Any]:
    properties = {"text": {"type": "string"}, **schema}
    return {**REQUEST, "schema": {"type": "object", "properties": properties, "additionalProperties": False,
                                  "required": ["text", *schema]}}


class Typing:
    """Types prepared lines; at their end the person has left."""

    def __init__(self, *lines: str) -> None:
        self._lines: Iterator[str] = iter(lines)
        self.prompts: list[str] = []

    async def line(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return next(self._lines, None)


async def answer(request: dict[str, Any], *lines: str, name: str = "") -> tuple[dict[str, Any] | None, str]:
    screen = io.StringIO()
    person = Person(Typing(*lines), Console(file=screen, width=100), name)
    return await person.answer(request), screen.getvalue()


async def test_speech_is_a_line() -> None:
    given, seen = await answer(REQUEST, "", "  Good\x1b[2J day. ", name="Kim")
    assert given == {"text": "Good[2J day.", "person": "Kim"}
    assert "You are Bo: turn 3, Haggling" in seen
    assert "you are broke" in seen
    assert "make an offer" in seen
    assert "Trust 4" in seen
    assert "line 19" in seen
    assert "line 2\n" not in seen, "the last lines only"


async def test_view_shows_all_that_the_role_knows() -> None:
    _, seen = await answer(REQUEST, "/view", "/help", "x")
    assert "line 2\n" in seen


@pytest.mark.parametrize(("lines", "given"), [
    (["/pass"], {"release": True}), (["/quit"], None), ([], None)])
async def test_ways_out(lines: list[str], given: dict[str, Any] | None) -> None:
    assert (await answer(REQUEST, *lines, name="Kim"))[0] == given


async def test_actions_are_asked_for_field_by_field_until_they_fit() -> None:
    request = asking({"to": {"enum": ["all", "ada"]}, "actions": {
        "type": "object", "required": ["offer"], "properties": {"offer": OFFER}}})
    given, seen = await answer(request, "", "bob", "ad", "many", "700", "40", "c", "cal", "far too long a note", "hm",
                               "maybe", "y", "1.5")
    assert given == {"to": "ada", "actions": {"offer": {
        "price": 40, "mood": "calm", "note": "hm", "sure": True, "weight": 1.5}}}
    Draft202012Validator({**request["schema"], "required": ["to", "actions"]}).validate(given)
    for hint in ("one of all, ada", "a whole number", "a number (1–100)", "at most 10 characters", "y or n"):
        assert hint in seen


async def test_what_may_be_left_out_may_be_left_out() -> None:
    optional = {"anyOf": [OFFER, {"type": "null"}]}
    request = asking({"actions": {"type": "object", "required": [], "properties": {"offer": optional}}})
    assert (await answer(request, "Hello.", "n"))[0] == {"text": "Hello.", "actions": {}}
    given, _ = await answer(request, "Hello.", "y", "5", "", "", "", "")
    assert given == {"text": "Hello.", "actions": {"offer": {"price": 5, "sure": False}}}


async def test_a_narrator_changes_the_world_and_may_end_it() -> None:
    changes = {"type": "array", "items": {"anyOf": [
        {"properties": {"variable": {"const": "trust"}, "value": {"type": "integer"}}},
        {"properties": {"variable": {"const": "open"}, "value": {"type": "boolean"}}}]}}
    request = asking({"changes": changes, "scene_over": {"type": "boolean"}})
    given, _ = await answer(request, "Night falls.", "trust", "3", "open", "y", "", "yes")
    assert given == {"text": "Night falls.", "scene_over": True, "changes": [
        {"variable": "trust", "value": 3}, {"variable": "open", "value": True}]}


async def test_a_moderator_picks() -> None:
    request = {**REQUEST, "task": "moderate", "choices": ["ada", "cy"]}
    assert (await answer(request, "x", "c"))[0] == {"next": "cy"}


def test_answers_of_the_command_line() -> None:
    moderate = {**REQUEST, "task": "moderate", "choices": ["ada", "cy"]}
    offer = asking({"actions": {"type": "object", "required": ["offer"], "properties": {"offer": OFFER}}})
    assert read_answer("Hello {x}", REQUEST) == {"text": "Hello {x}"}
    assert read_answer(" cy ", moderate) == {"next": "cy"}
    good = read_answer('{"text": "So?", "actions": {"offer": {"price": 4}}}', offer)
    check_answer(good, offer)
    check_answer({"next": "cy"}, moderate)
    for wrong, request in (({"next": "bo"}, moderate), ({"text": ""}, REQUEST), ({"text": "x"}, offer),
                           ({"text": "x", "actions": {"offer": {"price": 400}}}, offer)):
        with pytest.raises(RunError) as caught:
            check_answer(wrong, request)
        assert caught.value.code == "run.answer"
        assert caught.value.cure


def proposed(proposal: dict[str, Any], editable: dict[str, Any]) -> dict[str, Any]:
    return {**REQUEST, "task": "approve", "proposal": proposal, "schema": {
        "type": "object", "additionalProperties": False, "required": ["decision"], "properties": {
            "decision": {"enum": ["accept", "edit", "reject"]}, "reason": {"type": "string"},
            "edited": {"type": "object", "additionalProperties": False, "required": [], "properties": editable}}}}


async def test_every_part_of_a_proposal_can_be_edited() -> None:
    request = proposed({"text": "Take it.", "actions": {"offer": {"price": 5}}, "to": ["ada"], "changes": [
        {"variable": "heat", "value": 2}], "scene_over": True}, {
            "text": {"type": "string"}, "to": {"type": "array", "minItems": 1, "items": {"enum": ["ada", "cy", "dee"]}},
            "actions": {"type": "object", "properties": {"offer": {"anyOf": [OFFER, {"type": "null"}]}}},
            "scene_over": {"type": "boolean"}})
    given, seen = await answer(request, "edit", "", "n", "n", "n", "", "y", "cy", "dee", "", "n", "y", "n")
    assert given == {"decision": "edit", "edited": {"to": ["cy", "dee"], "scene_over": False}}
    for shown in ("You decide for Bo", "Bo alone knows", "to ada", "changes heat to 2", "ends the scene", "nothing is"):
        assert shown in seen
    check_answer(given or {}, request)


async def test_a_proposed_choice_of_the_next_speaker_is_decided() -> None:
    request = proposed({"next": "ada", "reason": "she waits"}, {"next": {"enum": ["ada", "cy"]}})
    given, seen = await answer(request, "edit", "cy")
    assert given == {"decision": "edit", "edited": {"next": "cy"}}
    assert "next speaker: ada (she waits)" in seen
    assert (await answer(request, "reject", "not she"))[0] == {"decision": "reject", "reason": "not she"}
    for text, meant in (("accept", {"decision": "accept"}), ("cy", given), (" Reject", {"decision": "reject"})):
        assert read_answer(text, request) == meant


async def test_a_proposal_is_shown_and_decided() -> None:
    request = proposed({"text": "Take it.", "actions": {"pay": {"sum": 5}}}, {"text": {"type": "string"}})
    given, seen = await answer(request, "accept")
    assert given == {"decision": "accept"}
    assert "Take it." in seen
    assert "pay: sum: 5" in seen
    given, _ = await answer(request, "edit", "Take less.")
    assert given == {"decision": "edit", "edited": {"text": "Take less."}}


LETTER = {"type": "object", "additionalProperties": False, "required": ["to", "copies"], "properties": {
    "to": {"type": "string"}, "copies": {"type": "integer", "minimum": 1}, "fast": {"type": "boolean"},
    "parts": {"type": "array", "items": {"type": "string"}}}}


async def test_the_use_of_a_tool_is_decided() -> None:
    request = proposed({"tool": "send_mail", "arguments": {"to": "ada", "copies": 2}}, {"arguments": LETTER})
    given, seen = await answer(request, "accept")
    assert given == {"decision": "accept"}
    assert "proposed: use send mail (to: ada, copies: 2)" in seen
    assert (await answer(request, "reject", "no mail"))[0] == {"decision": "reject", "reason": "no mail"}
    given, seen = await answer(request, "edit", "", "", "", "", "", "3", "true", "7", '["a", "b"]')
    assert given == {"decision": "edit", "edited": {"arguments": {
        "to": "ada", "copies": 3, "fast": True, "parts": ["a", "b"]}}}
    assert "Copies is 2; an empty line leaves it" in seen
    assert "nothing is changed yet" in seen
    check_answer(given or {}, request)
    bare = proposed({"tool": "ring", "arguments": {}}, {"arguments": {"type": "object", "properties": {}}})
    given, seen = await answer(bare, "edit", "accept")
    assert given == {"decision": "accept"}


@pytest.mark.parametrize(("text", "meant"), [
    ("accept", {"decision": "accept"}), ("Reject", {"decision": "reject"}),
    ('{"to": "cy", "copies": 1}', {"decision": "edit", "edited": {"arguments": {"to": "cy", "copies": 1}}}),
    ('{"decision": "reject", "reason": "no"}', {"decision": "reject", "reason": "no"}),
    ('{"release": true}', {"release": True})])
def test_the_answer_about_a_tool_as_one_text(text: str, meant: dict[str, Any]) -> None:
    request = proposed({"tool": "send_mail", "arguments": {"to": "ada", "copies": 2}}, {"arguments": LETTER})
    assert read_answer(text, request) == meant
    with pytest.raises(RunError, match="decides nothing about the use of a tool"):
        read_answer("perhaps", request)
