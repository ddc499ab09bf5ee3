"""Who hears what: the one place that decides it.

An audience is ``"all"`` (the whole cast) or a tuple of role ids, sorted; the empty tuple is heard by no role and seen
by operators alone. A role always knows what it said itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Audience = Literal["all"] | tuple[str, ...]

EVERYONE: Audience = "all"
NOBODY: Audience = ()

ACTS = frozenset({"utterance", "action", "tool_called", "tool_refused", "memory_summarized", "reflection", "assessment",
                  "measurement", "verdict", "report", "speaker_chosen"})
"""The kinds of event that are a role's own act: their ``source`` did it and knows of it.

In all other kinds the source is a name in words: whom an inject claims to come from, who is behind a control, whose
move changed a variable that it may not see.
"""

KEPT_BACK: Mapping[str, frozenset[str]] = {"run_started": frozenset({"parameters"})}
"""Kind of event to what in it is for operators alone, whoever hears the rest."""


def hears(role: str, *, audience: str | Sequence[str], speaker: str | None) -> bool:
    """Whether ``role`` may know a thing that ``speaker`` did or said to ``audience``."""
    return audience == "all" or role == speaker or (not isinstance(audience, str) and role in audience)


def heard(role: str, *, kind: str, audience: str | Sequence[str], source: str | None) -> bool:
    """Whether ``role`` may know of an event: the one answer for prompts, views, exports and the API."""
    return hears(role, audience=audience, speaker=source if kind in ACTS else None)


def without_kept_back(kind: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of an event that a role which hears it may know."""
    kept_back = KEPT_BACK.get(kind)
    if kept_back is None:
        return fields
    return {name: value for name, value in fields.items() if name not in kept_back}
