"""Teams of other programs give agents and a scenario that validates and plays; what is not carried over is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.errors import TemplateError
from pyscrai.factories.run_options import RunOptions
from pyscrai.services.dry_runs import dry_run
from pyscrai.templates.checks.checker import catalogue, check, check_agent, errors
from pyscrai.templates.importing.importer import Imported, import_bytes, import_files
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import load_text
from pyscrai.templates.yaml_writer import dump_yaml
from tests.depth import examples
from tests.templates.foreign import CARD
from tests.templates.foreign_teams import (
    AGENTVERSE,
    AUTOGEN,
    CHATARENA,
    CONCORDIA,
    GROUP,
    MODERATED,
    SELECTOR,
    WORLD,
    assistant,
    component,
)

JSONS = {"autogen": AUTOGEN, "selector": SELECTOR, "chatarena": CHATARENA, "moderated": MODERATED,
         "concordia": CONCORDIA, "group": GROUP, "world": WORLD}


def imported(data: Any) -> Imported:
    if isinstance(data, str):
        return import_bytes(data.encode(), file="task.yaml")
    return import_bytes(json.dumps(data).encode())


def parts(found: Imported) -> tuple[list[AgentTemplate], ScenarioTemplate]:
    agents = [template for template in found.templates if isinstance(template, AgentTemplate)]
    scenario, = (template for template in found.templates if isinstance(template, ScenarioTemplate))
    return agents, scenario


def told(found: Imported, *words: str) -> None:
    notes = "\n".join(found.notes)
    for part in words:
        assert part in notes, notes


@pytest.mark.parametrize("data", [*JSONS.values(), AGENTVERSE], ids=[*JSONS, "agentverse"])
async def test_it_validates_loads_again_and_plays(data: Any) -> None:
    agents, scenario = parts(imported(data))
    known = catalogue(agents)
    assert [problem for agent in agents for problem in check_agent(agent)] == []
    assert errors(check(scenario, known)) == []
    for template in (*agents, scenario):
        assert load_text(dump_yaml(template))[0].template == template
    result, events = await dry_run(scenario, known.__getitem__, RunOptions(seed=2))
    assert result.status == "completed", result
    spoke = {event.source for event in events if event.kind in ("utterance", "action")}
    if result.outcome and result.outcome["end"] == "flow":
        assert spoke >= {role for role in scenario.roles if role != "selector"}


def test_an_autogen_team() -> None:
    found = imported(AUTOGEN)
    agents, scenario = parts(found)
    assert [agent.name for agent in agents] == ["clock-maker", "customer", "owner"]
    assert agents[0].personality.role == "clock_maker of the shop"
    assert (agents[0].personality.backstory, agents[0].settings.temperature) == ("You mend clocks.", 0.4)
    assert scenario.title == "A repair shop"
    assert scenario.roles["owner"].human == "allowed"
    phase, = scenario.flow.phases.values()
    assert (phase.order, phase.next[0].after_turns) == ("round_robin", 6)
    assert [end.phrase for end in scenario.ends] == ["TERMINATE"]  # type: ignore[union-attr]
    told(found, "gpt-4o: name an alias", "tools: tools are named", "a person plays it", "write it as the `premise`")


def test_a_team_with_a_selector_and_a_team_inside() -> None:
    found = imported(SELECTOR)
    agents, scenario = parts(found)
    assert list(scenario.roles) == ["planner", "writer", "reader", "selector"]
    phase, = scenario.flow.phases.values()
    assert (phase.order, phase.moderator, phase.speakers) == ("moderated", "selector", ("planner", "writer", "reader"))
    end, = scenario.ends  # type: ignore[misc]
    assert [(part.seconds, part.tokens) for part in end.all or ()] == [(60, None), (None, 900)]
    told(found, "a team inside a team", "prompt of the selector", "HandoffTermination is left out")
    assert agents[-1].engine == "narrator"


def test_single_agents_and_galleries() -> None:
    agent, = imported(assistant("smith", "You forge.")).templates
    assert isinstance(agent, AgentTemplate)
    assert agent.personality.backstory == "You forge."
    gallery = {"id": "g", "components": {"teams": [AUTOGEN, SELECTOR], "agents": [], "models": []}}
    found = imported(gallery)
    assert [template.name for template in found.templates if template.kind == "scenario"] == ["a-repair-shop", "a-desk"]
    told(found, "other components are left out")
    asked = component("autogen_agentchat.teams.Swarm", "team", "S", participants=[assistant("a", "b"), assistant(
        "c", "d")], initial_messages=[{"role": "user", "content": "What is a clock?"}])
    assert parts(imported(asked))[1].premise == "What is a clock?"
    graph = imported(component("autogen_agentchat.teams.GraphFlow", "team", "G", participants=[assistant("a", "b")]))
    told(graph, "GraphFlow orders turns by code", "no bound of turns")


def test_chatarena() -> None:
    found = imported(CHATARENA)
    agents, scenario = parts(found)
    assert scenario.premise == "A ferry at night. The engine is out."
    assert agents[0].personality.backstory == "You are the captain.\n\nYou hide that fuel is low."
    assert agents[0].settings.max_tokens == 120
    assert scenario.roles["passenger"].human == "allowed"
    told(found, "gpt-x", "a person plays it", "no bound of turns")
    _, moderated = parts(imported(MODERATED))
    phase, = moderated.flow.phases.values()
    assert (phase.order, phase.resolver) == ("simultaneous", "moderator")
    assert moderated.ends[0].narrator is True  # type: ignore[index]
    turns = {**MODERATED, "environment": {**MODERATED["environment"], "parallel": False, "moderator_period": "turn"}}
    _, moderated = parts(imported(turns))
    phase, = moderated.flow.phases.values()
    assert phase.speakers == ("captain", "moderator", "passenger", "moderator")
    told(imported({**CHATARENA, "environment": {"env_type": "chess"}}), "the rules of `chess` are code")


def test_agentverse() -> None:
    found = imported(AGENTVERSE)
    agents, scenario = parts(found)
    assert scenario.title == "stuck lift"
    assert scenario.premise == "Three people wait in a lift that stands still."
    assert agents[0].personality.backstory == "You are a nurse on the way home.\nYou are calm."
    assert (agents[0].settings.temperature, agents[0].settings.max_tokens) == (0.7, 250)
    phase, = scenario.flow.phases.values()
    assert (phase.order, phase.next[0].after_rounds) == ("simultaneous", 9)
    told(found, "`classroom` is code", "rules of form are left out", "gpt-4: name an alias")
    told(imported(AGENTVERSE.replace("concurrent", "prisoner")), "no order `prisoner`")


def test_concordia() -> None:
    found = imported(CONCORDIA)
    agents, scenario = parts(found)
    assert scenario.premise == "A storm keeps everybody in the tavern.\nThe bridge is out."
    assert agents[0].personality.goals == ("sell her boat",)
    assert scenario.roles["ebba"].knows == ("Ebba owes Olof money.",)
    assert scenario.roles["olof"].knows == ("He saw the leak.",)
    phase, = scenario.flow.phases.values()
    assert phase.speakers == ("ebba", "the_storm", "olof", "the_storm")
    assert phase.next[0].after_turns == 10
    told(found, "rational__Entity does beyond", "game master chose who acts", "prefabs are code")


def test_a_group_with_its_cards_and_books(tmp_path: Path) -> None:
    rook = {**CARD, "data": {**CARD["data"], "name": "Rook", "scenario": "The lights fail.", "character_book": None}}
    for name, data in (("Zoe.json", CARD), ("Rook.json", rook), ("Night shift.json", GROUP), ("deep.json", WORLD)):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    found = import_files(sorted(tmp_path.iterdir()))
    agents, scenario = parts(found)
    assert [agent.title for agent in agents] == ["You", "Rook", "Zoë"]
    assert [role.agent for role in scenario.roles.values()] == ["zoe", "rook", "you"]
    assert scenario.premise == "A hangar at night.\n\nThe lights fail.\n\nThere is no sound in space."
    assert scenario.documents == {
        "airlock": "airlock, hatch: the character knows: the hatch opens from outside only.",
        "core": "core: The core hums at night.", "war": "war: The war ended."}
    assert all(role.tools == ("look_up",) for role in scenario.roles.values())
    assert "The sky is green." in agents[-1].personality.backstory
    told(found, "Ash.png is switched off", "when and where an entry", "switched off or empty", "the role `you`")
    assert "wait for a keyword" not in "\n".join(found.notes)
    assert errors(check(scenario, catalogue(agents))) == []


def test_a_group_without_its_cards_and_a_book_without_a_group() -> None:
    found = imported(GROUP)
    assert list(parts(found)[1].roles) == ["zoe", "rook", "you"]
    told(found, "the card of Zoe.png is not among the files")
    found = imported(WORLD)
    _, scenario = parts(found)
    assert (list(scenario.documents), list(scenario.roles)) == (["airlock", "core"], ["guide", "visitor"])
    told(found, "a book has no people")
    large = {**WORLD, "entries": {str(number): {"key": [f"k{number}"], "content": "x" * 1_500} for number in range(60)}}
    _, scenario = parts(imported(large))
    assert list(scenario.documents) == [f"world_{number}" for number in range(1, len(scenario.documents) + 1)]
    assert sum(text.count("x" * 1_500) for text in scenario.documents.values()) == 60


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=12),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                    max_leaves=6)


@settings(max_examples=examples(80, 600), deadline=None)
@given(st.sampled_from(list(JSONS)), st.data())
def test_nothing_foreign_makes_a_traceback(name: str, draws: st.DataObject) -> None:
    changed = json.loads(json.dumps(JSONS[name]))
    owner = changed
    while True:
        step = draws.draw(st.sampled_from(list(owner) if isinstance(owner, dict) else list(range(len(owner)))))
        inner = owner[step]
        if not isinstance(inner, dict | list) or not inner or draws.draw(st.integers(0, 3)) == 0:
            owner[step] = draws.draw(JSON)
            break
        owner = inner
    try:
        found = imported(changed)
    except TemplateError:
        return
    agents = [template for template in found.templates if isinstance(template, AgentTemplate)]
    for template in found.templates:
        assert load_text(dump_yaml(template))[0].template == template
        if isinstance(template, ScenarioTemplate):
            assert errors(check(template, catalogue(agents))) == [], name


def test_yaml_is_read_within_bounds() -> None:
    layers = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])
    with pytest.raises(TemplateError, match=r"parts|large|alias"):
        imported(layers)
