"""A run as JSON lines, for programs."""

from __future__ import annotations

from typing import Any

from pyscrai.cli.terminal import output
from pyscrai.cli.views.view import Closing, Opening
from pyscrai.exports.event_line import public_event
from pyscrai.exports.transcript_entry import Line


class JsonView:
    """An event a line, and one line that closes."""

    streams = False

    def opened(self, opening: Opening) -> None:
        pass

    def event(self, line: Line) -> None:
        output.json_line(public_event(line))

    def token(self, role: str, turn: int, piece: str | None) -> None:
        pass

    def suspend(self) -> None:
        pass

    def closed(self, closing: Closing) -> None:
        last: dict[str, Any] = {"run_id": closing.run_id, "status": closing.status, "outcome": closing.outcome,
                                "usage": closing.usage}
        if closing.error is not None:
            last["error"] = closing.error
        if closing.waiting is not None:
            last["waiting"] = closing.waiting
        output.json_line(last)
