"""The walk of a newcomer: five scenarios that were written from the pages alone, and every mistake that was made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyscrai.documentation.error_codes.table import ERROR_CODES
from pyscrai.templates.cel.signatures import FUNCTIONS
from tests.cli.conftest import Pyscrai

ROOT = Path(__file__).parents[2]
WALK = Path(__file__).parent / "walk"
NAMES = sorted(path.stem for path in WALK.glob("*.yaml"))

MISTAKES = [
    ("wolves", "[choose(chosen.accuse", "[choice(chosen.accuse", "template.expression", "did you mean choose?"),
    ("wolves", "size(chosen.accuse.whom) == 0 ? vars.dead : ", "", "template.expression", "condition ? ... : ..."),
    ("wolves", "ends: [{turns: 80}]\n", "", "template.unbounded", "ends: [{turns: 30}]"),
    ("goods", '"payoff[*]": vars.payoff[role]', '"payoff": players.map(p, vars.payoff[p])\n      x: vars.payoff[role]',
     "template.expression", "payoff[*]"),
    ("goods", "double(params.endowment - vars.given[role])", "params.endowment - vars.given[role]",
     "template.expression", "double(...)"),
    ("goods", "phase == 'round'", "events.phase_started > 0", "template.expression", "did you mean phase_entered?"),
    ("refund", "initial: threat", "initial: none", "template.bounds", "choose a value that is inside"),
    ("refund", '"how hard the customer pushes, 1 to 5"', "how hard the customer pushes, 1 to 5",
     "template.unknown_field", "needs quotes"),
    ("salary", "[{to: table}, {to: end, after_rounds: 1}]", "[{to: table}]", "template.unbounded", "a last way out"),
]
"""Scenario, what is right, what was written, the code and what the cure says."""


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_from_the_pages_is_valid_and_plays(pyscrai: Pyscrai, name: str) -> None:
    assert pyscrai("validate", WALK / f"{name}.yaml", "--strict").code == 0
    played = pyscrai("run", WALK / f"{name}.yaml", "--model", "scripted", "--seed", 2, "--json")
    assert played.code in (0, 3), played.err
    assert played.last["status"] == "completed"


def test_there_are_the_five() -> None:
    assert NAMES == ["delphi", "goods", "refund", "salary", "wolves"]


@pytest.mark.parametrize(("name", "right", "wrong", "code", "cure"), MISTAKES)
def test_a_mistake_is_named_with_a_cure_and_has_a_page(pyscrai: Pyscrai, home: Path, name: str, right: str, wrong: str,
                                                      code: str, cure: str) -> None:
    text = (WALK / f"{name}.yaml").read_text(encoding="utf-8")
    assert right in text
    (home / "walk.yaml").write_text(text.replace(right, wrong), encoding="utf-8")
    *problems, _ = pyscrai("validate", "walk.yaml", "--json").lines
    found = [problem for problem in problems if problem["code"] == code]
    assert found, problems
    assert any(cure in (problem["cure"] or "") for problem in found), found
    assert code in ERROR_CODES
    assert pyscrai("explain", code).code == 0


def test_a_rule_that_looks_first_may_compute_what_cannot_always_be_computed(pyscrai: Pyscrai, home: Path) -> None:
    """`median` of an empty map is an error but where `when` rules it out."""
    text = (WALK / "delphi.yaml").read_text(encoding="utf-8")
    (home / "walk.yaml").write_text(text.replace("size(vars.estimates) == 5", "turn > 0"), encoding="utf-8")
    assert "cannot be computed" in pyscrai("validate", "walk.yaml").err


def test_the_page_of_the_language_names_the_functions_that_there_are() -> None:
    page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    table = page.partition("| functions | |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)\(", table))
    assert named <= {*FUNCTIONS, *re.findall(r"\.(\w+)\(", table)}, "a function that there is not"
    assert set(FUNCTIONS) - named - set(re.findall(r"\.(\w+)\(", table)) == set(), "a function that the page leaves out"
