"""The flow of a scenario: phases, who speaks in them and in which order, and what leads from one to the next."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pyscrai.templates.models.base import Condition, Identifier, Listeners, Names, Part, Scalar, Strict

Order = Literal["sequence", "round_robin", "random", "moderated", "simultaneous", "free"]


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
    after_turns: int | None = Field(None, ge=1)
    """Once the phase has had this many turns."""
    after_rounds: int | None = Field(None, ge=1)
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
    speakers: Names
    """Roles and groups, in order."""
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
    max_turns: int | None = Field(None, ge=1)
    """After this many turns the phase is over: its bare transition is taken, else its last one."""
    max_visits: int | None = Field(None, ge=1)
    """The phase can be entered at most this often; a transition to it is then passed over."""
    next: tuple[Transition, ...] = Field(min_length=1)


class Flow(Strict):
    """All phases and the one that begins."""

    start: str
    phases: dict[Identifier, Phase] = Field(min_length=1)
