"""Speech on its way to those who watch, while it streams in. Watching never reaches playing."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from pyscrai.engines.calls.streamed_field import StreamedField
from pyscrai.plain_text import TextJoiner

TokenListener = Callable[[str, int, str | None], None]
"""Called with role, turn and a piece of speech while it streams in.

An empty piece says that the role's model is asked; None takes back what came in this turn so far.
"""

_log = structlog.get_logger("pyscrai.engines.calls.token_stream")


class TokenStream:
    """The speech of a role in a turn, piece by piece, to a listener.

    Whatever the listener raises is logged, and it is told no more: the call that streams goes on.
    """

    def __init__(self, listener: TokenListener | None, role: str, turn: int) -> None:
        self._listener, self._role, self._turn = listener, role, turn
        self._told = False

    def of_a_try(self, speech: str | None) -> Callable[[str], None] | None:
        """A function that takes the pieces of one try's reply; None where nobody listens or nothing may be shown.

        Args:
            speech: ``""`` for the whole text, else the field of the JSON object that is speech.
        """
        if self._listener is None or speech is None:
            return None
        return _Try(self, speech)

    def begin(self) -> None:
        """Say that the role's model is asked."""
        self.tell("")

    def take_back(self) -> None:
        """Say that what was told so far is not what will be recorded."""
        if self._told:
            self._told = False
            self.tell(None)

    def tell(self, text: str | None) -> None:
        """Pass a piece on, or take all of this turn back with None."""
        if self._listener is None:
            return
        try:
            self._listener(self._role, self._turn, text)
            self._told = bool(text) or (self._told and text is not None)
        except Exception:
            self.give_up()

    def give_up(self) -> None:
        """Tell the listener no more, after it, or what feeds it, has failed."""
        _log.warning("listener.failed", role=self._role, turn=self._turn, exc_info=True)
        self._listener = None


class _Try:
    """Takes the pieces of one reply; its ``take_back`` is for a model that finds out that they were no part of it."""

    def __init__(self, stream: TokenStream, speech: str) -> None:
        self._stream, self._speech = stream, speech
        self._take = self._begin()

    def __call__(self, piece: str) -> None:
        try:
            self._take(piece)
        except Exception:
            self._stream.give_up()

    def take_back(self) -> None:
        """Begin again."""
        self._stream.take_back()
        self._take = self._begin()

    def _begin(self) -> Callable[[str], object]:
        joined = TextJoiner()

        def emit(text: str) -> None:
            if whole := joined.feed(text):
                self._stream.tell(whole)

        return StreamedField(self._speech, emit) if self._speech else emit
