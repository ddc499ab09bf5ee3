"""The flow of a scenario: phases, who speaks in them and in which order, and what leads from one to the next."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pyscrai.templates.models.base import (
    Condition,
    Count,
    Expression,
    Identifier,
    Listeners,
    Part,
    Scalar,
    Strict,
    Target,
)

Order = Literal["sequence", "round_robin", "random", "moderated", "simultaneous", "free", "parallel"]


class SpeakerSpec(Part):
    """A role or group that speaks in a phase while a condition holds; for each role of the group by itself."""

    filler: ClassVar = {"role": "x", "when": "true"}

    role: str | None = None
    group: str | None = None
    when: Condition
    """Reads the role in question as ``role``: ``!(role in vars.dead)``."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.role is None) == (self.group is None):
            raise ValueError("a speaker needs exactly one of `role`, `group`")
        return self

    @property
    def name(self) -> str:
        """The role or group."""
        return self.role or self.group or ""


class Majority(Strict):
    """More than half of the moves of this phase agree on a value."""

    action: str
    field: str
    value: Scalar | None = None
    """Null for a majority on any value."""


class Transition(Part):
    """A way out of a phase. All conditions that it names must hold; one without any holds when a round is over."""

    to: str
    """A phase, or ``end``."""
    when: Condition | None = None
    after_turns: Count | None = None
    """Once the phase has had this many turns."""
    after_rounds: Count | None = None
    """Once every speaker of the phase has had this many turns."""
    on_event: str | None = None
    """An event of this kind happened in the last turn."""
    majority: Majority | None = None

    @property
    def bare(self) -> bool:
        """Whether it names no condition."""
        return (self.when is None and self.after_turns is None and self.after_rounds is None
                and self.on_event is None and self.majority is None)


class Observe(Strict):
    """An Analyst looks on beside the next speaker, which costs no waiting."""

    by: str
    every: int = Field(4, ge=1)
    """After how many turns each."""


class Phase(Part):
    """A stretch of the play with its own speakers and order."""

    title: str = ""
    text: str = ""
    """What the speakers of the phase are told when it begins."""
    task: str = ""
    """What is asked of the speakers in this phase; a note of the director, not heard in the play."""
    speakers: Annotated[tuple[str | SpeakerSpec, ...], Field(min_length=1)] | str
    """Roles and groups, in order, each perhaps on a condition; or an expression that gives a list of roles."""
    order: Order = "round_robin"
    moderator: str | None = None
    """Who picks the next speaker where the order is ``moderated``."""
    resolver: str | None = None
    """Who speaks after each round of a ``simultaneous`` phase and says what came of it."""
    observe: Observe | None = None
    audience: Listeners = ("all",)
    """Who hears what is said in this phase; nobody but the speaker where it is empty."""
    audiences: tuple[str, ...] = ()
    """Groups, roles, ``all`` or ``whisper`` (any one role) that a speaker may address instead, at its choice."""
    action: str | None = None
    """A typed move that every speaker makes in its turn."""
    optional_actions: tuple[str, ...] = ()
    """Typed moves that a speaker may make in its turn."""
    scene_rounds: Count = 1
    """Where the order is ``parallel``: how many rounds each group talks by itself."""
    to_several: bool = False
    """Whether a speaker may address several of ``audiences`` at once."""
    on_enter: dict[Target, Expression] = Field(default_factory=dict)
    """Variables that change when the phase begins."""
    on_leave: dict[Target, Expression] = Field(default_factory=dict)
    """Variables that change when the phase is left."""
    max_turns: int | None = Field(None, ge=1)
    """After this many turns the phase is over: its bare transition is taken, else its last one."""
    max_visits: int | None = Field(None, ge=1)
    """The phase can be entered at most this often; a transition to it is then passed over."""
    next: tuple[Transition, ...] = Field(min_length=1)

    @property
    def speaker_names(self) -> tuple[str, ...]:
        """The roles and groups that can speak, conditions aside; ``all`` where an expression says who does."""
        if isinstance(self.speakers, str):
            return ("all",)
        return tuple(entry if isinstance(entry, str) else entry.name for entry in self.speakers)


class Flow(Strict):
    """All phases and the one that begins."""

    start: str
    phases: dict[Identifier, Phase] = Field(min_length=1)
