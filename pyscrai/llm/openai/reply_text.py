"""What of a model's output is its reply: without a repeated prefill, a leading reasoning block, or a code fence."""

from __future__ import annotations

import re

_OPEN, _CLOSE = "<think>", "</think>"
_FENCE = re.compile(r"\A\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


def visible(output: str, prefix: str = "") -> str:
    """The whole output's reply."""
    text = _settled(output, prefix, whole=True)
    return "" if text is None else text


def unfenced(text: str) -> str:
    """The text inside a Markdown code fence, where there is one around all of it."""
    found = _FENCE.match(text)
    return found.group(1) if found else text


class VisibleStream:
    """The same as ``visible``, piece by piece: holds text back until it is clear that it belongs to the reply."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._held = ""
        self._open = False

    def feed(self, piece: str) -> str:
        """The text that may be shown after this piece."""
        if self._open:
            return piece
        self._held += piece
        text = _settled(self._held, self._prefix, whole=False)
        if text is None:
            return ""
        self._open = True
        return text

    def end(self) -> str:
        """What is still held back when the output ends."""
        return "" if self._open else visible(self._held, self._prefix)


def _settled(output: str, prefix: str, *, whole: bool) -> str | None:
    """The reply so far, or None while it cannot be told."""
    text, start = output, output.lstrip()
    if start.startswith(_OPEN):
        place = start.find(_CLOSE)
        if place < 0:
            return None
        text = start[place + len(_CLOSE):].lstrip()
        if not text and not whole:
            return None
    elif not whole and _OPEN.startswith(start):
        return None
    if prefix:
        if text.startswith(prefix):
            return text[len(prefix):]
        if not whole and prefix.startswith(text):
            return None
    return text
