"""A text field of a JSON reply, shown while the reply still streams in."""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import from_json

SHORT = 4_000
"""Characters up to which every piece is looked at as it comes."""

LAG = 64
"""Beyond that the whole is read again when it has grown by this part of what is beyond: it stays linear."""


class StreamedField:
    """Passes on the pieces of one string field of a JSON object while it streams in.

    Args:
        field: the field's name, at the top of the object.
        emit: called with each piece of the field's text, unescaped.
    """

    def __init__(self, field: str, emit: Callable[[str], None]) -> None:
        self._field, self._emit = field, emit
        self._pieces: list[str] = []
        self._length = self._next = 0
        self._shown = 0
        self._done = False

    def __call__(self, piece: str) -> None:
        """Take the next piece of the JSON text."""
        if self._done:
            return
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length < self._next:
            return
        self._next = self._length + max(0, self._length - SHORT) // LAG
        text = "".join(self._pieces)
        self._pieces = [text]
        begin = text.find("{")
        if begin < 0:
            return
        try:
            value = from_json(text[begin:], allow_partial="trailing-strings")
        except ValueError:  # no JSON, or a text behind its end
            self._done = True
            return
        if not isinstance(value, dict) or not isinstance(said := value.get(self._field), str):
            return
        if len(said) > self._shown:
            self._emit(said[self._shown:])
            self._shown = len(said)
        self._done = next(reversed(value)) != self._field
