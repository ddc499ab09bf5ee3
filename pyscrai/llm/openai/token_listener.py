"""A listener to a streamed reply, isolated from the call: its exceptions never reach it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

_log = structlog.get_logger("pyscrai.llm.tokens")


class IsolatedListener:
    """Passes text on to a listener; one that raises is logged and not called again in this call."""

    def __init__(self, listener: Callable[[str], None] | None) -> None:
        self._listener = listener

    def __bool__(self) -> bool:
        return self._listener is not None

    def show(self, text: str) -> None:
        """Pass text on, if there is any."""
        if text and self._listener is not None:
            self._call(self._listener, text)

    def take_back(self) -> None:
        """Say that what was shown so far is no part of the reply, to a listener that can take it back."""
        take_back = getattr(self._listener, "take_back", None)
        if take_back is not None:
            self._call(take_back)

    def _call(self, function: Callable[..., object], *arguments: str) -> None:
        try:
            function(*arguments)
        except Exception:
            _log.exception("tokens.listener_failed")
            self._listener = None
