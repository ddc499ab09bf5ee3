"""What happens in a run: small frozen models with a literal ``kind``, joined in one union, ``AnyEvent``.

An event is written once and never changed. ``key`` names it within its run, so that writing it again after a crash
changes nothing; ``seq`` and ``id`` are given by the log. Every view of a run is made from these and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pyscrai.audience import EVERYONE, NOBODY, Audience

ENVELOPE = ("key", "kind", "turn", "phase", "source", "audience")
"""The fields that every event has; all others are its payload."""

_ENVELOPE = set(ENVELOPE)


class Event(BaseModel):
    """What every event says: when, from whom, to whom.

    ``turn`` counts the turns played when it happened, ``source`` is a role, ``template``, ``run`` or a person's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    key: str
    turn: int
    phase: str = ""
    source: str | None = None
    audience: Audience = NOBODY

    def payload(self) -> dict[str, Any]:
        """All that is special to this kind, as JSON-plain data."""
        return self.model_dump(mode="json", exclude=_ENVELOPE)


# -- the life of a run ------------------------------------------------------------------------------------------------


class RunStarted(Event):
    """The run begins: the premise that everyone knows, the cast and the parameters."""

    kind: Literal["run_started"] = "run_started"
    audience: Audience = EVERYONE
    premise: str
    roles: dict[str, str]
    """Role id to the name it goes by."""
    parameters: dict[str, Any] = Field(default_factory=dict)


class RunPaused(Event):
    """The run stands at a superstep boundary and can go on."""

    kind: Literal["run_paused"] = "run_paused"
    reason: str


class RunResumed(Event):
    """The run goes on from its checkpoint."""

    kind: Literal["run_resumed"] = "run_resumed"
    reason: str = ""


class RunWaiting(Event):
    """The run waits for a person who plays a role, or who decides about what it proposes."""

    kind: Literal["run_waiting"] = "run_waiting"
    role: str
    request: dict[str, Any] = Field(default_factory=dict)


class RunCompleted(Event):
    """The run reached one of its ends."""

    kind: Literal["run_completed"] = "run_completed"
    outcome: dict[str, Any]


class RunFailed(Event):
    """The run stopped at an error; ``error`` has its stable code and message."""

    kind: Literal["run_failed"] = "run_failed"
    error: dict[str, Any]


class RunStopped(Event):
    """A person ended the run before its natural end."""

    kind: Literal["run_stopped"] = "run_stopped"
    reason: str


class RunForked(Event):
    """This run shares its parent's past up to a turn."""

    kind: Literal["run_forked"] = "run_forked"
    parent: str
    at_turn: int
    edits: dict[str, Any] = Field(default_factory=dict)


class Control(Event):
    """A person or program asked for something; ``actor`` says who."""

    kind: Literal["control"] = "control"
    action: str
    actor: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class NotApplied(Event):
    """A control was accepted, and no turn took it before the run ended."""

    kind: Literal["not_applied"] = "not_applied"
    action: str
    actor: str
    reason: str
    arguments: dict[str, Any] = Field(default_factory=dict)


# -- the flow ---------------------------------------------------------------------------------------------------------


class PhaseEntered(Event):
    """A phase begins; ``cause`` is the transition that led to it."""

    kind: Literal["phase_entered"] = "phase_entered"
    audience: Audience = EVERYONE
    came_from: str | None = None
    cause: str = ""
    text: str = ""


class SpeakerChosen(Event):
    """A moderator, or who was addressed, decides who is next."""

    kind: Literal["speaker_chosen"] = "speaker_chosen"
    chosen: str
    reason: str = ""


class FlowWarning(Event):
    """The flow went on otherwise than planned: a bad choice, a bound reached."""

    kind: Literal["flow_warning"] = "flow_warning"
    message: str


class EndReached(Event):
    """An end fired; the outcome says which and why."""

    kind: Literal["end_reached"] = "end_reached"
    outcome: dict[str, Any]


# -- the play ---------------------------------------------------------------------------------------------------------


class Utterance(Event):
    """What a role says, an Actor in character or a Narrator describing."""

    kind: Literal["utterance"] = "utterance"
    name: str
    """The name that the role goes by in the transcript."""
    text: str
    played_by: str = "model"
    """``model``, or the person who answered for the role."""


class Action(Event):
    """A typed move: a vote, an offer."""

    kind: Literal["action"] = "action"
    action: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Inject(Event):
    """Something that the template, a rule or a person puts into the world."""

    kind: Literal["inject"] = "inject"
    text: str
    origin: str = "template"
    """``template``, ``rule`` or the name of the person."""
    label: str = ""


