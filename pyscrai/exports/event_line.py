"""The two forms of a stored event: the public one, and a line with the payload's fields side by side for renderings.

The public form is the same from the API, in its streams, in ``--json`` and in exports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyscrai.databases.stored_event import StoredEvent

ENVELOPE = ("id", "run_id", "seq", "key", "kind", "turn", "phase", "source", "audience")
"""What an event says beside its payload and its time, in the order of the public form."""


def event_line(event: StoredEvent) -> dict[str, Any]:
    """One event as a line; ``seq``, ``kind``, ``turn``, ``source`` and ``audience`` come first."""
    line = event.as_dict()
    payload = line.pop("payload")
    first = {name: line.pop(name) for name in ("seq", "kind", "turn", "phase", "source", "audience")}
    return {**first, **payload, **line}


def public_event(line: Mapping[str, Any]) -> dict[str, Any]:
    """The public form of the event that a line tells; what is not stored has no id and no time."""
    envelope = {name: line.get(name) for name in ENVELOPE}
    payload = {name: value for name, value in line.items() if name not in ENVELOPE and name != "created_at"}
    return {**envelope, "payload": payload, "created_at": line.get("created_at")}
