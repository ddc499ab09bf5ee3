"""Runs and what may be asked of them, as the API sends and takes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from pyscrai.databases.api.schemas.base import (
    AliasName,
    Answer,
    Body,
    Label,
    RoleName,
    Seed,
    Tag,
    TemplateName,
    Value,
    VersionName,
    Words,
)

Status = Literal["pending", "running", "waiting", "paused", "completed", "failed", "stopped"]

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
    without: tuple[RoleName, ...] = Field((), max_length=200)
    """Optional roles that are left out."""
    people: dict[RoleName, Tag] = Field(default_factory=dict, max_length=200)
    """Roles that people play, and who."""
    seed: Seed | None = None
    max_turns: int | None = Field(None, ge=1, le=100_000)
    budget_usd: float | None = Field(None, gt=0, le=1e9)
    tags: tuple[Tag, ...] = Field((), max_length=20)
    start: bool = True
    """Whether it begins at once."""


class RunSummary(Answer):
    """A run: what is asked of it (``desired``), what it does (``status``), and how far it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [RUN_EXAMPLE]})

    run_id: str
    name: str
    template: str
    status: Status
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


class Reason(Body):
    """Why something is asked; it is kept in the record."""

    reason: Label = ""


class NewInject(Body):
    """Something to be put into the world; the next turn takes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"text": "The power goes out.", "audience": ["all"], "label": "blackout"}]})

    text: Words
    audience: tuple[RoleName, ...] = Field(("all",), min_length=1, max_length=200)
    """Roles and groups, or ``all``."""
    source: Label = ""
    label: Label = ""
    set: dict[RoleName, Value] = Field(default_factory=dict, max_length=200)
    """Variables and their new values."""


class HumanReply(Body):
    """What a person answers for a role: speech, and whatever else the request's schema asks for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "We close the mains now."}]})

    text: Words | None = None
    to: RoleName | None = None
    actions: dict[RoleName, dict[RoleName, Value] | None] | None = Field(None, max_length=50)
    changes: tuple[dict[Literal["variable", "value", "reason"], Value], ...] | None = Field(None, max_length=200)
    scene_over: bool | None = None
    next: RoleName | None = None
    """Who speaks next, where a moderator is asked."""

    @model_validator(mode="after")
    def _says_something(self) -> HumanReply:
        if not self.given():
            raise ValueError("the answer is empty")
        return self

    def given(self) -> dict[str, Any]:
        """What was said, without what was left out."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class MessageEdit(Body):
    """One thing that was said or injected, and what it says in the fork."""

    key: Label
    """The key of its event."""
    text: Words


class ForkEdits(Body):
    """What a fork has otherwise than its parent."""

    variables: dict[RoleName, Value] = Field(default_factory=dict, max_length=200)
    parameters: dict[RoleName, Value] = Field(default_factory=dict, max_length=200)
    injects: tuple[NewInject, ...] = Field((), max_length=50)
    model: AliasName | None = None
    role_models: dict[RoleName, AliasName] = Field(default_factory=dict, max_length=200)
    message: MessageEdit | None = None
    seed: Seed | None = None
    max_turns: int | None = Field(None, ge=1, le=100_000)
    budget_usd: float | None = Field(None, gt=0, le=1e9)


class NewFork(Body):
    """Where a fork leaves its parent, and what is otherwise in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"at_turn": 3, "edits": {"seed": 11}, "name": "what if"}]})

    at_turn: int = Field(ge=0, le=1_000_000)
    edits: ForkEdits = ForkEdits()
    name: Label = ""
    tags: tuple[Tag, ...] = Field((), max_length=20)
    start: bool = True


class Regeneration(Body):
    """A turn that is to be played again, as a fork."""

    turn: int = Field(ge=1, le=1_000_000)
    seed: Seed | None = None
    role: RoleName | None = None
    model: AliasName | None = None
    start: bool = True


class Accepted(Answer):
    """What was asked is durable; the run does it as soon as it can."""

    run_id: str
    action: str
    actor: str
    status: Status
    """The run's status when it was asked."""
    desired: str
    command_id: int | None = None


class ManyRuns(Body):
    """Runs of which the same is asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_ids": ["run_1jn9qhwhd8ez"], "reason": "lunch"}]})

    run_ids: tuple[Annotated[str, StringConstraints(pattern=r"^run_[0-9a-z]{12}$")], ...] = Field(
        min_length=1, max_length=1_000)
    reason: Label = ""


class Refusal(Answer):
    """A run of which something could not be asked, and why."""

    run_id: str
    code: str
    detail: str
    cure: str | None


class ManyAccepted(Answer):
    """Of which runs something is asked now, and of which not."""

    action: str
    actor: str
    desired: str
    accepted: list[str]
    refused: list[Refusal]


class ReplayResult(Answer):
    """Whether a replay from the journal gave the same transcript, or the first difference."""

    run_id: str
    same: bool
    events: int
    calls: int
    difference: dict[str, Any] | None = None
