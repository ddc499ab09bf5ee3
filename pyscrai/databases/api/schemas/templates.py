"""Templates, as the API sends and takes them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from pyscrai.databases.api.problems import Mistake
from pyscrai.databases.api.schemas.base import Answer, Body


class TemplateText(Body):
    """One or more templates: as YAML or JSON text with line numbers in every message, or as plain data."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": (
        "kind: agent\nname: sceptic\nversion: 1.0.0\nengine: actor\npersonality: {role: a sceptic}\n")}]})

    source: Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)] | None = None
    content: dict[str, Any] | None = Field(None, max_length=100)

    @model_validator(mode="after")
    def _one_of_them(self) -> TemplateText:
        if (self.source is None) == (self.content is None):
            raise ValueError("send either `source` or `content`")
        return self


class TemplateSummary(Answer):
    """A version of a template."""

    kind: str
    name: str
    version: str
    title: str
    description: str
    content_hash: str
    shipped: bool
    archived: bool
    created_at: str


class TemplateDetail(TemplateSummary):
    """A version of a template with all that it says."""

    content: dict[str, Any]
    source: str | None


class Stored(Answer):
    """What was stored: ``name@version`` of each template."""

    stored: list[str]


class Validity(Answer):
    """A template that can be played, and what is probably not meant in it."""

    valid: bool
    templates: list[str]
    warnings: list[Mistake]


class GraphNode(Answer):
    """A node of a scenario's graph: a role, or one that begins or gathers."""

    id: str
    name: str
    engine: str | None


class GraphEdge(Answer):
    """Who can follow whom."""

    source: str
    target: str


class GraphPhase(Answer):
    """A phase of a scenario."""

    id: str
    title: str
    order: str
    speakers: list[str]


class GraphWay(Answer):
    """A way from one phase to another, or to the ``end``."""

    source: str
    target: str
    when: str


class GraphView(Answer):
    """A scenario's graph, as data and as Mermaid: who can follow whom, and its phases."""

    template: str
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    phases: list[GraphPhase]
    ways: list[GraphWay]
    mermaid: str


class ModelItem(Answer):
    """A model alias that runs may name; where it is and its key are the operator's business."""

    alias: str
    kind: str
    model: str
    layout: str
    default: bool
