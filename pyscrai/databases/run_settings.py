"""The settings that a run is kept with: what its operator chose, beside parameters, seed, tags and the cast."""

from __future__ import annotations

from typing import Any, TypedDict


class RunSettings(TypedDict, total=False):
    """Plain data, as the column holds it; what was not chosen is left out. The names are those of ``RunOptions``."""

    actor: str
    """Who asked for the run."""
    share: str
    """Whose turn it uses in a fair queue, where that is not the actor."""
    priority: int
    edition: int
    """The edition of the flow's rules; the first, where it is left out."""
    commands_before: int
    """How many commands the past that it shares was given: its own are counted on from there."""
    versions: dict[str, str]
    """The packages that it was made with."""
    model: str
    role_models: dict[str, str]
    cast: dict[str, str]
    max_turns: int | None
    budget_usd: float | None
    allow_unknown_price: bool
    without: list[str]
    people: dict[str, str]
    variables: dict[str, Any]
    injects: list[dict[str, Any]]
    prompts: dict[str, dict[str, str]]
    memory: dict[str, dict[str, Any]]
    standstill: dict[str, Any]
    edits: dict[str, Any]
    """What a fork has otherwise than its parent."""
