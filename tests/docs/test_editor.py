"""The page about editors: its settings name a schema that its command makes; the schemas judge what ships."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from pyscrai.experiments.json_schemas import SCHEMAS
from pyscrai.templates.library import files
from tests.cli.conftest import Pyscrai
from tests.docs.examples import ROOT, examples

PAGE = ROOT / "docs" / "how-to" / "editor.md"
SHIPPED = [*files(), *sorted((ROOT / "pyscrai" / "experiments" / "shipped").glob("*.yaml"))]


@cache
def validator(kind: str) -> Draft202012Validator:
    schema = SCHEMAS[kind]()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def test_the_settings_of_the_page_name_a_schema_that_is_made(pyscrai: Pyscrai, home: Path) -> None:
    found = list(examples(PAGE))
    settings = next(json.loads(each.text) for each in found if each.title == ".vscode/settings.json")
    command = next(line for each in found if each.language == "shell" for line in each.text.splitlines()
                   if "schema" in line)
    assert pyscrai(*command.split()[1:]).code == 0
    for name, patterns in settings["yaml.schemas"].items():
        schema = json.loads((home / name).read_text())
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] in PAGE.read_text(encoding="utf-8")
        assert patterns


def test_the_page_links_every_schema_and_each_has_a_name_of_its_own() -> None:
    linked = re.findall(r'href="\.\./\.\./schemas/(\w+)\.schema\.json"', PAGE.read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(SCHEMAS)
    names = {kind: make()["$id"] for kind, make in SCHEMAS.items()}
    assert names == {kind: f"urn:pyscrai:schema:{kind}:1" for kind in SCHEMAS}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_fits_the_schema_for_any_file(path: Path) -> None:
    judge = validator("any")
    for document in documents(path):
        assert [error.message for error in judge.iter_errors(document)] == []


@pytest.mark.parametrize(("wrong", "where"), [
    ({"kind": "scenery"}, "kind"), ({}, ""), ({"kind": "agent", "name": "a", "engine": "actr"}, "engine"),
    ({"kind": "scenario", "name": "a", "premise": "p", "rols": {}}, "")])
def test_what_is_wrong_is_marked(wrong: dict[str, Any], where: str) -> None:
    errors = list(validator("any").iter_errors(wrong))
    assert errors
    assert not where or any(where in error.absolute_path for error in errors)
