"""What the engines need from outside, as Protocols that they own, and the plain data that crosses them.

Nothing here knows a database, an HTTP client or a model's SDK: adapters live in ``pyscrai.llm`` and
``pyscrai.databases``, doubles in ``pyscrai.engines.in_memory`` and ``pyscrai.llm.scripted.model``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from pyscrai.events import Event

Layout = Literal["instruct", "script"]
"""How a prompt is laid out: ``instruct`` for large hosted models, ``script`` for small ones."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a model request; its content is ``parts`` joined without a separator.

    The parts exist so that the record can store each of them once: a transcript is a part per line.
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[str, ...]

    @property
    def content(self) -> str:
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. None means the alias's own setting.

    A last message of the role ``assistant`` is a prefill: the reply goes on from it, and
    ``ModelReply.text`` does not repeat it. ``schema`` is a JSON Schema that the reply must satisfy.
    """

    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money that calls took; ``cached_tokens`` is the part of ``prompt_tokens`` served from a cache.

    ``cost_usd`` is None where no price is known.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a model answered: its text, why it stopped, what it took, and the raw answer for the record.

    ``finish_reason`` is ``stop``, ``length``, ``content_filter`` or ``tool_calls`` where the endpoint says one of these
    in any spelling, else its own word.
    """

    text: str
    finish_reason: str
    usage: Usage
    model: str
    latency_ms: float
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cut_by(self) -> Literal["length", "content_filter"] | None:
        """What ended the text before its own end, if anything did."""
        if self.finish_reason == "length":
            return "length"
        return "content_filter" if self.finish_reason == "content_filter" else None


class ChatModel(Protocol):
    """A model alias made usable: one per alias and process, shared by all roles and runs."""

    alias: str
    layout: Layout
    scripted: bool
    context_tokens: int | None
    """Context length in tokens where it is known."""
    prefill: bool
    """Whether a trailing assistant message is continued (llama.cpp does, OpenAI does not)."""

    async def complete(self, request: ModelRequest, on_token: Callable[[str], None] | None = None) -> ModelReply:
        """Ask once, without a retry.

        Args:
            on_token: called with each piece of text as it comes; asking for it makes the call a streaming one. Where
                it has a method ``take_back()``, that is called when what was shown so far is no part of the reply (it
                was reasoning, or an empty try is made again). What it raises never reaches the call.

        Raises:
            ModelError: in one of its kinds; ``retryable`` and ``retry_after`` say what may help.
        """
        ...


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
