"""Pasts: the units of an experiment, and the point to which each is played before its arms leave it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import Condition, Identifier, Misfit, Scalar, Strict

MOST_PASTS = 100_000


class Until(Strict):
    """The point to which a past is played: exactly one of a turn, a phase or a condition."""

    filler: ClassVar = {"turn": 1}

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
            raise Misfit(f"`until` needs exactly one of turn, phase, when; "
                         f"{'it has ' + ', '.join(given) if given else 'it has none'}",
                         *(given[1:] or ["turn"]), instead=None if given else 1)
        return self


class Pasts(Strict):
    """How many pasts there are: a past for each seed and each combination of what varies between pasts."""

    filler: ClassVar = {"seeds": 10}

    seeds: Annotated[int, Field(ge=1)] | Annotated[tuple[int, ...], Field(min_length=1)]
    """How many seeds, counted from 1, or the seeds themselves."""
    vary: dict[Identifier, Annotated[tuple[Scalar, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Parameters to their values: blocks, in each of which every arm is played."""
    until: Until | None = None
    """Where the arms leave the past; left out, they begin at turn 0 and share its seed."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not isinstance(self.seeds, int) and len(set(self.seeds)) < len(self.seeds):
            raise Misfit("a seed stands in `seeds` twice", "seeds", instead=10)
        if self.count > MOST_PASTS:
            raise Misfit(f"{self.count} pasts are more than {MOST_PASTS}", "seeds", instead=10)
        return self

    @property
    def count(self) -> int:
        """The number of pasts that this makes."""
        blocks = 1
        for values in self.vary.values():
            blocks *= len(values)
        return blocks * (self.seeds if isinstance(self.seeds, int) else len(self.seeds))
