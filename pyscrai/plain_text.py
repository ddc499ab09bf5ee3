"""Text and JSON values that every database, file and client can take.

Whatever comes from outside (a model, a person, the API, a template, a tool) passes through here once, where it enters.
A lone surrogate or a NUL that came further would fail much later: in PostgreSQL, in a UTF-8 stream, in a prompt.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import orjson

REPLACEMENT = "\ufffd"

DEEPEST = 100
"""Levels of lists and objects in each other that a JSON value may have; serialisers give up soon after."""

MOST_MARKS = 30
"""Combining marks in a row, as in Unicode's stream-safe text (UAX 15)."""

FIRST_MARK = "\u0300"
"""The first character that is a combining mark."""

NUL = b"\\u0000"
"""How JSON writes the character that no database can hold."""

_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_LEAST, _MOST = -(2**63), 2**64 - 1
"""Integers that JSON readers keep exactly; beyond them they read a float, or fail."""


def storable(text: str) -> str:
    """The text without what no database can hold.

    Two surrogate halves that stand side by side become the character that they mean; a lone one, and a NUL, become
    U+FFFD. Other text is returned as it is.
    """
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def normalized(text: str) -> str:
    """The text in Unicode's form NFKC, in time that is proportional to its length.

    Putting marks that follow one letter in order takes time by their number squared. Of more than ``MOST_MARKS`` in a
    row the others are left out, as in Unicode's stream-safe text.
    """
    if text.isascii():
        return text
    kept, marks, begin = [], 0, 0
    for place, character in enumerate(text):
        if character < FIRST_MARK or not unicodedata.combining(character):
            marks = 0
            continue
        marks += 1
        if marks > MOST_MARKS:
            kept.append(text[begin:place])
            begin = place + 1
    return unicodedata.normalize("NFKC", "".join([*kept, text[begin:]]) if kept else text)


def storable_json(value: Any) -> Any:
    """The JSON value with all texts and keys storable; numbers that JSON cannot carry become floats or None.

    Raises:
        ValueError: it is nested deeper than ``DEEPEST``.
    """
    try:
        text = orjson.dumps(value, option=_PLAIN)
    except TypeError:   # what JSON cannot carry, and what is nested far too deep
        return _clean(value, DEEPEST)
    if NUL in text or text.count(b"{") + text.count(b"[") > DEEPEST:
        return _clean(value, DEEPEST)
    return orjson.loads(text)


def _clean(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if _LEAST <= value <= _MOST else _as_float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (dict, list, tuple)):   # a tuple: a union would be made anew each time
        if not levels:
            raise ValueError(f"nested deeper than {DEEPEST} levels")
        if isinstance(value, dict):
            return {storable(key) if isinstance(key, str) else key: _clean(each, levels - 1)
                    for key, each in value.items()}
        return [_clean(each, levels - 1) for each in value]
    return value


def _as_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


class TextJoiner:
    """Makes a text storable while it comes in pieces: a character that is cut in two is held until it is whole."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """The text that is whole after this piece."""
        text = self._held + piece
        self._held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return storable(text[:len(text) - len(self._held)])

    def end(self) -> str:
        """Return what is still held when no more comes."""
        held, self._held = self._held, ""
        return storable(held)
