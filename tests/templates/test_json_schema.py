"""The published JSON Schemas accept what loads and refuse what does not."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from pyscrai.templates.json_schema import Kind, schema
from pyscrai.templates.library import files
from pyscrai.templates.reading.loader import KINDS
from pyscrai.templates.reading.yaml_reader import read
from tests.templates.examples import AGENTS, MEETING, meeting_data


def validator(kind: Kind) -> Any:
    found = schema(kind)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.mark.parametrize("path", [*files(), AGENTS, MEETING], ids=lambda path: path.stem)
def test_what_loads_fits_the_schema(path: Any) -> None:
    for document in read(path.read_text(encoding="utf-8"))[0]:
        assert [error.message for error in validator(document.data["kind"]).iter_errors(document.data)] == []


@pytest.mark.parametrize(("field", "value"), [
    ("rols", {}), ("max_turns", 0), ("name", "No Name"), ("roles", {"Bad": {"agent": "x"}}), ("ends", [{"turn": 3}]),
    ("kind", "agent"), ("version", 1.0), ("rules", [{"when": []}])])
def test_what_does_not_load_does_not_fit(field: str, value: object) -> None:
    assert not validator("scenario").is_valid({**meeting_data(), field: value})


def test_it_helps_an_editor() -> None:
    found = schema("scenario")
    assert found["required"] == ["kind", "name", "premise", "roles", "flow"]
    phase = found["$defs"]["Phase"]["properties"]
    assert phase["audience"]["description"] == (
        "Who hears what is said in this phase; nobody but the speaker where it is empty.")
    assert phase["order"]["enum"][0] == "sequence"
    assert phase["title"]["type"] == "string"
    assert "``" not in str(found)
    assert found["$id"] == "urn:pyscrai:schema:scenario:1"
    assert set(KINDS) == {"scenario", "agent"}
