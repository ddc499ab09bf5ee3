"""Ids of runs: short, made without asking anyone, and in the order of their making."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

PREFIX = "run_"
LENGTH = 12
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is read as a digit or as another letter."""
CHANCE_BITS = 18
LAST = PREFIX + "z" * LENGTH


def new_run_id(moment: datetime) -> str:
    """An id for a run made at this moment: 42 bits of milliseconds, 18 of chance."""
    return _written(_milliseconds(moment) << CHANCE_BITS | secrets.randbits(CHANCE_BITS))


def first_id_at(moment: datetime) -> str:
    """The smallest id that a run made at this moment or later can have."""
    return _written(max(0, _milliseconds(moment)) << CHANCE_BITS)


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _written(number: int) -> str:
    return PREFIX + "".join(DIGITS[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def thread_id(run_id: str) -> str:
    """The UUID under which a run opens as a thread in LangGraph Studio, whose threads must be UUIDs.

    A UUID of version 8: a fixed beginning, then the 60 bits of the id.
    """
    number = 0
    for digit in run_id.removeprefix(PREFIX):
        number = number << 5 | DIGITS.index(digit)
    return str(UUID(int=_MARK << 80 | 0x8000 << 64 | 0b10 << 62 | number))


def run_of_thread(thread: str) -> str | None:
    """The run that a thread of Studio stands for, or None for a thread of its own."""
    try:
        number = UUID(thread).int
    except ValueError:
        return None
    if number >> 62 != _MARK << 18 | 0x8000 << 2 | 0b10 or number & (1 << 62) - 1 >= 1 << 60:
        return None
    return _written(number & (1 << 60) - 1)


_MARK = int.from_bytes(b"pyscra")
