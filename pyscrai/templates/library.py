"""The templates that PyScrAI ships: YAML files in the folder ``library`` beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pyscrai.errors import NotFound
from pyscrai.templates.models.agent import AgentTemplate
from pyscrai.templates.models.scenario import ScenarioTemplate
from pyscrai.templates.reading.loader import LoadedTemplate, load_file

FOLDER = Path(__file__).parent / "library"


def files() -> tuple[Path, ...]:
    """The files, agents first, each named after its template."""
    return (*sorted((FOLDER / "agents").glob("*.yaml")), *sorted((FOLDER / "scenarios").glob("*.yaml")))


@cache
def load_shipped(path: Path) -> LoadedTemplate:
    """The template of one shipped file."""
    return load_file(path)[0]


def shipped() -> tuple[LoadedTemplate, ...]:
    """All shipped templates, agents first."""
    return tuple(load_shipped(path) for path in files())


def shipped_scenario(name: str) -> ScenarioTemplate:
    """A shipped scenario by its name.

    Raises:
        NotFound: there is none of that name.
    """
    template = _find("scenarios", name)
    assert isinstance(template, ScenarioTemplate)
    return template


def shipped_agent(reference: str) -> AgentTemplate:
    """A shipped agent by ``name`` or ``name@version``.

    Raises:
        NotFound: there is none of that name and version.
    """
    template = _find("agents", reference)
    assert isinstance(template, AgentTemplate)
    return template


def _find(kind: str, reference: str) -> AgentTemplate | ScenarioTemplate:
    name, _, version = reference.partition("@")
    path = FOLDER / kind / f"{name}.yaml"
    template = load_shipped(path).template if path in files() else None
    if template is None or (version and version != template.version):
        known = ", ".join(found.stem for found in files() if found.parent.name == kind)
        raise NotFound(f"no shipped template {reference!r} among the {kind}", cure=f"known: {known}")
    return template
