"""``validate --format``, and what a person at a terminal sees of a mistake."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pyscrai.cli.terminal.source_excerpt import excerpt
from pyscrai.errors import Problem
from tests.cli.conftest import Pyscrai
from tests.cli.plays import TALK

WRONG = TALK.replace("speakers: [ada, bo]", "speakers: [adda, bo]")


@pytest.fixture
def wrong(home: Path) -> Path:
    (home / "talk.yaml").write_text(WRONG)
    return home


def test_every_form_tells_the_same_problems(pyscrai: Pyscrai, wrong: Path) -> None:
    *problems, last = pyscrai("validate", "talk.yaml", "--format", "json").lines
    assert last["valid"] is False
    sarif = pyscrai("validate", "talk.yaml", "--format", "sarif")
    results = json.loads(sarif.out)["runs"][0]["results"]
    github = pyscrai("validate", "talk.yaml", "--format", "github")
    assert (sarif.code, github.code) == (2, 2)
    assert [(each["ruleId"], each["locations"][0]["physicalLocation"]["region"]["startLine"]) for each in results] == [
        (each["code"], each["line"]) for each in problems]
    assert all(line.startswith(f"::{problem['severity']} file=talk.yaml,line={problem['line']},")
               for line, problem in zip(github.out.splitlines(), problems, strict=True))
    assert pyscrai("validate", "talk.yaml", "--json", "--format", "sarif").code == 2


def test_a_rule_of_sarif_has_words_and_no_links_to_pages_that_are_not_there(pyscrai: Pyscrai, home: Path) -> None:
    (home / "cel.yaml").write_text(TALK.replace("speakers: [ada, bo]", "speakers: 'vars.nobody'"))
    rules = json.loads(pyscrai("validate", "cel.yaml", "--format", "sarif").out)["runs"][0]["tool"]["driver"]["rules"]
    helped = next(rule["help"]["text"] for rule in rules if rule["id"] == "template.expression")
    assert "Conditions and expressions in the page" in helped
    assert "](" not in json.dumps(rules)


def test_what_is_valid_has_no_error_in_any_form(pyscrai: Pyscrai) -> None:
    assert "::error" not in pyscrai("validate", "talk.yaml", "--format", "github").out
    done = pyscrai("validate", "talk.yaml", "--format", "sarif")
    assert done.code == 0
    assert {each["level"] for each in json.loads(done.out)["runs"][0]["results"]} <= {"warning"}


@pytest.mark.parametrize("command", [("run",), ("validate",), ("run", "--dry-run"), ("graph",)])
def test_a_person_sees_the_line_the_cure_and_where_it_is_explained(
        pyscrai: Pyscrai, wrong: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    done = pyscrai(*command, "talk.yaml")
    assert done.code == 2
    lines = done.err.splitlines()
    start = next(place for place, line in enumerate(lines) if "unknown_role" in line)
    number = next(place for place, line in enumerate(WRONG.splitlines(), 1) if "adda" in line)
    assert lines[start].startswith("error [template.unknown_role_or_group]: talk.yaml:")
    assert lines[start + 1].lstrip().startswith(f"{number} │ ")
    assert lines[start + 1].index("adda") == lines[start + 2].index("^^^^")
    assert lines[start + 2].count("^") == 4
    assert "did you mean ada" in lines[start + 3]
    assert lines[start + 4].strip() == "more: pyscrai explain template.unknown_role_or_group"


def test_a_long_line_is_cut_around_the_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    file = tmp_path / "long.yaml"
    file.write_text(f"a: 1\nb: {'x ' * 200}wrong{' y' * 200}\n")
    shown, marks = excerpt(Problem("a.b", "no", value="wrong", file=str(file), line=2, column=404))
    assert len(shown) <= 60
    assert shown[marks.index("^"):marks.rindex("^") + 1] == "wrong"


@pytest.mark.parametrize(("file", "line"), [(None, 1), ("none.yaml", 1), ("here.yaml", None), ("here.yaml", 9)])
def test_no_line_no_excerpt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None,
                            line: int | None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.yaml").write_bytes(b"\xff\x1b[2J: 1\n")
    assert excerpt(Problem("a.b", "no", file=file, line=line)) == []
    shown = excerpt(Problem("a.b", "no", file="here.yaml", line=1, column=80))
    assert "\x1b" not in shown[0]
