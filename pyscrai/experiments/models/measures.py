"""What an experiment measures and compares, who judges, when it stops and how it is analysed."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from pyscrai.experiments.statistics.agreement import Level
from pyscrai.templates.models.analysis import Measure
from pyscrai.templates.models.base import Identifier, Misfit, Strict

Take = Literal["last", "first", "mean", "max", "min", "change", "count"]
Figure = Literal["turns", "words", "calls", "tokens", "cost_usd", "seconds"]
SOURCES = ("measure", "variable", "action", "outcome", "figure")


class MeasureUse(Strict):
    """A number for each run, taken from what was measured in it.

    Without a source the name is that of a measure of the scenario or of the judges.
    """

    name: Identifier
    measure: str | None = None
    """A measure of the scenario or of the judges."""
    variable: str | None = None
    action: str | None = None
    """A move, as ``vote`` or as ``vote.choice`` for one of its arguments."""
    outcome: str | None = None
    """The label or kind of an end: 1 where the run ended so, else 0."""
    figure: Figure | None = None
    of: str | None = None
    """The role that it is of."""
    take: Take = "last"
    """What becomes of several values; ``change`` is the last less the value where the arm began."""
    is_: str | None = Field(None, alias="is")
    """The category that counts as 1, all others as 0."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) > 1:
            raise Misfit(f"a measure has at most one of {', '.join(SOURCES)}, not {', '.join(given)}", *given[1:])
        if self.is_ is not None and self.take == "change":
            raise Misfit("`is` makes 0 or 1 of a category, of which there is no change", "take", "is")
        if self.outcome is not None and self.take != "last":
            raise Misfit("a run has one outcome: leave `take` out", "take", "outcome")
        return self

    @property
    def source(self) -> str:
        """The source of the values."""
        return next((name for name in SOURCES if getattr(self, name) is not None), "measure")

    @property
    def target(self) -> str:
        """The measure, variable, move, end or figure."""
        return str(getattr(self, self.source) or self.name)

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1."""
        return self.outcome is not None or (self.is_ is not None and self.take in ("last", "first", "max", "min"))


class Measures(Strict):
    """The measure that decides, and others."""

    primary: MeasureUse
    secondary: tuple[MeasureUse, ...] = ()


class Judges(Strict):
    """Models that score finished transcripts, blind and in drawn order."""

    by: tuple[str, ...] = Field(min_length=1)
    """Model aliases."""
    repeats: int = Field(2, ge=1, le=50)
    """How often each of them scores each transcript."""
    blind: bool = True
    """Arm, parameters and the labels of injects are withheld."""
    level: Level = "ordinal"
    """What the distance between two scores means, for their agreement; categories are always nominal."""
    measures: tuple[str | Measure, ...] = ()
    """Measures of the scenario by name, or written out; left out, all that its Analyst scores."""
    temperature: float | None = Field(None, ge=0, le=2)

    @model_validator(mode="after")
    def _twice(self) -> Self:
        if len(self.by) * self.repeats < 2:
            raise Misfit("each transcript is scored at least twice: else nobody knows how far a score can be trusted",
                         "repeats", "by")
        return self


class StopRule(Strict):
    """One reason to stop; exactly one is given."""

    filler: ClassVar = {"seconds": 1}

    pasts: int | None = Field(None, ge=1)
    """So many pasts were played."""
    half_width: float | None = Field(None, gt=0)
    """Half of the interval of every primary contrast is this wide at most."""
    after: int = Field(10, ge=2)
    """With `half_width`: not before so many pasts."""
    cost_usd: float | None = Field(None, gt=0)
    seconds: float | None = Field(None, gt=0)
    """Of playing, over all sittings."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("pasts", "half_width", "cost_usd", "seconds") if getattr(self, name) is not None]
        if len(given) != 1:
            raise Misfit("a stop rule needs exactly one of pasts, half_width, cost_usd, seconds",
                         *(given[1:] or ["seconds"]), instead=None if given else 1.0)
        return self

    @property
    def text(self) -> str:
        """The rule in words."""
        if self.pasts is not None:
            return f"{self.pasts} pasts"
        if self.half_width is not None:
            return f"half width {self.half_width:g} after {self.after} pasts"
        return f"{self.cost_usd:g} USD" if self.cost_usd is not None else f"{self.seconds:g} seconds"


class Stop(Strict):
    """The first rule that holds ends the playing. There is no rule on p: peeking at it breaks the interval."""

    first: tuple[StopRule, ...] = Field(min_length=1)


class Failures(Strict):
    """What happens to runs that fail."""

    retry: int = Field(1, ge=0, le=10)
    """How often a failed run is played again from where it failed."""
    stop_above: float | None = Field(0.5, gt=0, le=1)
    """Pause the experiment when more than this share of its runs have failed, from ten runs on; null for never."""


class AnalysisPlan(Strict):
    """How the contrasts are computed."""

    level: float = Field(0.95, gt=0.5, lt=1)
    """Confidence of intervals; alpha is what is left to 1."""
    method: Literal["paired", "bootstrap", "gee", "mixed"] = "paired"
    """``paired``: one difference per past; ``bootstrap``: the same from 50 pasts on; for runs that are unbalanced over
    the pasts ``gee``, estimating equations, or ``mixed``, a mixed model."""
    seed: int = 0
    """Of sign flips and bootstraps."""
