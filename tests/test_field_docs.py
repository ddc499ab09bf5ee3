"""Descriptions in schemas come from the docstrings below the attributes."""

from __future__ import annotations

from pydantic import Field

from pyscrai.field_docs import Documented, _docstrings
from pyscrai.templates.models.scenario import ScenarioTemplate


def test_a_field_is_described_by_the_docstring_below_it_also_if_it_is_inherited() -> None:
    class Mine(ScenarioTemplate):
        """With no docstrings of its own."""

    said = _docstrings("pyscrai.templates.models.scenario")["ScenarioTemplate"]
    assert len(said) > 3
    for model in (ScenarioTemplate, Mine):
        properties = model.model_json_schema()["properties"]
        assert {name: properties[name]["description"] for name in said} == dict(said)


def test_what_a_field_says_itself_stands() -> None:
    class Own(Documented):
        size: int = Field(description="Its own words.")

    assert Own.model_json_schema()["properties"]["size"]["description"] == "Its own words."
