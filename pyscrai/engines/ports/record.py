"""The journal, the event log and the inbox of a run as the engines need them: Protocols that they own, and plain data.

Nothing here knows a database: adapters live in ``pyscrai.databases``, doubles in ``pyscrai.engines.in_memory``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol, runtime_checkable

import orjson

from pyscrai.engines.ports.model import ModelReply, ModelRequest
from pyscrai.errors import RunError
from pyscrai.events import Event
from pyscrai.plain_text import storable


class CallKey(NamedTuple):
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
    """One question and what came of it, as the journal keeps it.

    ``reply`` is None where every try failed. ``error`` says why, or why a reply could not be used; in it ``mended``
    says that the question was put again because of it, and ``given_up`` that the play went on without an answer.
    """

    key: CallKey
    purpose: str
    alias: str
    request: ModelRequest
    reply: ModelReply | None
    attempts: tuple[Attempt, ...] = ()
    error: Mapping[str, Any] | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Name and content hash of each prompt template that went into the request."""
    question: bytes | None = None
    """Digest of purpose and request (``question_digest``); None in what earlier versions recorded."""

    @property
    def answered(self) -> bool:
        """Whether this is an answer that can be used: a model replied, and the reply was not found unusable."""
        return self.reply is not None and self.error is None


def question_digest(purpose: str, request: ModelRequest) -> bytes:
    """A digest that tells one question from another: 16 bytes over its purpose and its request.

    The seed is left out: the same question is asked with another one when it is asked anew. So are the hints of a
    schema, ``x-...``: versions add some, and a model is asked the same without them.
    """
    asked = [purpose, request.temperature, request.top_p, request.max_tokens, list(request.stop)]
    try:
        schema = None if request.schema is None else orjson.Fragment(_hintless(orjson.dumps(request.schema)))
        head = orjson.dumps([*asked, schema], option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers over 64 bits
        head = json.dumps([*asked, _without_hints(request.schema)], sort_keys=True, default=str).encode()
    parts = [head]
    for message in request.messages:
        content = message.content
        try:
            text = content.encode()
        except UnicodeEncodeError:
            text = b"\x00"
        if b"\x00" in text:
            text = storable(content).encode()
        parts += (b"\n%s %d\n" % (message.role.encode(), len(text)), text)
    return blake2b(b"".join(parts), digest_size=16).digest()


@lru_cache(maxsize=512)
def _hintless(schema: bytes) -> bytes:
    """A schema as JSON without its hints; a phase asks with the same one every turn."""
    return orjson.dumps(_without_hints(orjson.loads(schema)), option=orjson.OPT_SORT_KEYS)


def _without_hints(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {name: _without_hints(value) for name, value in schema.items() if not str(name).startswith("x-")}
    return [_without_hints(value) for value in schema] if isinstance(schema, list | tuple) else schema


def same_question(one: CallRecord, other: CallRecord) -> bool:
    """Whether two calls at one place ask the same."""
    if one.question is not None and one.question == other.question:
        return True
    return question_digest(one.purpose, one.request) == question_digest(other.purpose, other.request)


def takes(held: CallRecord | None, call: CallRecord) -> bool:
    """Whether a journal that holds ``held`` at the place of ``call`` is to take it; the first answer stays.

    Raises:
        RunError: another question was answered at this place.
    """
    if held is None:
        return True
    if held.reply is None:
        return True
    if not same_question(held, call):
        key = call.key
        raise RunError(f"turn {key.turn}, {key.role}, {key.task}, {key.ordinal}: the journal has an answer to another "
                       f"question ({held.purpose}) there; {call.purpose} cannot be recorded", code="run.place",
                       cure="report it: a recorded answer is never replaced")
    return held.reply == call.reply


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run after a turn, for status requests; the truth stays in the checkpoint."""

    turn: int
    phase: str
    next: tuple[str, ...]
    variables: Mapping[str, Any]
    usage: Mapping[str, Any]


class Record(Protocol):
    """One run's journal and event log.

    The journal answers from memory: whoever opens a record loads the calls that a resumed run may ask for.
    """

    closed: bool
    """Whether nothing is asked beyond what is recorded, as in a replay: what failed at last stays failed."""

    def recall(self, key: CallKey) -> CallRecord | None:
        """The call recorded at this place, or None if it was never answered."""
        ...

    def note(self, call: CallRecord) -> None:
        """Hand a call over for recording at once; ``commit`` waits until it is durable.

        The first answer at a place stays.

        Raises:
            RunError: another question was answered at this place.
        """
        ...

    async def commit(self, events: Sequence[Event], progress: Progress | None = None, *, with_state: bool = False
                     ) -> None:
        """Make all noted calls and these events durable, each event once by its ``key``.

        Args:
            with_state: the caller is done and gives the state that comes of these back to the graph, which makes it
                durable at once: they may go along with it, in one transaction. What goes wrong is then raised there.

        Raises:
            Fenced: another process plays this run now.
            StorageError: the database did not take them.
        """
        ...


@runtime_checkable
class Past(Protocol):
    """Reads back what a run has recorded."""

    async def history(self, *, after_turn: int = -1, upto_turn: int) -> Sequence[Event]:
        """The events heard and concluded in a span of turns, in the order of the log, a fork's past included."""
        ...


class Inbox(Protocol):
    """Commands of people to a run while it plays: injects, replies, take-overs."""

    async def take(self, turn: int) -> Sequence[Mapping[str, Any]]:
        """The commands to apply at this turn: those assigned to it before, or all that wait, assigned to it now."""
        ...
