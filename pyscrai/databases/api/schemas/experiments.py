"""What the API takes and gives for experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import ConfigDict, Field, StringConstraints

from pyscrai.databases.api.forms import EXPERIMENT_ID, RUN_ID
from pyscrai.databases.api.schemas.base import AliasName, Answer, Body, Label

ExperimentId = Annotated[str, Path(pattern=EXPERIMENT_ID, description="An experiment's id.",
                                   examples=["exp_1jn9qhwhd8ez"])]
ExperimentStatusName = Literal["planned", "running", "paused", "completed", "cancelled"]
CellState = Literal["planned", "playing", "ended", "failed", "excluded"]
TableName = Literal["runs", "cells", "measurements", "judgements", "turns", "contrasts", "arms", "deviations"]


class NewExperiment(Body):
    """An experiment: as plain data, or as the YAML or JSON text of its file."""

    content: dict[str, Any] | None = None
    source: Annotated[str, StringConstraints(max_length=1_000_000)] | None = None
    amend: bool = False
    """Let a frozen one have more pasts, arms or repeats; each change becomes a deviation."""
    start: bool = False
    """Freeze it and run it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [{
        "content": {"kind": "experiment", "name": "asking-price", "question": "Does the asking price matter?",
                    "scenario": "used-car-negotiation", "pasts": {"seeds": 20},
                    "arms": {"low": {"parameters": {"asking": 6000}}, "high": {"parameters": {"asking": 8000}}},
                    "measures": {"primary": {"name": "deal", "outcome": "deal"}}}, "start": False}]})


class Judging(Body):
    """Other judges than the experiment names, or more passes."""

    by: tuple[AliasName, ...] = Field((), max_length=20)
    repeats: int | None = Field(None, ge=1, le=50)


class PersonLabel(Body):
    """A score or category that a person gave a finished transcript."""

    run_id: Annotated[str, StringConstraints(pattern=RUN_ID)]
    measure: Label
    of: Label = ""
    value: int | float | Label
    person: Label = ""
    pass_: int = Field(1, alias="pass", ge=1, le=50)
    """2 where the person labels the transcript again."""
    rationale: Annotated[str, StringConstraints(max_length=4_000)] = ""


class Labels(Body):
    """Labels of people: as plain data, or as the CSV text of a filled-in sheet."""

    labels: tuple[PersonLabel, ...] = Field((), max_length=5_000)
    csv: Annotated[str, StringConstraints(max_length=5_000_000)] | None = None
    """With the columns run_id, measure and value, and where wanted of, person, pass, rationale; others are passed
    over, so that a sheet may be sent as it is, or without its transcripts."""
    person: Label = ""
    """Who gave those that name nobody; left out, the caller."""


class Labeled(Answer):
    """How many labels were stored."""

    experiment_id: str
    labels: int


class ExperimentSummary(Answer):
    """An experiment as lists show it."""

    model_config = ConfigDict(ser_json_inf_nan="null", extra="allow")

    experiment_id: str
    name: str
    version: str
    title: str
    question: str
    scenario: str
    pilot: bool
    status: ExperimentStatusName
    desired: str
    """What is asked of it: none, run, pause or cancel."""
    reason: str
    live: bool
    """Whether some process runs it now."""
    freeze_hash: str | None
    content_hash: str
    seconds: float
    created_at: datetime | None
    frozen_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime | None


class ExperimentDetail(ExperimentSummary):
    """An experiment as its board shows it: cells by state and arm, the interval, spend and time left."""

    cells: dict[str, int]
    """State to how many runs."""
    arms: dict[str, dict[str, int]]
    """Arm to state to how many runs."""
    pasts: dict[str, int]
    planned: int
    usd: float
    tokens: int
    budget_usd: float | None
    judgements: dict[str, int]
    """Judge to how many judgements."""
    half_width: float | None
    """Half of the widest interval of the primary contrasts so far."""
    stop: list[str]
    seconds_left: float | None
    complete: bool


class CellItem(Answer):
    """A planned or played run of an experiment."""

    past: int
    arm: str
    repeat: int
    state: CellState
    run_id: str | None
    run_status: str | None
    turn: int | None
    attempts: int
    reason: str
    error: dict[str, Any] | None


class PastItem(Answer):
    """A past of an experiment."""

    past: int
    seed: int
    block: dict[str, Any]
    state: str
    run_id: str | None
    turn: int | None
    attempts: int
    reason: str
    error: dict[str, Any] | None


class ExperimentContent(Answer):
    """What an experiment declares, its design, and what it was frozen with."""

    experiment_id: str
    content: dict[str, Any]
    source: str | None
    frozen: dict[str, Any] | None
    arms: list[dict[str, Any]]
    contrasts: list[str]
    measures: list[dict[str, Any]]


class NarrowingPoint(Answer):
    """Half of the widest primary interval, after so many runs had ended."""

    ended: int
    half_width: float


class JudgementItem(Answer):
    """A score that a judge gave a run."""

    run_id: str
    measure: str
    of: str | None
    judge: str
    pass_: int = Field(alias="pass")
    shown_order: int | None
    number: float | None
    category: str | None
    rationale: str
    evidence: list[str]

    model_config = ConfigDict(populate_by_name=True)


class Verification(Answer):
    """Whether replays and numbers are the same again."""

    experiment_id: str
    identical: bool
    differences: list[str]
    replayed: int
    not_ended: list[str]
    runs: int
    numbers: int


class CheckedExperiment(Answer):
    """What is wrong with an experiment, or would be."""

    valid: bool
    problems: list[dict[str, Any]]
