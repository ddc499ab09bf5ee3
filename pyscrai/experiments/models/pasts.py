"""Pasts: the units of an experiment, and the point to which each is played before its arms leave it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import Condition, Identifier, Scalar, Strict

MOST_PASTS = 100_000


class Until(Strict):
    """The point to which a past is played: exactly one of a turn, a phase or a condition."""

    turn: int | None = Field(None, ge=1)
    """After this many turns."""
    phase: str | None = None
    """When this phase begins."""
    when: Condition | None = None
    """At the first turn after which this holds."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("turn", "phase", "when") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"`until` needs exactly one of turn, phase, when; "
                             f"{'it has ' + ', '.join(given) if given else 'it has none'}")
        return self


class Pasts(Strict):
    """How many pasts there are: a past for each seed and each combination of what varies between pasts."""

    seeds: int | tuple[int, ...]
    """How many seeds, counted from 1, or the seeds themselves."""
    vary: dict[Identifier, tuple[Scalar, ...]] = Field(default_factory=dict)
    """Parameters to their values: blocks, in each of which every arm is played."""
    until: Until | None = None
    """Where the arms leave the past; left out, they begin at turn 0 and share its seed."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if isinstance(self.seeds, int) and self.seeds < 1:
            raise ValueError("`seeds` is at least 1")
        if not isinstance(self.seeds, int) and not self.seeds:
            raise ValueError("`seeds` is empty")
        if not isinstance(self.seeds, int) and len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed stands in `seeds` twice")
        if any(not values for values in self.vary.values()):
            raise ValueError("a parameter of `vary` has no values")
        if self.count > MOST_PASTS:
            raise ValueError(f"{self.count} pasts are more than {MOST_PASTS}")
        return self

    @property
    def count(self) -> int:
        """The number of pasts that this makes."""
        blocks = 1
        for values in self.vary.values():
            blocks *= len(values)
        return blocks * (self.seeds if isinstance(self.seeds, int) else len(self.seeds))
