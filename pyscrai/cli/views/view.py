"""What a command that plays a run shows while it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyscrai.exports.transcript_entry import Line


@dataclass(frozen=True, slots=True)
class Opening:
    """What is played: shown before the first event."""

    run_id: str
    title: str
    template: str
    cast: Sequence[Mapping[str, str]]
    """Per role ``role``, ``name``, ``engine`` and ``model``."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Phase to its title."""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """How it ended, for now or for good."""

    run_id: str
    status: str
    outcome: Mapping[str, Any] | None
    usage: Mapping[str, Any]
    error: Mapping[str, Any] | None = None
    seconds: float = 0.0
    interrupted: bool = False
    waiting: Mapping[str, Any] | None = None
    stored: bool = True
    """False for a dry run, of which nothing can be read back."""
    had_ended: bool = False
    """Whether the run had ended for good before the command."""
    missing: bool = False
    """Whether a measurement or the report could not be had."""
    paused: str = ""
    """Why the run paused, where this command saw it pause."""


class RunView(Protocol):
    """Shows one run while it plays."""

    streams: bool
    """Whether it wants the pieces of speech as they come."""

    def opened(self, opening: Opening) -> None:
        """Before the first event."""
        ...

    def event(self, line: Line) -> None:
        """An event is durable."""
        ...

    def token(self, role: str, turn: int, piece: str | None) -> None:
        """A piece of speech came in; None takes back what came in this turn so far."""
        ...

    def closed(self, closing: Closing) -> None:
        """After the last event of this drive."""
        ...

    def suspend(self) -> None:
        """Leave the terminal to somebody else, until the next event."""
        ...
