"""What happens in runs, as the server's log tells it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from pyscrai.databases.stored_event import StoredEvent

_log = structlog.get_logger("pyscrai.events")

LOUD = {"run_started": 20, "run_paused": 20, "run_resumed": 20, "run_waiting": 20, "run_completed": 20,
        "run_stopped": 20, "control": 20, "run_failed": 30, "model_retried": 30, "model_fell_back": 30,
        "turn_skipped": 30, "reply_repaired": 20, "flow_warning": 20}
"""Kinds of event that are more than detail, and the level at which they are logged."""


def log_events(run_id: str, events: Sequence[StoredEvent]) -> None:
    """Say in the log what happens in runs; what went wrong louder than the rest."""
    for event in events:
        level = LOUD.get(event.kind)
        if level is not None:
            _log.log(level, event.kind, run_id=run_id, turn=event.turn, role=event.source, **_told(event))
        else:
            _log.debug(event.kind, run_id=run_id, turn=event.turn, role=event.source, seq=event.seq)


def _told(event: StoredEvent) -> dict[str, object]:
    return {key: value for key, value in event.payload.items()
            if key in ("action", "actor", "alias", "attempt", "code", "error", "message", "reason")}
