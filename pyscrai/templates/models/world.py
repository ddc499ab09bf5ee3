"""What comes into the world by itself: rules and injects."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import Condition, Expression, Listeners, Part, Target, Text


class InjectText(Part):
    """Something put into the world."""

    text: Text
    audience: Listeners = ("all",)
    """Who learns of it; nobody where it is empty."""
    source: str = ""
    """The name it comes from in the transcript; nothing for a plain direction."""


class Rule(Part):
    """A law of the world: rules are applied after every turn in their stated order."""

    filler: ClassVar = {"when": "true", "inject": {"text": "x"}}

    label: str = ""
    when: Condition
    set: dict[Target, Expression] = Field(default_factory=dict)
    inject: InjectText | None = None
    chance: float | None = Field(None, gt=0, le=1)
    """How likely it is applied when its condition holds; the run's seed decides."""
    once: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.set and self.inject is None:
            raise ValueError("a rule needs `set` or `inject`")
        return self


class InjectSpec(InjectText):
    """An event that the template puts into the world at a turn, in a phase or on a condition."""

    filler: ClassVar = {"text": "x", "at_turn": 0}

    label: str = ""
    at_turn: int | None = Field(None, ge=0)
    """After this many turns."""
    every: int | None = Field(None, ge=1)
    """Again every so many turns."""
    phase: str | None = None
    """When this phase begins, or only in it if another trigger is given."""
    when: Condition | None = None
    once: bool = True
    """At most once; false for each time that the condition becomes true or the phase begins."""
    chance: float | None = Field(None, gt=0, le=1)
    """How likely it comes when it is due; the run's seed decides."""
    set: dict[Target, Expression] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_trigger(self) -> Self:
        if self.at_turn is None and self.every is None and self.phase is None and self.when is None:
            raise ValueError("an inject needs one of `at_turn`, `every`, `phase`, `when`")
        return self
