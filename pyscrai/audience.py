"""Who hears what: the one place that decides it.

An audience is ``"all"`` (the whole cast) or a tuple of role ids, sorted; the empty tuple is heard by no role and seen
by operators alone. A role always knows what it said itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Audience = Literal["all"] | tuple[str, ...]

EVERYONE: Audience = "all"
NOBODY: Audience = ()


def hears(role: str, *, audience: str | Sequence[str], source: str | None) -> bool:
    """Whether ``role`` may know a thing said by ``source`` to ``audience``."""
    return audience == "all" or role == source or (not isinstance(audience, str) and role in audience)
