"""Drafts, as the API sends them."""

from __future__ import annotations

from typing import Any, Literal

from pyscrai.databases.api.schemas.base import Answer
from pyscrai.databases.api.schemas.templates import GraphEdge, GraphNode, GraphPhase, GraphWay


class DraftPicture(Answer):
    """A scenario as pictures: its phases and ways, its nodes and who can follow whom."""

    template: str
    roles: dict[str, str]
    """Role to the name it goes by."""
    phases: list[GraphPhase]
    ways: list[GraphWay]
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class DraftEvent(Answer):
    """What happened in a dry run."""

    seq: int
    key: str
    kind: str
    turn: int
    phase: str
    source: str | None
    audience: Literal["all"] | list[str]
    payload: dict[str, Any]


class DraftPlay(Answer):
    """A dry run: how it ended and what happened."""

    status: str
    outcome: dict[str, Any] | None
    events: list[DraftEvent]
