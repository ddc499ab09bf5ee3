"""A folder of Sotopia's JSONL: characters become agents, environments scenarios that are cast when a run is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyscrai.errors import TemplateError
from pyscrai.factories.run_options import RunOptions
from pyscrai.factories.run_spec import make_run_spec
from pyscrai.templates.checks.checker import catalogue, check, errors
from pyscrai.templates.importing.importer import import_files
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import load_text
from pyscrai.templates.yaml_writer import dump_yaml

PEOPLE = [{"pk": f"A{number}", "first_name": first, "last_name": last, "age": 30 + number, "occupation": "Baker",
           "gender": "Woman", "public_info": f"{first} has two cats", "secret": f"{first} burnt the mill.",
           "moral_values": ["care", "fairness"], "decision_making_style": "Intuitive", "big_five": "Openness: high"}
          for number, (first, last) in enumerate([("Amara", "Okafor"), ("Ben", "Cho"), ("Chiara", "Neri")])]
PLACES = [{"pk": "E1", "codename": "sharing_a_blanket", "scenario": "Two campers share {{one}} blanket.",
           "agent_goals": ["Keep it. <extra_info>You are cold</extra_info>", "Share it."], "relationship": 2},
          {"pk": "E2", "scenario": "A fence has fallen between two gardens.",
           "agent_goals": ["Be paid", "Pay nothing"]}]
PAIRS = [{"env_id": "E1", "agent_ids": ["A0", "A1"]}, {"env_id": "E1", "agent_ids": ["A2", "A0"]},
         {"env_id": "E2", "agent_ids": ["A9", "A1"]}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, records in (("agents", PEOPLE), ("environments", PLACES), ("pairings", PAIRS)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    return tmp_path


def test_nobody_is_copied(folder: Path) -> None:
    found = import_files([folder])
    agents = [one for one in found.templates if isinstance(one, AgentTemplate)]
    blanket, fence = (one for one in found.templates if isinstance(one, ScenarioTemplate))
    assert [agent.name for agent in agents] == ["amara-okafor", "ben-cho", "chiara-neri"]
    assert (agents[0].secret, agents[0].personality.role) == ("Amara burnt the mill.", "Baker (30 years old, Woman)")
    for part in ("Amara has two cats.", "Moral values: care, fairness.", "Decides: Intuitive.", "Big five: Openness"):
        assert part in agents[0].personality.backstory
    assert blanket.name == "sharing-a-blanket"
    assert blanket.premise == "Two campers share { {one}} blanket."
    assert [(role.agent, role.name, role.goals) for role in blanket.roles.values()] == [
        ("amara-okafor", "Amara Okafor", ("Keep it. You are cold",)), ("ben-cho", "Ben Cho", ("Share it.",))]
    assert "--cast first=chiara-neri --cast second=amara-okafor" in blanket.description
    assert not isinstance(fence.roles["first"].agent, str)
    assert any("no pairing names its characters" in note for note in found.notes)
    known = catalogue(agents)
    for scenario in (blanket, fence):
        assert errors(check(scenario, known)) == []
        assert load_text(dump_yaml(scenario))[0].template == scenario


def test_the_cast_is_chosen_when_a_run_is_made(folder: Path) -> None:
    found = import_files([folder])
    known = catalogue(one for one in found.templates if isinstance(one, AgentTemplate))
    blanket = next(one for one in found.templates if isinstance(one, ScenarioTemplate))
    spec = make_run_spec(blanket, RunOptions(seed=1, cast={"first": "chiara-neri", "second": "amara-okafor@1.0.0"}),
                         known.__getitem__, model="m")
    first = spec.cast["first"]
    assert (first.name, first.secret) == ("Chiara Neri", "Chiara burnt the mill.")
    assert first.personality.goals == ("Keep it. You are cold",)


@pytest.mark.parametrize(("text", "message"), [("{", "this line is no JSON"), ("{}\n", "holds no environments")])
def test_what_is_no_sotopia(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(TemplateError, match=message):
        import_files([tmp_path])
