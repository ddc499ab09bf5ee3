"""The commands for those who write templates, and those that set up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.cli.conftest import Pyscrai
from tests.cli.plays import TALK
from tests.templates.foreign_teams import AGENTVERSE


def test_valid_files(pyscrai: Pyscrai) -> None:
    said = pyscrai("validate", "talk.yaml", "duel.yaml", "--json")
    assert said.code == 0
    assert said.last["valid"] is True
    assert said.last["templates"] == 4
    assert "4 templates valid" in pyscrai("validate", "talk.yaml", "duel.yaml").out


def test_every_mistake_of_every_file_is_named(pyscrai: Pyscrai, home: Path) -> None:
    (home / "talk.yaml").write_text(TALK.replace("speakers: [ada, bo]", "speakers: [adda, bo]").replace(
        "vars.trust - 2", "vars.thrust - 2"))
    (home / "bad.yaml").write_text("kind: agent\nname: Bad Name\nengine: actr\npersonality: {}\n")
    said = pyscrai("validate", "talk.yaml", "bad.yaml")
    assert said.code == 2
    lines = [line for line in said.err.splitlines() if line.startswith("error")]
    assert any("talk.yaml:31:" in line and "adda" in line for line in lines)
    assert any("talk.yaml:" in line and "thrust" in line for line in lines)
    assert any("bad.yaml:2:" in line for line in lines)
    assert any("bad.yaml:3:" in line and "actor" in line for line in lines)
    *problems, last = pyscrai("validate", "talk.yaml", "bad.yaml", "--json").lines
    assert last["errors"] == len([each for each in problems if each["severity"] == "error"]) == len(lines)
    assert all(problem["line"] for problem in problems)


def test_a_missing_file_is_no_traceback(pyscrai: Pyscrai) -> None:
    said = pyscrai("validate", "none.yaml")
    assert said.code == 2
    assert "none.yaml cannot be read" in said.err


def test_stored_agents_are_known_to_validate(pyscrai: Pyscrai, home: Path) -> None:
    agent, looker, scenario = TALK.split("---\n")
    (home / "agents.yaml").write_text(f"{agent}---\n{looker}")
    (home / "scene.yaml").write_text(scenario)
    assert pyscrai("validate", "scene.yaml").code == 2
    assert pyscrai("templates", "add", "agents.yaml").code == 0
    assert pyscrai("validate", "scene.yaml").code == 0


@pytest.mark.parametrize("kind", ["scenario", "agent"])
def test_schemas_fit_what_is_shipped(pyscrai: Pyscrai, kind: str) -> None:
    schema = json.loads(pyscrai("schema", kind).out)
    Draft202012Validator.check_schema(schema)
    for row in pyscrai("templates", "list", "--kind", kind, "--json").lines:
        text = pyscrai("templates", "show", row["name"], "--kind", kind).out
        Draft202012Validator(schema).validate(YAML(typ="safe").load(text))


def test_templates_are_listed_shown_and_added(pyscrai: Pyscrai, home: Path) -> None:
    names = {row["name"] for row in pyscrai("templates", "list", "--json").lines}
    assert {"two-agent-conversation", "observer"} <= names
    said = pyscrai("templates", "add", "talk.yaml")
    assert said.out.splitlines() == ["stored agent talker@1.0.0", "stored agent looker@1.0.0",
                                     "stored scenario small-talk@1.0.0"]
    assert pyscrai("templates", "add", "talk.yaml").code == 0, "the same content is fine"
    assert pyscrai("templates", "show", "small-talk").out.strip() == TALK.split("---\n")[2].strip()
    assert pyscrai("templates", "show", "small-talk@1.0.0", "--json").last["premise"].startswith("A kitchen")
    assert pyscrai("templates", "show", "small-talk@2.0.0").code == 2
    (home / "talk.yaml").write_text(TALK.replace("The lamp is lit.", "It is dark."))
    conflict = pyscrai("templates", "add", "talk.yaml")
    assert conflict.code == 2
    assert "1.0.1" in conflict.err
    assert "small-talk@1.0.1" in pyscrai("templates", "add", "talk.yaml", "--draft").out
    assert "small-talk@1.0.1" in pyscrai("templates", "list").out
    assert "small-talk@1.0.0" in pyscrai("templates", "list", "--versions").out


def test_a_graph_is_drawn(pyscrai: Pyscrai, home: Path) -> None:
    said = pyscrai("graph", "talk.yaml")
    assert said.code == 0
    assert "graph TD" in said.out
    assert "ada -.-> bo" in said.out
    assert pyscrai("graph", "two-agent-conversation", "-o", "graph.mmd").code == 0
    assert "graph TD" in (home / "graph.mmd").read_text()
    assert pyscrai("graph", "talk.yaml", "-o", "graph.svg").code == 0
    assert ">Ada</text>" in (home / "graph.svg").read_text()
    assert pyscrai("graph", "talk.yaml", "-o", "graph.png").code == 0
    assert (home / "graph.png").read_bytes().startswith(b"\x89PNG")
    assert pyscrai("graph", "talk.yaml", "--format", "svg").out.startswith("<svg")
    assert {"source": "ada", "target": "bo"} in pyscrai("graph", "talk.yaml", "--json").last["edges"]


def test_phases_are_drawn_where_roles_are_many(pyscrai: Pyscrai) -> None:
    many = pyscrai("graph", "polar-station", "--json").last
    assert many["shows"] == "phases"
    assert {node["id"] for node in many["nodes"]} > {"end"}
    assert "-->" in many["mermaid"]
    assert pyscrai("graph", "polar-station", "--roles", "--json").last["shows"] == "roles"
    few = pyscrai("graph", "used-car-negotiation", "--phases").out
    assert few.startswith("graph TD")
    assert "begin([begin])" in few


def test_other_formats_are_imported(pyscrai: Pyscrai, home: Path) -> None:
    (home / "person.json").write_text(json.dumps({"type": "TinyPerson", "persona": {
        "name": "Lisa Carter", "age": 28, "occupation": {"title": "Data Scientist", "description": "She likes data."},
        "unheard_of": "x"}, "episodic_memory": {"memory": [1]}}))
    said = pyscrai("import", "person.json")
    assert said.code == 0
    assert "kind: agent" in said.out
    assert "Unheard of: x." in said.out
    assert "episodic_memory" in said.err
    (home / "out.yaml").write_text(said.out)
    assert pyscrai("validate", "out.yaml").code == 0
    written = pyscrai("import", "person.json", "-o", "made", "--json")
    assert written.lines[0]["file"] == "made/lisa-carter.yaml"
    assert written.last["notes"]
    assert pyscrai("import", "person.json", "-o", "made").code == 2, "nothing is written over"
    assert pyscrai("import", "person.json", "-o", "made", "--force").code == 0
    assert pyscrai("templates", "add", "made/lisa-carter.yaml").code == 0
    (home / "none.json").write_text("{}")
    assert "none of the formats" in pyscrai("import", "none.json").err


def test_a_team_is_imported_stored_and_played(pyscrai: Pyscrai, home: Path) -> None:
    (home / "lift.yaml").write_text(AGENTVERSE.replace("name: Clerk", "name: Buyer"), encoding="utf-8")
    said = pyscrai("import", "lift.yaml", "-o", "made")
    assert "another agent is called buyer: this one is called buyer-2" in said.err, "a shipped agent has that name"
    made = sorted((home / "made").iterdir())
    assert [file.name for file in made] == ["buyer-2.yaml", "nurse.yaml", "stuck-lift.yaml"]
    assert pyscrai("validate", *made).code == 0
    assert pyscrai("templates", "add", *made).code == 0
    assert pyscrai("run", "stuck-lift", "--model", "scripted", "--json").last["status"] == "completed"


def test_models_are_listed_and_checked(pyscrai: Pyscrai, home: Path) -> None:
    (home / "pyscrai.toml").write_text('[models.mine]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
                                       'api_key_env = "MY_KEY"\ntimeout = 5\n')
    rows = {row["alias"]: row for row in pyscrai("models", "list", "--json").lines}
    assert rows["embedded"]["state"] == "not installed"
    assert rows["mine"]["state"] == "MY_KEY is not set"
    assert rows["scripted"]["default"] is True
    assert "not installed" in pyscrai("models", "list").out
    said = pyscrai("models", "check", "scripted", "--json")
    assert said.code == 0
    assert said.last["answered"] is True
    wrong = pyscrai("models", "check", "mine")
    assert wrong.code == 1
    assert "MY_KEY" in wrong.err


def test_own_weights_are_installed_from_a_file(pyscrai: Pyscrai, home: Path) -> None:
    (home / "own.gguf").write_bytes(b"GGUF" + bytes(2000))
    said = pyscrai("models", "install", "mine", "--from", "own.gguf", "--json")
    assert said.code == 0
    assert Path(said.last["file"]).read_bytes().startswith(b"GGUF")
    (home / "no.gguf").write_bytes(b"nothing")
    assert pyscrai("models", "install", "other", "--from", "no.gguf").code == 2


def test_the_database_is_found_and_upgraded(pyscrai: Pyscrai, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pyscrai("db", "path").out.strip() == str(tmp_path / "pyscrai.db")
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", f"sqlite:///{tmp_path}/new/pyscrai.db")
    assert pyscrai("db", "upgrade", "--json").last["revision"]
    assert (tmp_path / "new" / "pyscrai.db").exists()
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/db")
    assert "hidden" not in pyscrai("db", "path").out
    unreachable = pyscrai("runs")
    assert unreachable.code == 1
    assert "hidden" not in unreachable.err
    assert "Traceback" not in unreachable.err


def test_wrong_settings_are_told_with_their_cure(pyscrai: Pyscrai, home: Path) -> None:
    (home / "pyscrai.toml").write_text("[models.x]\nmodle = 3\n")
    said = pyscrai("runs")
    assert said.code == 2
    assert "pyscrai.toml" in said.err
    assert "did you mean model?" in said.err
