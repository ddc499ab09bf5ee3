"""How a prompt is laid out for a kind of model, and what its speech is held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pyscrai.engines.ports.model import Layout as LayoutName
from pyscrai.engines.ports.model import Message
from pyscrai.engines.state import Line
from pyscrai.errors import ReplyError


class Prompt(NamedTuple):
    """The rendered parts of a request."""

    system: str
    render: Callable[[str, Mapping[str, Any]], str]
    """Renders a shipped prompt, by name, with further variables."""
    entries: tuple[str, ...]
    """The transcript, a part per entry."""
    note: str
    """What is asked for now."""
    prefill: str = ""
    """The words that the reply begins with, where the model goes on from them; else empty."""
    structured: bool = False
    """Whether a JSON object is asked for."""
    goes_on: bool = False
    """Whether the role speaks as one of the characters of the transcript."""


@dataclass(frozen=True, slots=True)
class Standards:
    """What a speech is compared with."""

    lines: Sequence[Line]
    """What the role has heard and done, oldest first."""
    known: Sequence[str]
    """Texts of the prompt that are not for reciting: the secret, the phase's task."""
    entries: Callable[[str], Sequence[str]]
    """The transcript's entries that lead to a heard line being said again."""
    fault: Callable[[str], str | None] = field(default=lambda text: None)
    """What is wrong with a line for this engine."""
    mended: Callable[[str], str] = field(default=lambda text: text)
    """A line without what does not belong in it."""

    @property
    def heard(self) -> list[str]:
        """The texts of what was said, oldest first."""
        return [line["content"] for line in self.lines if line["kind"] != "action"]


class Critic(Protocol):
    """Reads the speeches of one turn, try after try."""

    def trimmed(self, text: str) -> str:
        """The part of a reply that is the speech."""
        ...

    def unusable(self, error: ReplyError) -> ReplyError:
        """The error of a reply in which nothing is said: as it is, or a TryAgain."""
        ...

    def judged(self, text: str) -> str:
        """The speech as it is said.

        Raises:
            TryAgain: another try is likely to be better.
        """
        ...


class Voice(Protocol):
    """Puts into words what a role means with a move that it has made."""

    def messages(self, prompt: Prompt, engine: str) -> tuple[Message, ...]:
        """The request's messages, as they are for an engine."""
        ...

    def critic(self, intent: str, speaker: str, standards: Standards) -> Critic:
        """A critic of the words for what the speaker, by display name, means."""
        ...


class ReportCritic(Protocol):
    """Reads the sentences of a short report, try after try."""

    def judged(self, text: str) -> str:
        """The sentence as it stands in the report.

        Raises:
            TryAgain: another try is likely to be better.
        """
        ...


class Brief(Protocol):
    """A report that is made of the answers to two short questions."""

    tokens: int
    """The longest sentence, in tokens."""

    def choices(self, lines: Sequence[Line]) -> list[Line]:
        """The lines that may have been the turning point."""
        ...

    def critic(self, lines: Sequence[Line]) -> ReportCritic:
        """A critic of what is told of a play."""
        ...

    def markdown(self, course: str, line: Line | None) -> str:
        """The report: what happened, in a sentence, and the turning point."""
        ...


class Layout(Protocol):
    """How prompts are laid out for a kind of model."""

    name: LayoutName
    rationale: str
    """How long the reason for a score or a verdict is asked to be."""
    brief: Brief | None
    """How a report is made of short answers; None where it is asked for as a whole."""
    voice: Voice | None
    """How a move that means something is made first and put into words after; None where both are one reply."""

    def asks(self, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        """The part of a turn's schema that is asked for with the speech; None for the speech alone, the rest after."""
        ...

    def stop(self, others: Sequence[str], *, structured: bool) -> tuple[str, ...]:
        """The texts at which a speech ends."""
        ...

    def messages(self, prompt: Prompt) -> tuple[Message, ...]:
        """The request's messages; what changes every turn comes last, so that the front stays in caches."""
        ...

    def critic(self, standards: Standards) -> Critic:
        """A critic for one turn."""
        ...
