"""Runs, as the API sends and takes them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from pyscrai.databases.api.schemas.base import (
    AliasName,
    Answer,
    Body,
    Label,
    RoleName,
    Seed,
    Tag,
    TemplateName,
    TemplateReference,
    Value,
    VersionName,
)
from pyscrai.factories.run_options import RunOptions
from pyscrai.lifecycle import RunStatus

RUN_EXAMPLE: dict[str, Any] = {
    "run_id": "run_1jn9qhwhd8ez", "name": "reservoir-crisis", "template": "reservoir-crisis@1.0.0", "status": "running",
    "desired": "run", "turn": 4, "phase": "escalation", "speakers": ["narrator"], "variables": {}, "seed": 7,
    "parameters": {"level": 3.5}, "tags": ["training"], "usage": {"tokens": 2246, "calls": 7, "cost_usd": 0.0},
    "parent_run_id": None, "fork_turn": None, "outcome": None, "error": None,
    "created_at": "2026-11-23T14:32:44.251+00:00", "started_at": "2026-11-23T14:32:44.300+00:00", "ended_at": None,
    "live": True}


class NewRun(Body):
    """A run to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"template": "two-agent-conversation", "model": "scripted", "seed": 7, "max_turns": 6, "tags": ["demo"]}]})

    template: TemplateName
    version: VersionName | None = None
    """The newest one if left out."""
    name: Label = ""
    parameters: dict[RoleName, Value] = Field(default_factory=dict, max_length=200)
    model: AliasName | None = None
    """A model alias for every role."""
    role_models: dict[RoleName, AliasName] = Field(default_factory=dict, max_length=200)
    cast: dict[RoleName, TemplateReference] = Field(default_factory=dict, max_length=200)
    """Role to the agent template, ``name`` or ``name@version``, that plays it in place of the template's own."""
    without: tuple[RoleName, ...] = Field((), max_length=200)
    """Optional roles that are left out."""
    people: dict[RoleName, Tag] = Field(default_factory=dict, max_length=200)
    """Roles that people play, and who."""
    seed: Seed | None = None
    max_turns: int | None = Field(None, ge=1, le=100_000)
    budget_usd: float | None = Field(None, gt=0, le=1e9)
    allow_unknown_price: bool = False
    """Whether a budget may go with models that have no known price; their calls are then not counted."""
    tags: tuple[Tag, ...] = Field((), max_length=20)
    start: bool = True
    """Whether it begins at once."""

    def options(self) -> RunOptions:
        """The options of the run, as the factory takes them."""
        return RunOptions(
            parameters=self.parameters, model=self.model, role_models=self.role_models,
            cast=self.cast, seed=self.seed, max_turns=self.max_turns, budget_usd=self.budget_usd,
            allow_unknown_price=self.allow_unknown_price, without=self.without, people=self.people,
            tags=self.tags, name=self.name)


class RunSummary(Answer):
    """A run: what is asked of it (``desired``), what it does (``status``), and how far it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [RUN_EXAMPLE]})

    run_id: str
    name: str
    template: str
    status: RunStatus
    desired: str
    turn: int
    phase: str
    speakers: list[str]
    """Whose turn it is now."""
    variables: dict[str, Any]
    seed: int
    parameters: dict[str, Any]
    tags: list[str]
    usage: dict[str, Any]
    parent_run_id: str | None
    fork_turn: int | None
    outcome: dict[str, Any] | None
    error: dict[str, Any] | None
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    live: bool
    """Whether this process plays it, or is about to."""


class CastMember(Answer):
    """Who plays a role."""

    role: str
    name: str
    engine: str
    agent: str
    model: str
    played_by: str


class RunDetail(RunSummary):
    """A run with its cast, and what people are asked where it waits for them."""

    cast: list[CastMember]
    settings: dict[str, Any]
    template_hash: str
    studio_thread: str
    """The thread as which the run opens in LangGraph Studio."""
    waiting: list[dict[str, Any]] = Field(default_factory=list)
