"""How a run ends and what is measured in it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import Condition, Expression, Identifier, Part, Strict, Text

LIMITS = ("turns", "seconds", "tokens", "cost_usd")
"""The ends that are limits: they stop a run that has not come to its own end."""

Metric = Literal["turn_share", "words", "latency_ms", "sentiment"]


class Judge(Strict):
    """An Analyst decides every so many turns whether a goal is reached, and cites its evidence."""

    goal: Text
    by: str
    every: int = Field(5, ge=1)


class Phrase(Strict):
    """Somebody says these words; case does not count."""

    text: Text
    by: tuple[str, ...] = ()
    """The roles whose words count; none for everybody's."""


class End(Part):
    """One end, or a tree of them. Exactly one of its conditions is given."""

    filler: ClassVar = {"turns": 100_000}

    any: tuple[End, ...] | None = Field(None, min_length=1)
    all: tuple[End, ...] | None = Field(None, min_length=1)
    turns: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, gt=0)
    """Playing time: what models and people took to answer; a pause does not count."""
    tokens: int | None = Field(None, ge=1)
    """Prompt and completion tokens of all calls."""
    cost_usd: float | None = Field(None, ge=0)
    phrase: Phrase | str | None = None
    when: Condition | None = None
    narrator: bool | None = None
    """A Narrator declares the end."""
    judge: Judge | None = None
    label: str = ""
    """What the outcome calls this end."""
    pause: bool = False
    """A limit pauses the run here instead of ending it."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in END_KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"an end needs exactly one of {', '.join(END_KINDS)}; "
                             f"{'it has ' + ', '.join(given) if given else 'it has none'}")
        if self.pause and given[0] not in LIMITS:
            raise ValueError(f"`pause` goes with a limit ({', '.join(LIMITS)})")
        return self

    @property
    def kind(self) -> str:
        """The name of the condition that is given."""
        return next(name for name in END_KINDS if getattr(self, name) is not None)

    @property
    def condition(self) -> object:
        """The condition that is given."""
        return getattr(self, self.kind)


END_KINDS = ("any", "all", *LIMITS, "phrase", "when", "narrator", "judge")


class Measure(Part):
    """Something measured by an Analyst on a rubric, or counted without a model."""

    filler: ClassVar = {"name": "x", "metric": "words"}

    name: Identifier
    scale: tuple[int, int] | None = None
    """Lowest and highest score."""
    categories: tuple[str, ...] | None = Field(None, min_length=2)
    metric: Metric | None = None
    """Counted, not judged."""
    value: Expression | None = None
    """Computed, not judged: ``vars.pot``; with `of` roles it reads ``role``."""
    difference: bool = False
    """Of a computed or counted measure: how much it changed since it was taken last."""
    repeats: int = Field(1, ge=1, le=9)
    """How often a judged measure is taken each time, to see how reliable the judge is."""
    of: str = "scenario"
    """A role, a group, ``each`` for every Actor, or ``scenario``."""
    each: Literal["turn", "phase", "end"] | int = "end"
    """When: at every turn, at the end of each phase, at the end of the run, or every n turns."""
    after: bool = False
    """Whether the next speaker waits until it is taken, so that ends and transitions of the same turn can read it."""
    rubric: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [name for name in ("scale", "categories", "metric", "value") if getattr(self, name) is not None]
        if len(forms) != 1:
            raise ValueError("a measure needs exactly one of `scale`, `categories`, `metric`, `value`")
        judged = self.judged
        if judged and not self.rubric:
            raise ValueError("a judged measure needs a `rubric`")
        if judged and self.difference:
            raise ValueError("`difference` goes with `metric` or `value`")
        if not judged and self.repeats > 1:
            raise ValueError("`repeats` goes with a judged measure")
        if self.scale is not None and self.scale[0] >= self.scale[1]:
            raise ValueError(f"`scale` runs from low to high, not from {self.scale[0]} to {self.scale[1]}")
        if isinstance(self.each, int) and self.each < 1:
            raise ValueError("`each` is at least 1 turn")
        if self.after and self.each in ("phase", "end"):
            raise ValueError("`after` goes with `each: turn` or a number of turns")
        return self

    @property
    def judged(self) -> bool:
        """Whether a model takes it."""
        return self.metric is None and self.value is None


class Analysis(Part):
    """What the Analyst measures and whether it writes a final report."""

    by: str
    measures: tuple[Measure, ...] = ()
    report: bool = True
    together: bool = False
    """Ask for all scores that are due at once in one call, instead of a call each."""
