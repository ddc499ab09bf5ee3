"""Who takes part: conditions, expressions, repeated speakers, scenes; and what a phase sets and allows."""

from __future__ import annotations

from typing import Any

import pytest

from pyscrai.engines.ports.model import ModelRequest
from tests.engines.playing import Playing, actor, analyst, narrator, played, scenario

THREE = ("ann", "bob", "cat")
OUT = {"out": {"type": "list", "initial": []}}
INSIDE = {"inside": {"of": ["all"], "when": "!(role in vars.out)"}}


async def test_a_referee_speaks_after_every_move() -> None:
    """cases/referee-between.yaml"""
    play = await played(scenario(roles={"ann": actor(), "bob": actor(), "ref": narrator()}, phases={"x": {
        "speakers": ["ann", "ref", "bob", "ref"], "next": [{"to": "end", "after_turns": 8}]}}))
    assert play.speakers == ["ann", "ref", "bob", "ref"] * 2


@pytest.mark.parametrize("speakers", [["inside"], [{"group": "all", "when": "!(role in vars.out)"}],
                                      "roles.filter(r, !(r in vars.out))"])
@pytest.mark.parametrize("order", ["round_robin", "sequence", "random", "free", "simultaneous", "moderated"])
async def test_who_is_out_does_not_speak(speakers: Any, order: str) -> None:
    more = {"moderator": "god"} if order == "moderated" else {}
    roles = {**{name: actor() for name in THREE}, **({"god": narrator()} if more else {})}
    of = "roles.filter(r, r != 'god' && !(r in vars.out))" if more else speakers
    template = scenario(roles=roles, variables=OUT, groups={"inside": {"of": [*THREE], "when": "!(role in vars.out)"}},
                        rules=[{"when": "turn >= 3", "once": True, "set": {"out": "['bob']"}}], phases={
        "talk": {"speakers": of if isinstance(of, str) or order != "moderated" else ["inside"], "order": order, **more,
                 "next": [{"to": "end", "after_turns": 8}]}})
    play = await played(template)
    assert "bob" not in play.speakers[3:]
    assert {"ann", "cat"} <= set(play.speakers[3:])


async def test_who_is_put_out_in_the_middle_of_a_round_is_passed_over() -> None:
    play = await played(scenario(roles=THREE, variables=OUT, groups=INSIDE, rules=[
        {"when": "turn == 1", "set": {"out": "['bob']"}}], phases={
            "talk": {"speakers": ["inside"], "order": "sequence", "next": [{"to": "end", "after_rounds": 2}]}}))
    assert play.speakers == ["ann", "cat", "ann", "cat"]


async def test_a_phase_in_which_nobody_takes_part_is_passed_over() -> None:
    def template(way: dict[str, Any]) -> Any:
        gone = {"gone": {"of": ["all"], "when": "role in vars.out"}}
        return scenario(roles=THREE, variables=OUT, groups=gone, phases={
            "one": {"speakers": ["ann"], "order": "sequence", "next": [{"to": "two"}]},
            "two": {"speakers": ["gone"], "order": "sequence", "next": [way]},
            "three": {"speakers": ["cat"], "order": "sequence", "next": [{"to": "end"}]}})

    play = await played(template({"to": "three"}))
    assert play.speakers == ["ann", "cat"]
    assert [event.phase for event in play.of("phase_entered")] == ["one", "two", "three"]
    stuck = await played(template({"to": "three", "when": "turn > 5"}))
    assert "nobody takes part" in stuck.of("end_reached")[0].outcome["reason"]
    round_and_round = await played(template({"to": "two"}))
    assert "nobody takes part" in round_and_round.of("end_reached")[0].outcome["reason"]


async def test_an_expression_that_names_nobody_of_the_cast_fails_the_run_and_says_why() -> None:
    playing = Playing(scenario(roles=THREE, phases={"talk": {
        "speakers": "['ann', 'zoe']", "next": [{"to": "end", "after_turns": 2}]}}))
    result = await playing.play()
    assert result.status == "failed"
    assert (result.error or {})["code"] == "run.unknown_role"
    assert "zoe" in (result.error or {})["message"]


