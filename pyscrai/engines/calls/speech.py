"""Making a model's reply into speech: in role, one speaker, of bounded length."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from pyscrai.errors import ReplyError

_SENTENCE_END = re.compile(r"(?<=[.!?…])([\"”’')\]]*)\s+")
_QUOTES = {'"': '"', "“": "”", "'": "'"}


def clean(text: str, *, name: str, others: Iterable[str], max_sentences: int | None = None) -> str:
    """What ``name`` says in ``text``: without its own name in front, nothing that others say, cut to length.

    Raises:
        ReplyError: nothing is left.
    """
    said = _without_own_name(_without_own_name(text.strip(), name), name)
    said = cut_at_speakers(said, (name, *others)).strip().strip("*").lstrip(",;:").strip()
    said = re.sub(r"\n{3,}", "\n\n", said)
    if len(said) > 1 and _QUOTES.get(said[0]) == said[-1] and said[0] not in said[1:-1]:
        said = said[1:-1].strip()
    if max_sentences is not None:
        said = first_sentences(said, max_sentences)
    if not re.search(r"\w", said):
        raise ReplyError("the reply is empty")
    return said


def cut_at_speakers(text: str, names: Iterable[str]) -> str:
    """``text`` up to the first line or sentence that another speaker begins."""
    choices = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    if not choices:
        return text
    begins = re.search(rf"(?:^|\n|(?<=[.!?…\"”]))\s*[*_\[(]*(?:{choices})[*_\])]*(?:\s*\([^)\n]*\))?\s*:",
                       text, re.IGNORECASE)
    return text[:begins.start()] if begins else text


def first_sentences(text: str, count: int) -> str:
    """The first ``count`` sentences."""
    ends = [found.end(1) for found in _SENTENCE_END.finditer(text)]
    return text if len(ends) < count else text[:ends[count - 1]].rstrip()


def whole_sentences(text: str) -> str:
    """``text`` without a last sentence that breaks off, if anything else stands in it."""
    ends = [found.end() for found in re.finditer(r"[.!?…][\"”’')\]*_]*(?=\s|$)", text)]
    return text[:ends[-1]].strip() if ends else text.strip()


def before_quotations(text: str) -> str:
    """The sentences of ``text`` before the first in which somebody is quoted."""
    found = re.search(r"[\"“”„«]", text)
    if found is None:
        return text
    ends = list(_SENTENCE_END.finditer(text, 0, found.start() + 1))
    return text[:ends[-1].start()].strip() if ends else ""


def repeated(text: str, earlier: Iterable[str]) -> str | None:
    """The earlier line that ``text`` says again, if any: most of its runs of three words stand in that line."""
    runs = _runs(text)
    return next((line for line in earlier if len(runs & _runs(line)) > len(runs) * MOST_REPEATED), None)


MOST_REPEATED = 0.6


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start:start + 3]) for start in range(max(1, len(words) - 2))}


def _without_own_name(text: str, name: str) -> str:
    own = re.match(rf"\s*[*_\[(\"“]*{re.escape(name)}[*_\])]*(?:\s*\([^)\n]*\))?\s*:[*_]*\s*", text, re.IGNORECASE)
    return text[own.end():] if own else text


class TextField:
    """Passes on the pieces of one string field of a JSON object while it streams in.

    Args:
        field: the field's name; it must be the first string field of that name.
        emit: called with each piece of the field's text, unescaped.
    """

    def __init__(self, field: str, emit: Callable[[str], None]) -> None:
        self._start = re.compile(rf'"{re.escape(field)}"\s*:\s*"')
        self._emit = emit
        self._buffer = ""
        self._at: int | None = None
        self._done = False

    def __call__(self, piece: str) -> None:
        """Take the next piece of the JSON text."""
        if self._done:
            return
        self._buffer += piece
        if self._at is None:
            found = self._start.search(self._buffer)
            if found is None:
                return
            self._at = found.end()
        start = end = self._at
        while end < len(self._buffer):
            character = self._buffer[end]
            if character == '"':
                self._done = True
                break
            if character != "\\":
                end += 1
                continue
            length = 6 if self._buffer[end + 1:end + 2] == "u" else 2
            if end + length > len(self._buffer):
                break
            end += length
        self._at = end
        if end > start:
            try:
                self._emit(json.loads(f'"{self._buffer[start:end]}"', strict=False))
            except ValueError:
                self._done = True
