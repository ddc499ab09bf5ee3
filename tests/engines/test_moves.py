"""What moves do in the world: several in one turn, all at once, with numbers as models write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.audience import heard
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.templates.cel.scope import scope_of
from pyscrai.templates.models.base import as_type
from tests.engines.playing import Playing, actor, narrator, played, scenario

INTEGER = {"type": "integer", "initial": 0}


async def test_every_move_of_a_turn_takes_effect_and_is_counted() -> None:
    """cases/several-moves-in-one-turn.yaml"""
    template = scenario(roles=("kim",), variables={name: {"type": "boolean", "initial": False} for name in "ab"},
                        phases={"p": {"optional_actions": ["one", "two"], "next": [
                            {"to": "end", "when": "tally.one.x['1'] == 1 && tally.two.x['2'] == 1"},
                            {"to": "end", "after_turns": 2}]}},
                        actions={name: {"fields": {"x": {"type": "integer"}}, "set": {variable: "true"}}
                                 for name, variable in (("one", "a"), ("two", "b"))})

    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "Both!", "actions": {"one": {"x": 1}, "two": {"x": 2}}}

    play = await played(template, script)
    state = await play.state()
    assert state["variables"] == {"a": True, "b": True}
    assert state["turn"] == 1, "both moves were counted in the first turn"


async def test_who_moves_at_once_with_others_is_the_mover_and_the_last() -> None:
    """cases/simultaneous-who-moved.yaml"""
    names = ("ann", "bob", "cat")
    variables = {f"{name}_said": {"type": "string", "initial": "none"} for name in names}
    by = {f"{name}_said": f"mover == '{name}' && last.role == '{name}' && last.text.contains('{name}') "
                          f"? args.choice : vars.{name}_said" for name in names}
    template = scenario(roles=names, variables=variables,
                        phases={"cells": {"order": "simultaneous", "action": "decide", "next": [{"to": "end"}]}},
                        actions={"decide": {"fields": {"choice": {"enum": ["a", "b", "c"]}}, "set": by}})
    choices = dict(zip(names, "abc", strict=True))
    play = await played(template, lambda role, request: {
        "text": f"It is {role} who speaks.", "actions": {"decide": {"choice": choices[role]}}})
    assert (await play.state())["variables"] == {f"{name}_said": choices[name] for name in names}


async def test_a_whole_number_for_a_number_is_one() -> None:
    """cases/number-for-a-number-field.yaml"""
    template = scenario(
        roles=("ann",), variables={"highest": {"type": "number", "initial": 0}, "count": INTEGER,
                                   "log": {"type": "string", "initial": ""}},
        phases={"b": {"action": "bid", "next": [{"to": "end", "after_rounds": 1}]}},
        actions={"bid": {"fields": {"amount": {"type": "number"}, "pieces": {"type": "integer"}},
                         "set": {"highest": "max(vars.highest, args.amount * 1.1)", "count": "args.pieces + 1",
                                 "log": "string(args.amount)"}}})
    play = await played(template, lambda role, request: {
        "text": "Here.", "actions": {"bid": {"amount": 10, "pieces": 3.0}}})
    variables = (await play.state())["variables"]
    assert variables == {"highest": pytest.approx(11), "count": 4, "log": variables["log"]}
    assert float(variables["log"]) == 10
    [event] = play.of("action")
    assert [type(value) for value in event.arguments.values()] == [float, int]
    [line] = [line for line in (await play.state())["messages"] if line["kind"] == "action"]
    assert line["content"] == "(bid) amount = 10; pieces = 3", "shown as it was said"


@given(value=st.one_of(st.none(), st.booleans(), st.text(max_size=3), st.integers(), st.floats(allow_nan=False)),
       kind=st.sampled_from(["integer", "number", "boolean", "string"]))
@settings(max_examples=200, deadline=None)
def test_conversion_changes_no_value_and_is_done_once(value: Any, kind: str) -> None:
    typed = as_type(value, kind)
    assert typed == value
    assert as_type(typed, kind) is typed or as_type(typed, kind) == typed
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        assert type(typed) is (int if abs(value) <= 2**53 else float)
    if kind == "number" and type(value) is int and abs(value) <= 2**53:
        assert type(typed) is float
    if isinstance(value, bool):
        assert typed is value


@pytest.mark.parametrize("amount", [10**30, 1e30, "1" * 25, "-" + "9" * 19, 2**64, 2**63, -2**63, "half \ud800"])
async def test_a_number_that_nothing_can_store_ends_no_run(amount: Any) -> None:
    """What a model, a person or a program gives for a whole number without bounds."""
    template = scenario(
        roles={"ann": actor(), "bob": {"agent": actor(), "human": "always"}}, variables={"count": INTEGER},
        phases={"b": {"action": "bid", "next": [{"to": "end", "when": "size(moves) > 9 || size(chosen) > 9"},
                                                {"to": "end", "after_rounds": 2}]}},
        actions={"bid": {"fields": {"pieces": {"type": "integer"} if "half" not in str(amount) else {"type": "string"}},
                         "set": {"count": "args.pieces"}}})
    move = {"text": "Here.", "actions": {"bid": {"pieces": amount}}}
    play = Playing(template, lambda role, request: move)
    result = await play.play()
    while result.status == "waiting":
        result = await play.play(answer=move)
    assert result.status == "completed", result.error
    assert len(play.of("action")) == 4


async def test_a_choice_that_is_a_number_is_counted_as_it_is_written() -> None:
    template = scenario(phases={"b": {"action": "rate", "next": [
        {"to": "end", "majority": {"action": "rate", "field": "points", "value": 2}},
        {"to": "end", "after_turns": 6}]}},
        actions={"rate": {"fields": {"points": {"type": "number", "enum": [1, 2, 2.5]}}}})
    said = iter([2, 2.0])
    play = await played(template, lambda role, request: {"text": "So.", "actions": {"rate": {"points": next(said, 2)}}})
    assert (await play.state())["clock"]["tally"] == {"rate": {"points": {"2": 1}}}, "one of one is a majority"


@pytest.mark.parametrize("where", ["rule", "inject"])
async def test_a_text_tells_what_is_true_after_its_own_changes(where: str) -> None:
    """cases/text-and-set.yaml"""
    text = {"text": "fuel is {{ vars.fuel }}"}
    law = {"rules": [{"when": "turn == 1", "set": {"fuel": 3}, "inject": text}]} if where == "rule" else {
        "injects": [{"at_turn": 1, "set": {"fuel": 3}, **text}]}
    play = await played(scenario(roles=("ann",), variables={"fuel": {"type": "integer", "initial": 10}},
                                 phases={"go": {"next": [{"to": "end", "after_turns": 2}]}}, **law))
    assert [event.text for event in play.of("inject")] == ["fuel is 3"]


async def test_an_inject_of_every_few_turns_comes_in_rounds_of_all_at_once_too() -> None:
    """cases/every-in-simultaneous.yaml"""
    at: dict[int, list[int]] = {}
    for speakers in (2, 3, 4):
        roles = ("ann", "bob", "cat", "dan")[:speakers]
        play = await played(scenario(
            roles=roles, variables={"n": INTEGER, "m": INTEGER}, max_turns=60, phases={
                "p": {"order": "simultaneous", "next": [{"to": "q", "after_rounds": 4}]},
                "q": {"order": "sequence", "next": [{"to": "end"}]}},
            rules=[{"when": "true", "set": {"n": "vars.n + 1"}}],
            injects=[{"every": 3, "set": {"m": "vars.m + 1"}, "text": "m = {{ vars.m }}"}]))
        at[speakers] = [event.turn for event in play.of("inject")]
        assert [event.text for event in play.of("inject")] == [f"m = {index + 1}" for index in range(len(at[speakers]))]
        assert (await play.state())["variables"]["n"] == 4 + speakers, "rules are applied once a round"
    assert at == {2: [4, 6, 9], 3: [3, 6, 9, 12, 15], 4: [4, 8, 12, 16, 18]}, at


@pytest.mark.parametrize(("bound", "turns"), [(2, 0), (4, 4), (6, 4), (8, 8)])
@pytest.mark.parametrize("how", ["option", "template"])
async def test_a_round_of_all_at_once_that_does_not_fit_is_not_begun(bound: int, turns: int, how: str) -> None:
    """cases/max-turns-simultaneous.yaml"""
    own = {"max_turns": bound} if how == "template" else {}
    template = scenario(roles=("a1", "a2", "a3", "a4"), **own, phases={
        "x": {"order": "simultaneous", "next": [{"to": "end", "after_rounds": 5}]}})
    play = await played(template, **({"max_turns": bound} if how == "option" else {}))
    outcome = (await play.state())["outcome"]
    assert (outcome["turn"], outcome["end"], outcome["limit"]) == (turns, "turns", True)
    assert len(play.of("utterance")) == turns


async def test_a_hidden_variable_is_not_told_to_whoever_changed_it() -> None:
    """Whose move it was is no reason to know what came of it."""
    fields = {"who": {"enum": ["ann", "bob"]}}
    variables = {"open": {**INTEGER, "maximum": 1}, "hidden": {**INTEGER, "maximum": 1, "visible_to": ["bob"]}}
    template = scenario(variables=variables, actions={"vote": {"fields": fields, "set": {
        name: f"vars.{name} + 1" for name in variables}}},
        phases={"x": {"speakers": ["ann"], "action": "vote", "next": [{"to": "end", "after_turns": 2}]}})
    play = await played(template)
    assert {(event.kind, event.variable) for event in play.events
            if event.kind in ("variable_changed", "change_refused")
            and heard("ann", kind=event.kind, audience=event.audience, source=event.source)} == {
        ("variable_changed", "open")}


async def test_a_narrator_is_told_the_bounds_of_what_it_may_change() -> None:
    template = scenario(roles={"god": narrator(), "ann": actor()}, variables={
        "trust": {"type": "integer", "initial": 5, "minimum": 0, "maximum": 10},
        "heat": {"type": "number", "initial": 0.5, "minimum": 0.25}, "mood": {"type": "string", "initial": "calm"}})
    play = await played(template)
    [schema] = [request.schema for request in play.models["god"].requests]
    assert schema is not None
    options = {option["properties"]["variable"]["const"]: option["properties"]["value"]
               for option in schema["properties"]["changes"]["items"]["anyOf"]}
    assert (options["trust"]["x-minimum"], options["trust"]["x-maximum"]) == (0, 10)
    assert options["heat"] == {"type": "number", "x-minimum": 0.25}
    assert options["mood"] == {"type": "string"}


async def test_fractions_are_shown_without_noise() -> None:
    template = scenario(variables={"fuel": {"type": "number", "initial": 0.1},
                                   "lit": {"type": "boolean", "initial": False}},
                        rules=[{"when": "true", "set": {"fuel": "vars.fuel + 0.2"},
                                "inject": {"text": "fuel {{ vars.fuel }}, lit {{ vars.lit }}"}}],
                        phases={"x": {"next": [{"to": "end", "after_turns": 3}]}})
    play = await played(template)
    assert [event.text for event in play.of("inject")] == [
        f"fuel {fuel}, lit false" for fuel in (0.3, 0.5, 0.7)]
    assert not any("0000000" in prompt for role in ("ann", "bob") for prompt in play.prompts(role))


def test_mover_is_typed() -> None:
    template = scenario(actions={"vote": {"fields": {"who": {"enum": ["ann", "bob"]}}}})
    for action, choices in ((None, ("", "ann", "bob")), (template.actions["vote"], ("ann", "bob"))):
        assert scope_of(template, action=action)["mover"].choices == choices


async def test_a_round_of_one_speaker_and_its_resolver_stays_within_the_bound() -> None:
    play = await played(scenario(roles={"ann": actor(), "god": narrator()}, max_turns=3, phases={"talk": {
        "speakers": ["ann"], "order": "simultaneous", "resolver": "god", "next": [{"to": "end", "when": "false"}]}}))
    assert play.speakers == ["ann", "god"]
    assert (await play.state())["outcome"]["limit"]
