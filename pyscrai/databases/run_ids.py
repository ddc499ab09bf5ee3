"""Ids of runs: short, made without asking anyone, and in the order of their making."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

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
