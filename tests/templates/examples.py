"""The fixtures as templates, as data and as text."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from pyscrai.templates.checks.checker import catalogue
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import load_file
from pyscrai.templates.reading.yaml_reader import read

FIXTURES = Path(__file__).parent / "fixtures"
MEETING = FIXTURES / "town-meeting.yaml"
AGENTS = FIXTURES / "agents.yaml"


@cache
def meeting() -> ScenarioTemplate:
    """The scenario that uses every part of the language."""
    template = load_file(MEETING)[0].template
    assert isinstance(template, ScenarioTemplate)
    return template


def meeting_data() -> dict[str, Any]:
    """The same as plain data, to be changed."""
    return copy.deepcopy(_data())


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read(MEETING.read_text(encoding="utf-8"))[0][0].data
    return data


@cache
def agents() -> dict[str, AgentTemplate]:
    """Its agents, by name and by name@version."""
    return catalogue(loaded.template for loaded in load_file(AGENTS) if isinstance(loaded.template, AgentTemplate))
