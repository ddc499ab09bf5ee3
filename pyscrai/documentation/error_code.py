"""Error codes: what each means, what causes it and what cures it. The pages under /docs/errors are made from this."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One stable code.

    Args:
        code: what programs rely on.
        meaning: one line.
        cause: what leads to it.
        cure: what to do about it.
    """

    code: str
    meaning: str
    cause: str
    cure: str
