"""An event as the log holds it: with its id, its number in the run, and when it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyscrai.audience import Audience
from pyscrai.events import EVENT, AnyEvent


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of the log. ``id`` grows over all runs, ``seq`` counts the events of one run from 1."""

    id: int
    run_id: str
    seq: int
    key: str
    kind: str
    turn: int
    phase: str
    source: str | None
    audience: Audience
    payload: dict[str, Any]
    created_at: datetime

    @property
    def event(self) -> AnyEvent:
        """The event as its own model."""
        return EVENT.validate_python({
            "key": self.key, "kind": self.kind, "turn": self.turn, "phase": self.phase, "source": self.source,
            "audience": self.audience, **self.payload})

    def as_dict(self) -> dict[str, Any]:
        """The event as JSON-plain data."""
        return {"id": self.id, "run_id": self.run_id, "seq": self.seq, "key": self.key, "kind": self.kind,
                "turn": self.turn, "phase": self.phase, "source": self.source,
                "audience": self.audience if self.audience == "all" else list(self.audience),
                "payload": self.payload, "created_at": self.created_at.isoformat(timespec="milliseconds")}