class VariableChanged(Event):
    """A variable of the world has a new value."""

    kind: Literal["variable_changed"] = "variable_changed"
    variable: str
    of: str | None = None
    """Of which role, item or key, where it has several values."""
    old: Any
    new: Any
    cause: str


class ChangeRefused(Event):
    """A proposed change broke the variable's type or bounds and was not made."""

    kind: Literal["change_refused"] = "change_refused"
    variable: str
    value: Any
    reason: str


class ToolCalled(Event):
    """A role used a tool."""

    kind: Literal["tool_called"] = "tool_called"
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: Any = None
    text: str = ""
    """The result as the role reads it."""
    error: str | None = None


class ToolRefused(Event):
    """A person refused a role the use of a tool, which did not happen."""

    kind: Literal["tool_refused"] = "tool_refused"
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    person: str
    reason: str = ""


# -- memory and observation ------------------------------------------------------------------------------------------


class MemorySummarized(Event):
    """A role folded old lines into its running summary; only that role knows it."""

    kind: Literal["memory_summarized"] = "memory_summarized"
    summary: str
    upto_turn: int
    lines: list[str] = Field(default_factory=list)
    """The keys of the lines that were folded in this time; those of earlier ones are in the summary before."""


class Reflection(Event):
    """A role drew conclusions from its own past; only that role knows them."""

    kind: Literal["reflection"] = "reflection"
    insights: list[str]
    lines: list[str] = Field(default_factory=list)
    """The keys of the lines that the role had before it when it drew them, beside its summary and memories."""


class Assessment(Event):
    """An Analyst's view of the play so far, unheard by the cast."""

    kind: Literal["assessment"] = "assessment"
    summary: str
    findings: list[str] = Field(default_factory=list)


class Measurement(Event):
    """One score or category, with the event keys it rests on."""

    kind: Literal["measurement"] = "measurement"
    measure: str
    of: str | None = None
    value: float | int | str | None
    rationale: str = ""
    evidence: list[str] = Field(default_factory=list)


class Verdict(Event):
    """An Analyst's judgement whether a stated goal is reached."""

    kind: Literal["verdict"] = "verdict"
    goal: str
    met: bool
    rationale: str = ""
    evidence: list[str] = Field(default_factory=list)


class Report(Event):
    """An Analyst's final report in Markdown."""

    kind: Literal["report"] = "report"
    markdown: str


class ResultMissing(Event):
    """A measurement or the report could not be had; the play went on, and it can be taken again."""

    kind: Literal["result_missing"] = "result_missing"
    task: str
    """``measure`` or ``report``."""
    measures: list[str] = Field(default_factory=list)
    of: str | None = None
    """The role that was to be measured; None where all of the measures' roles are meant."""
    error: dict[str, Any]


# -- what went wrong and what was done about it ----------------------------------------------------------------------


class ModelRetried(Event):
    """A try of a model call failed; it was made again while the policy allowed another."""

    kind: Literal["model_retried"] = "model_retried"
    alias: str
    error: str
    message: str
    attempt: int


class ModelFellBack(Event):
    """A model failed for good and the role's fallback alias answered."""

    kind: Literal["model_fell_back"] = "model_fell_back"
    alias: str
    fallback: str
    error: str


class ReplyRepaired(Event):
    """A reply could not be used and the model was asked to mend it."""

    kind: Literal["reply_repaired"] = "reply_repaired"
    problem: str


class TurnSkipped(Event):
    """A role's turn failed and its policy is to skip it."""

    kind: Literal["turn_skipped"] = "turn_skipped"
    error: dict[str, Any]


class RoleTaken(Event):
    """A person plays this role from now on."""

    kind: Literal["role_taken"] = "role_taken"
    role: str
    person: str


class RoleReleased(Event):
    """A model plays this role again."""

    kind: Literal["role_released"] = "role_released"
    role: str
    person: str


AnyEvent = Annotated[
    RunStarted | RunPaused | RunResumed | RunWaiting | RunCompleted | RunFailed | RunStopped | RunForked | Control
    | NotApplied | PhaseEntered | SpeakerChosen | FlowWarning | EndReached | Utterance | Action | Inject
    | VariableChanged | ChangeRefused | ToolCalled | ToolRefused | MemorySummarized | Reflection | Assessment
    | Measurement | Verdict | Report | ResultMissing
    | ModelRetried | ModelFellBack | ReplyRepaired | TurnSkipped | RoleTaken | RoleReleased,
    Field(discriminator="kind"),
]
"""Any event, told apart by ``kind``."""

EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
"""Validates an event from plain data: ``EVENT.validate_python({...})``."""
