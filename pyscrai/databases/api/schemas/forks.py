"""Forks and replays of runs, as the API takes and answers them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from pyscrai.databases.api.schemas.base import AliasName, Answer, Body, Label, RoleName, Seed, Tag, Value, Words
from pyscrai.databases.api.schemas.controls import NewInject
from pyscrai.services.forks import Edits


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
    allow_unknown_price: bool = False
    """Whether a budget may go with models that have no known price; their calls are then not counted."""

    def read(self) -> Edits:
        """The edits, as the service takes them."""
        return Edits(
            variables=self.variables, parameters=self.parameters, model=self.model, role_models=self.role_models,
            injects=tuple(inject.content() for inject in self.injects), seed=self.seed, max_turns=self.max_turns,
            budget_usd=self.budget_usd, allow_unknown_price=self.allow_unknown_price,
            message=(self.message.key, self.message.text) if self.message else None)


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


class ReplayResult(Answer):
    """Whether a replay from the journal gave the same transcript, or the first difference."""

    run_id: str
    same: bool
    events: int
    calls: int
    difference: dict[str, Any] | None = None
