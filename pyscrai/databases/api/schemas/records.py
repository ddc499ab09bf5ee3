"""What runs recorded, as the API sends it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from pyscrai.databases.api.schemas.base import AliasName, Answer, Body, RoleName, Words

EVENT_EXAMPLE: dict[str, Any] = {
    "id": 5, "run_id": "run_1jn9qhwhd8ez", "seq": 5, "key": "t2", "kind": "utterance", "turn": 2,
    "phase": "first_reaction", "source": "engineer", "audience": "all",
    "payload": {"name": "Ines Falk", "text": "Close the mains.", "played_by": "model"},
    "created_at": "2026-11-23T14:32:46.100+00:00"}


class EventItem(Answer):
    """One event of the log; ``id`` grows over all runs, ``seq`` within the run."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENT_EXAMPLE]})

    id: int
    run_id: str
    seq: int
    key: str
    kind: str
    turn: int
    phase: str
    source: str | None
    audience: Literal["all"] | list[str]
    payload: dict[str, Any]
    created_at: str


class TranscriptLine(Answer):
    """One paragraph of a transcript."""

    tone: str
    text: str
    role: str
    who: str
    to: str
    tag: str
    turn: int
    seq: int
    detail: bool


class TranscriptView(Answer):
    """A run, or what one role heard of it, as a person reads it."""

    run_id: str
    heard_by: str | None
    lines: list[TranscriptLine]


class CallItem(Answer):
    """A model call: what was asked, what came back, what it took."""

    model_config = ConfigDict(extra="allow")

    id: int
    run_id: str
    turn: int
    role: str
    task: str
    ordinal: int
    purpose: str
    alias: str
    model: str | None
    reply: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    latency_ms: float | None
    error: dict[str, Any] | None
    messages: list[dict[str, str]] | None = None
    """The rendered prompt; left out of lists unless asked for."""


class StateView(Answer):
    """The state of a run after a turn, and what the turn changed."""

    run_id: str
    turn: int
    state: dict[str, Any]
    changed: dict[str, Any] | None
    """For each channel its value before and after; null for the first state."""


class RoleView(Answer):
    """What a role knew at a turn: what it heard, its memory, the variables that it sees."""

    run_id: str
    role: str
    turn: int
    secret: str
    summary: str
    memory: dict[str, Any]
    variables: dict[str, Any]
    events: list[EventItem]


class Question(Body):
    """A question to an agent, outside of the play."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"role": "mayor", "question": "What do you fear most?", "turn": 3}]})

    role: RoleName
    question: Words
    turn: int | None = None
    """As of which turn; now, if left out."""
    model: AliasName | None = None
    """An alias to answer with instead of the role's own."""


class InterviewAnswer(Answer):
    """What an agent answered."""

    run_id: str
    role: str
    turn: int
    question: str
    answer: str
    alias: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class MetricsView(Answer):
    """What a run took: in all (``run``) and by role. Latencies are in milliseconds."""

    run_id: str
    metrics: dict[str, dict[str, Any]]


class MeasurementItem(Answer):
    """A score or category and the events that it rests on."""

    seq: int
    turn: int
    source: str | None
    measure: str
    of: str | None
    value: float | str | None
    rationale: str
    evidence: list[str]


class MeasureRequest(Body):
    """What is to be measured; without anything named, what is missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"measures": ["cooperation"], "report": False}]})

    measures: Annotated[tuple[RoleName, ...], Field(max_length=100)] = ()
    """Measures to take, whether they were taken before or not."""
    report: bool | None = None
    """Whether the report is written; left out, it is where it is missing and no measure is named."""
    model: AliasName | None = None
    """An alias to ask instead of the Analyst's own."""


class MissingItem(Answer):
    """A measurement or report that could not be had, and why."""

    task: str
    measures: list[str]
    of: str | None
    error: dict[str, Any]


class MeasureResult(Answer):
    """What was measured now."""

    run_id: str
    turn: int
    measurements: list[MeasurementItem]
    report: str | None
    missing: list[MissingItem]


class ExportedRun(Answer):
    """The whole record of a run as one document."""

    model_config = ConfigDict(extra="allow")

    format: Literal["pyscrai.run/1"]
    run: dict[str, Any]
    template: dict[str, Any]
    cast: list[dict[str, Any]]
    events: list[EventItem]
    calls: list[dict[str, Any]] | None = None
    """Model calls with their prompts and replies."""
    measurements: list[dict[str, Any]] = Field(default_factory=list)
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    report: str | None = None


class ReportView(Answer):
    """The Analyst's last report."""

    run_id: str
    markdown: str
