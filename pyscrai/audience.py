"""Who hears what: the one place that decides it.

An audience is ``"all"`` (the whole cast) or a tuple of role ids, sorted; the empty tuple is heard by no role and seen
by operators alone. A role always knows what it said itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

Audience = Literal["all"] | tuple[str, ...]

EVERYONE: Audience = "all"
NOBODY: Audience = ()


def hears(role: str, *, audience: str | Sequence[str], source: str | None) -> bool:
    """Whether ``role`` may know a thing said by ``source`` to ``audience``."""
    return audience == "all" or role == source or (not isinstance(audience, str) and role in audience)


def resolve(names: Iterable[str], *, cast: Iterable[str], groups: Mapping[str, Iterable[str]] | None = None
            ) -> Audience:
    """Expand role and group names to an audience; ``all`` among them means the whole cast.

    Names that are neither a group nor in the cast (an optional role left out) drop out.
    """
    members = set(cast)
    chosen: set[str] = set()
    for name in names:
        if name == "all":
            return EVERYONE
        chosen.update((groups or {}).get(name, (name,)))
    return tuple(sorted(chosen & members))
