"""Experiment files: what is compared, over which pasts, by which measures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pyscrai.experiments.models.arms import Arm, Design, Exclude, Factor
from pyscrai.experiments.models.measures import AnalysisPlan, Failures, Judges, Measures, Stop
from pyscrai.experiments.models.pasts import Pasts
from pyscrai.templates.models.base import FORMAT, Identifier, Scalar, Template, TemplateName, Text, Version


class ExperimentTemplate(Template):
    """An experiment, ``name@version``."""

    kind: Literal["experiment"] = "experiment"
    format: Literal[1] = FORMAT
    name: TemplateName
    version: Version = "1.0.0"
    title: str = ""
    question: Text
    """What is to be found out, in a sentence."""
    description: str = ""
    tags: tuple[str, ...] = ()
    scenario: str
    """``name`` or ``name@version`` of a stored scenario, or a file beside this one."""
    parameters: dict[Identifier, Scalar] = Field(default_factory=dict)
    """Of every run."""
    model: str | None = None
    """A model alias for every role; an arm may have another."""
    role_models: dict[str, str] = Field(default_factory=dict)
    cast: dict[str, str] = Field(default_factory=dict)
    """Role to the agent that plays it in every run in place of the scenario's own; an arm may have another."""
    without: tuple[str, ...] = ()
    """Optional roles that are left out."""
    max_turns: int | None = Field(None, ge=1)
    """Of every run, its past included."""
    budget_usd: float | None = Field(None, gt=0)
    """Of every run."""
    parallel: int = Field(8, ge=1, le=1_000)
    """How many runs are played at once."""
    pasts: Pasts
    arms: dict[Identifier, Arm] = Field(default_factory=dict)
    factors: dict[Identifier, Factor] = Field(default_factory=dict)
    """Instead of arms: crossed by `design`."""
    design: Design = "full"
    combinations: tuple[dict[Identifier, Scalar], ...] = ()
    """The arms of `design: list`: a value of each factor."""
    exclude: Exclude = ()
    repeats: int = Field(1, ge=1, le=1_000)
    """Runs of each past and arm."""
    measures: Measures
    contrasts: tuple[dict[str, Scalar], ...] = ()
    """``{arm: reference}``, or ``{factor: NAME, value: A, to: B}`` over all others; left out, all to the first.

    With ``by: OTHER`` the difference of two effects: that of the factor at one level of another (``at``) less that at
    another level (``less_at``); left out, at its second of two levels less at its first."""
    smallest_effect: float | None = Field(None, gt=0)
    """The smallest difference of the primary measure that matters."""
    judges: Judges | None = None
    stop: Stop | None = None
    """Left out, all pasts are played."""
    failures: Failures = Failures()
    analysis: AnalysisPlan = AnalysisPlan()
