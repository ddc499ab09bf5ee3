"""What an operator chooses for a run; imported by itself it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What an operator chooses for one run.

    ``parameters`` may hold texts, as a command line gives them: they are read as the parameter's type.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    """A model alias for every role."""
    role_models: Mapping[str, str] = field(default_factory=dict)
    """Role to model alias, over ``model``."""
    seed: int | None = None
    max_turns: int | None = None
    budget_usd: float | None = None
    without: tuple[str, ...] = ()
    """Optional roles that are left out."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Role to the person who plays it."""
    tags: tuple[str, ...] = ()
    name: str = ""
