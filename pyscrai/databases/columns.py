"""Column types that are compact and mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

from pyscrai.audience import EVERYONE, Audience

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A generated id: SQLite counts only in INTEGER PRIMARY KEY columns."""


def now() -> datetime:
    """The time in UTC, in whole milliseconds: what an ``Instant`` column gives back."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC to the millisecond: an integer of 6 bytes in SQLite, ``timestamptz`` in PostgreSQL."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value.astimezone(UTC) if dialect.name == "postgresql" else EPOCH + value * MILLISECOND
        return moment


class Heard(TypeDecorator[Audience]):
    """An audience as text: ``all``, or the role ids with commas around each: ``,engineer,mayor,``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Audience | list[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else audience_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Audience | None:
        return None if value is None else audience_of(value)


def audience_text(audience: Audience | list[str]) -> str:
    """How an audience is stored."""
    if audience == EVERYONE:
        return "all"
    return f",{','.join(audience)}," if audience else ""


def audience_of(text: str) -> Audience:
    """The audience that a stored text means."""
    return EVERYONE if text == "all" else tuple(text.strip(",").split(",")) if text else ()


def to_json(value: Any) -> str:
    """Compact JSON text that both databases take."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # What orjson refuses and JSON has: integers over 64 bits, keys that are numbers, lone surrogates.
        return json.dumps(value, separators=(",", ":"))
