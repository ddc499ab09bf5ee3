"""A text field of a JSON reply, shown while the reply still streams in."""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import from_json


class StreamedField:
    """Passes on the pieces of one string field of a JSON object while it streams in.

    Args:
        field: the field's name, at the top of the object.
        emit: called with each piece of the field's text, unescaped.
    """

    def __init__(self, field: str, emit: Callable[[str], None]) -> None:
        self._field, self._emit = field, emit
        self._buffer = ""
        self._shown = 0
        self._done = False

    def __call__(self, piece: str) -> None:
        """Take the next piece of the JSON text."""
        if self._done:
            return
        self._buffer += piece
        begin = self._buffer.find("{")
        if begin < 0:
            return
        try:
            value = from_json(self._buffer[begin:], allow_partial="trailing-strings")
        except ValueError:  # no JSON, or a text behind its end
            self._done = True
            return
        if not isinstance(value, dict) or not isinstance(text := value.get(self._field), str):
            return
        if len(text) > self._shown:
            self._emit(text[self._shown:])
            self._shown = len(text)
        self._done = next(reversed(value)) != self._field
