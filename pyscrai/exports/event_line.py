"""Stored events as lines: the envelope and the payload's fields side by side in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyscrai.databases.stored_event import StoredEvent


def event_line(event: StoredEvent) -> dict[str, Any]:
    """One event as JSON-plain data; ``seq``, ``kind``, ``turn``, ``source`` and ``audience`` come first."""
    line = event.as_dict()
    payload = line.pop("payload")
    first = {name: line.pop(name) for name in ("seq", "kind", "turn", "phase", "source", "audience")}
    return {**first, **payload, **line}
