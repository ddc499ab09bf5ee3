"""The journal, the event log and the inbox of a run as the engines need them: Protocols that they own, and plain data.

Nothing here knows a database: adapters live in ``pyscrai.databases``, doubles in ``pyscrai.engines.in_memory``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.events import Event


@dataclass(frozen=True, slots=True)
class CallKey:
    """The place of a call in a run; it is the same after a crash, in a replay and in a fork's shared past."""

    turn: int
    role: str
    task: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed try of a call."""

    alias: str
    code: str
    message: str
    latency_ms: float
    waited_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One question and its answer as the journal keeps it; ``reply`` is None where every try failed."""

    key: CallKey
    purpose: str
    alias: str
    request: ModelRequest
    reply: ModelReply | None
    attempts: tuple[Attempt, ...] = ()
    error: Mapping[str, Any] | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Name and content hash of each prompt template that went into the request."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a turn, for status requests; the truth stays in the checkpoint."""

    turn: int
    phase: str
    next: tuple[str, ...]
    variables: Mapping[str, Any]
    usage: Mapping[str, Any]


class Record(Protocol):
    """One run's journal and event log.

    The journal answers from memory: whoever opens a record loads the calls that a resumed run may ask for.
    """

    def recall(self, key: CallKey) -> CallRecord | None:
        """The call recorded at this place, or None if it was never answered."""
        ...

    def note(self, call: CallRecord) -> None:
        """Hand a call over for recording at once; ``commit`` waits until it is durable."""
        ...

    async def commit(self, events: Sequence[Event], progress: Progress | None = None) -> None:
        """Make all noted calls and these events durable, each event once by its ``key``.

        Raises:
            Fenced: another process plays this run now.
            StorageError: the database did not take them.
        """
        ...


@runtime_checkable
class Past(Protocol):
    """Reads back what a run has recorded."""

    async def history(self, *, after_turn: int = -1, upto_turn: int) -> Sequence[Event]:
        """What was heard and concluded in a span of turns, in the order of the log, a fork's past included."""
        ...


class Inbox(Protocol):
    """What people put into a run while it plays: injects, replies, take-overs."""

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        """The commands to apply at this turn: those assigned to it before, or all that wait, assigned to it now."""
        ...
