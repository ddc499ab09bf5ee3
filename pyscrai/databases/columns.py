"""Column types that are compact and mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator

from pyscrai.audience import EVERYONE, Audience
from pyscrai.plain_text import storable, storable_json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
NUL = "\\u0000"
"""How JSON writes the character that PostgreSQL's text cannot hold."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A generated id: SQLite counts only in INTEGER PRIMARY KEY columns."""


def now() -> datetime:
    """The time in UTC, in whole milliseconds: what an ``Instant`` column gives back."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


class Milliseconds(TypeDecorator[datetime]):
    """A moment as an integer of 6 bytes."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MILLISECOND


class Timestamp(TypeDecorator[datetime]):
    """A moment as ``timestamptz``, read in UTC whatever the server's time zone is."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


Instant = Milliseconds().with_variant(Timestamp(), "postgresql")
"""A moment in UTC to the millisecond."""


class PlainText(TypeDecorator[str]):
    """Text that both databases can hold, whatever was handed in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Heard(TypeDecorator[Audience]):
    """An audience as text: ``all``, or the role ids with commas around each: ``,engineer,mayor,``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Audience | list[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(audience_text(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Audience | None:
        return None if value is None else audience_of(value)


def audience_text(audience: Audience | list[str]) -> str:
    """The stored form of an audience."""
    if audience == EVERYONE:
        return "all"
    return f",{','.join(audience)}," if audience else ""


def audience_of(text: str) -> Audience:
    """The audience that a stored text means."""
    return EVERYONE if text == "all" else tuple(text.strip(",").split(",")) if text else ()


def to_json(value: Any) -> str:
    """Compact JSON text that both databases, and every client that reads it, take."""
    return plain_json(value)[1]


def plain_json(value: Any) -> tuple[Any, str]:
    """The value as it will be read back, and its compact JSON text."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        # What orjson refuses and Python's JSON has: integers over 64 bits, keys that are numbers, lone surrogates.
        value = storable_json(value)
        return value, json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if NUL in text:
        value = storable_json(value)
        text = orjson.dumps(value).decode()
    return value, text


def from_json(stored: str | bytes) -> Any:
    """The value of a stored JSON text, even of one that was stored before texts were made storable."""
    text = stored if isinstance(stored, str) else stored.decode()
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return storable_json(json.loads(text))
    return storable_json(value) if NUL in text else value
