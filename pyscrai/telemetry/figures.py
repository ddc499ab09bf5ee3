"""The figures of a whole fleet, as metrics show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """How the fleet stands and what it took so far: all of it, whichever process says so."""

    runs: Mapping[str, int] = field(default_factory=dict)
    """By status."""
    waiting: int = 0
    playing: int = 0
    workers: int = 0
    capacity: int = 0
    turns: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
