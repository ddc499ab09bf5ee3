"""What a model server can do with a request: answer it, or one of the ways of real servers not to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A proper completion; None answers from the request alone, like the scripted model (and obeys a schema)."""

    text: str | None = None
    finish_reason: str = "stop"
    usage: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More top-level fields of the answer."""


@dataclass(frozen=True)
class Status:
    """Another status than 200, with an error object as OpenAI sends it."""

    status: int
    message: str = "it went wrong"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the error object."""


@dataclass(frozen=True)
class Raw:
    """This body with status 200, whatever it is: malformed JSON, HTML, an error object."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Hang:
    """No answer at all until the client goes."""


@dataclass(frozen=True)
class Drip:
    """A proper answer, a byte at a time: each read is quick, the whole never ends in time."""

    every: float = 0.05


@dataclass(frozen=True)
class Cut:
    """The connection ends in the middle of the answer; ``after`` is the share of the bytes that are sent."""

    after: float = 0.5


def RateLimited(retry_after: float | None = None, *, code: str | None = "rate_limit_exceeded") -> Status:
    """429, with Retry-After in seconds."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Status(429, "slow down", code, headers)


def Empty() -> Reply:
    """A completion without a text."""
    return Reply("")


def Malformed() -> Raw:
    """A body that is no JSON."""
    return Raw(b'{"choices": [{"mess')


@dataclass(frozen=True)
class Drop:
    """The connection ends before any answer."""


Behaviour = Reply | Status | Raw | Hang | Drip | Cut | Drop


FAULTS: tuple[Behaviour, ...] = (RateLimited(0.05), Status(500), Status(503), Drop(), Cut(), Empty(), Malformed())
"""What ``fault_rate`` draws from: everything that a caller gets over quickly."""


@dataclass(frozen=True)
class Seen:
    """A request as it came: its path, headers (lower case) and parsed body, and when."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float = field(default_factory=time.time)