async def test_scenes_talk_at_the_same_time_and_hear_only_themselves() -> None:
    def script(role: str, request: ModelRequest) -> str:
        return f"Word of {role} number {request.messages[-1].content.count('Word of')}."

    template = scenario(
        roles=("ann", "bob", "cat", "dan", "eva"), parameters={"n": {"type": "integer", "default": 2}},
        groups={"left": ["ann", "bob"], "right": ["cat", "dan", "eva"]}, phases={
            "rooms": {"speakers": ["left", "right"], "order": "parallel", "scene_rounds": "params.n",
                      "next": [{"to": "plenum"}]},
            "plenum": {"speakers": ["ann", "cat"], "order": "sequence", "next": [{"to": "end"}]}})
    playing = Playing(template, script)
    assert (await playing.play()).status == "completed"
    said = [event for event in playing.of("utterance") if event.phase == "rooms"]
    assert sorted(event.source for event in said) == sorted(["ann", "bob"] * 2 + ["cat", "dan", "eva"] * 2)
    for event in said:
        assert set(event.audience) == ({"ann", "bob"} if event.source in ("ann", "bob") else {"cat", "dan", "eva"})
    order = sorted((event.turn, event.source) for event in said)
    assert [source for _, source in order] == ["ann", "cat", "bob", "dan", "ann", "eva", "bob", "cat", "dan", "eva"]
    steps = [{task.name for task in snapshot.tasks}
             async for snapshot in playing.graph.aget_state_history(playing.runner.config)]
    assert {"ann", "cat"} in steps, "both rooms talk in one superstep"
    assert not any("Word of cat" in prompt for prompt in playing.prompts("bob"))
    assert [event.source for event in playing.of("utterance") if event.phase == "plenum"] == ["ann", "cat"]


async def test_several_can_be_addressed_at_once() -> None:
    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "For two.", "to": ["bob", "cat"]} if role == "ann" else {"text": "So.", "to": ["all"]}

    play = await played(scenario(roles=("ann", "bob", "cat", "dan"), phases={"talk": {
        "order": "sequence", "audiences": ["whisper"], "to_several": True, "next": [{"to": "end"}]}}), script)
    assert [event.audience for event in play.of("utterance")] == [("ann", "bob", "cat"), "all", "all", "all"]


async def test_phases_set_variables_when_they_begin_and_end_and_rounds_may_be_computed() -> None:
    template = scenario(
        parameters={"rounds": {"type": "integer", "default": 2}},
        variables={"n": {"type": "integer", "initial": 0}, "log": {"type": "list", "initial": []}},
        setup={"n": "params.rounds * 10"}, phases={
            "one": {"speakers": ["ann"], "on_enter": {"log": "vars.log + ['in']"}, "on_leave": {"n": "vars.n + 1"},
                    "next": [{"to": "two", "after_rounds": "params.rounds"}]},
            "two": {"speakers": ["bob"], "on_enter": {"log": "vars.log + [string(vars.n)]"},
                    "on_leave": {"log": "vars.log + ['out']"}, "next": [{"to": "end"}]}})
    play = await played(template)
    assert play.speakers == ["ann", "ann", "bob"]
    assert (await play.state())["variables"] == {"n": 21, "log": ["in", "21", "out"]}


async def test_moves_are_those_of_their_roles_and_choices_those_of_the_moment() -> None:
    seen: list[tuple[str, Any]] = []

    def script(role: str, request: ModelRequest) -> Any:
        properties = (request.schema or {}).get("properties", {})
        moves = properties.get("actions", {}).get("properties", {})
        seen.append((role, {name: (part["properties"] if "properties" in part else part["anyOf"][0]["properties"])
                            for name, part in moves.items()}))
        return {"text": "So.", **({"actions": {"tag": {"whom": "cat", "force": 3}}} if "tag" in moves else {})}

    template = scenario(
        roles=THREE, variables=OUT, parameters={"most": {"type": "integer", "default": 4}},
        actions={"tag": {"by": ["ann"], "set": {"out": "vars.out + [args.whom]"}, "fields": {
            "whom": {"enum": "roles.filter(r, r != mover && !(r in vars.out) && r != 'bob')"},
            "force": {"type": "integer", "minimum": 0, "maximum": "params.most"}}}},
        phases={"talk": {"speakers": ["ann", "bob"], "action": "tag", "next": [{"to": "end", "after_rounds": 2}]}})
    play = await played(template, script)
    assert seen[0] == ("ann", {"tag": {"whom": {"enum": ["cat"]}, "force": {
        "type": "integer", "minimum": 0, "maximum": 4}}})
    assert seen[1] == ("bob", {}), "it is not bob's move"
    assert seen[2] == ("ann", {}), "nothing is left to choose"
    assert [event.arguments["whom"] for event in play.of("action")] == ["cat"]


