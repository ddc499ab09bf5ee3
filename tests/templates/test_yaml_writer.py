"""Templates written as YAML load as the same templates."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.templates.library import shipped
from pyscrai.templates.models.agent import AgentTemplate, Personality
from pyscrai.templates.reading.loader import load_text
from pyscrai.templates.yaml_writer import dump_yaml
from tests.templates.examples import meeting


@pytest.mark.parametrize("template", [meeting(), *(loaded.template for loaded in shipped())],
                         ids=lambda found: found.name)
def test_round_trip(template: AgentTemplate) -> None:
    again = load_text(dump_yaml(template))[0].template
    assert again == template
    assert again.hash == template.hash


def test_it_reads_well() -> None:
    text = dump_yaml(AgentTemplate(name="ada", engine="actor", tags=("a", "b"), personality=Personality(
        role="a poet", traits=("no",), backstory="First line.\nSecond line.", style="long words " * 11 + "end")))
    assert text == """\
kind: agent
format: 1
name: ada
version: 1.0.0
tags: [a, b]
engine: actor
personality:
  role: a poet
  backstory: |-
    First line.
    Second line.
  traits: [no]
  style: >-
    long words long words long words long words long words long words long words long words long words
    long words long words end
"""


STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


@settings(max_examples=80, deadline=None)
@given(st.text(STORABLE, min_size=1, max_size=300), st.text(STORABLE, max_size=80))
def test_any_text_comes_back(backstory: str, trait: str) -> None:
    template = AgentTemplate(name="x", engine="actor", personality=Personality(
        role="y", backstory=backstory, traits=(trait,) if trait.strip() else ()))
    assert load_text(dump_yaml(template))[0].template == template