async def test_values_of_roles_are_set_one_by_one_and_seen_by_their_own() -> None:
    template = scenario(
        roles={"ann": actor(), "bob": actor(), "eve": analyst()},
        variables={"score": {"type": "number", "per_role": ["ann", "bob"], "initial": 0, "maximum": 3,
                             "visible_to": ["own"]},
                   "bag": {"type": "map", "item": "integer", "initial": {}, "max_items": 1}},
        rules=[{"when": "true", "set": {"score[mover]": "vars.score[mover] + 2.0", "score[*]": "vars.score[role] + 0.5",
                                        "bag[mover]": "turn", "score['eve']": "1.0"}}],
        phases={"talk": {"speakers": ["ann", "bob"], "next": [{"to": "end", "after_turns": 3}]}})
    play = await played(template)
    assert (await play.state())["variables"] == {"score": {"ann": 3.0, "bob": 3.0}, "bag": {"ann": 3}}
    changes = [event for event in play.of("variable_changed") if event.variable == "score"]
    assert {(event.of, event.audience) for event in changes} == {("ann", ("ann",)), ("bob", ("bob",))}
    refused = {event.variable for event in play.of("change_refused")}
    assert refused == {"score[eve]", "score[ann]", "score[bob]", "bag[bob]"}, "no value, too large, too many"
    assert "score = 3.0" in play.prompts("ann")[1]
    assert "score = 0.5" in play.prompts("bob")[0]


async def test_chances_of_injects_and_rules_are_the_seeds() -> None:
    template = scenario(variables={"n": {"type": "integer", "initial": 0}}, max_turns=40, injects=[
        {"text": "Rain.", "every": 1, "chance": 0.3}, {"text": "Once.", "at_turn": 2, "chance": 0.5}],
        rules=[{"when": "true", "chance": 0.5, "set": {"n": "vars.n + 1"}}],
        phases={"talk": {"next": [{"to": "end", "after_turns": 40}]}})
    runs = {seed: await played(template, seed=seed) for seed in (1, 2, 3)}
    same = await played(template, seed=1)
    drawn = {seed: [event.turn for event in play.of("inject") if event.text == "Rain."] for seed, play in runs.items()}
    assert drawn[1] == [event.turn for event in same.of("inject") if event.text == "Rain."]
    assert drawn[1] != drawn[2]
    assert all(4 <= len(turns) <= 20 for turns in drawn.values())
    assert all([8 <= (await play.state())["variables"]["n"] <= 32 for play in runs.values()])
    assert all(event.turn == 2 for play in runs.values() for event in play.of("inject") if event.text == "Once.")


async def test_texts_know_names_and_what_was_before() -> None:
    play = await played(scenario(
        roles={"ann": {"agent": actor(), "name": "Ann Lee"}, "bob": actor()}, injects=[{
            "at_turn": 1, "set": {"gold": "vars.gold + 5", "who": "'ann'"},
            "text": "{{ name(vars.who) }} had {{ old.gold }} and has {{ vars.gold }}."}],
        variables={"gold": {"type": "integer", "initial": 2}, "who": {"type": "string", "initial": ""}}))
    assert [event.text for event in play.of("inject")] == ["Ann Lee had 2 and has 7."]


async def test_moves_of_the_round_and_what_each_chose() -> None:
    picks = {"ann": ["x", "y"], "bob": ["x", "x"], "cat": ["y", "y"]}

    def script(role: str, request: ModelRequest) -> Any:
        return {"text": "So.", "actions": {"pick": {"card": picks[role].pop(0)}}}

    play = await played(scenario(
        roles=THREE,
        variables={"log": {"type": "list", "initial": []}, "moves_made": {"type": "integer", "initial": 0}},
        actions={"pick": {"fields": {"card": {"enum": ["x", "y"]}}}},
        rules=[{"when": "true", "set": {
            "log": "vars.log + [join(moves.map(m, m.role + m.args.card), ' ')]",
            "moves_made": "vars.moves_made + moves.count(m, m.action == 'pick')"}}],
        phases={"p": {"order": "simultaneous", "action": "pick", "next": [
            {"to": "end", "when": "chosen.pick.card.values().count(c, c == 'y') == 2"}]}}), script)
    assert (await play.state())["variables"] == {"log": ["annx bobx caty", "anny bobx caty"], "moves_made": 6}
