"""Making a model's reply into speech: in role, one speaker, of bounded length."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from pyscrai.engines.calls.sentences import first_sentences
from pyscrai.errors import ReplyError

MOST_REPEATED = 0.6
"""The share of its runs of three words that a line may have in common with an earlier one."""

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’", "「": "」", "『": "』"}
_PAIRS = (("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"))
_MARKS = ('"', *(mark for pair in _PAIRS for mark in pair))
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_GAPS = re.compile(r"\n{3,}")
_SENTENCE_ENDS = ".!?…。！？\"”’»」』"
_BEFORE_NAME = " \t*_[(（"
_STARS = re.compile(r"\*+")
_WRAPPED = re.compile(r"(\*{1,3})([^*]+)\1|(_{1,3})([^_]+)\3")


def clean(text: str, *, name: str, others: Iterable[str], max_sentences: int | None = None) -> str:
    """The speech of ``name`` in ``text``: without its own name in front, nothing that others say, cut to length.

    What is quoted is left as it is: only a reply that is one quotation as a whole loses its marks.

    Raises:
        ReplyError: nothing is left.
    """
    said = _unquoted((text if text.isprintable() else _LINE_ENDS.sub("\n", text)).strip())
    if ":" in said or "：" in said:  # without one no name in it begins a speech
        own = _own_name(name)
        for _ in range(2):
            if (found := own.match(said)) is not None:
                said = said[found.end():]
        said = cut_at_speakers(said, (name, *others)).strip()
    said = _unmarked(said).lstrip(",;:：").strip()
    said = _unquoted(_GAPS.sub("\n\n", said) if "\n\n\n" in said else said)
    if max_sentences is not None:
        said = first_sentences(said, max_sentences)
    if not has_content(said):
        raise ReplyError("the reply is empty")
    return said


def has_content(text: str) -> bool:
    """Whether anything is said: a letter, a number or a pictograph."""
    return any(unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "So"
               for character in text)


def cut_at_speakers(text: str, names: Iterable[str]) -> str:
    """``text`` up to the first line or sentence that another speaker begins, quotations left alone."""
    begins, quotations = _speakers(tuple(names)), None
    for found in begins.finditer(text) if begins is not None else ():
        at = found.start()
        while at and text[at - 1] in _BEFORE_NAME:
            at -= 1
        if not at or text[at - 1] == "\n" or text[at - 1] in _SENTENCE_ENDS:
            quotations = quotations or _Quotations(text)
            if not quotations.hold(at):
                return text[:at]
    return text


_AFTER_NAME = r"[*_\])]{0,4}(?:[ \t]*[(（][^)）\n]{0,80}[)）])?[ \t]*[:：]"


def repeated(text: str, earlier: Iterable[str], *, most: float = MOST_REPEATED) -> str | None:
    """The earlier line that ``text`` says again, if any: more than the share ``most`` of its runs of three words."""
    runs = _runs(text)
    return next((line for line in earlier if len(runs & _runs(line)) > len(runs) * most), None)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[start:start + 3]) for start in range(max(1, len(words) - 2))}


@lru_cache(maxsize=512)
def _speakers(names: tuple[str, ...]) -> re.Pattern[str] | None:
    choices = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    return re.compile(rf"(?<!\w)(?:{choices}){_AFTER_NAME}", re.IGNORECASE) if choices else None


@lru_cache(maxsize=512)
def _own_name(name: str) -> re.Pattern[str]:
    return re.compile(rf"[*_\[(]{{0,4}}{re.escape(name)}{_AFTER_NAME}[*_]{{0,3}}\s*", re.IGNORECASE)


def _unquoted(text: str) -> str:
    """``text`` without the marks around it, where it is one quotation or begins one that never ends."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2:
        return text
    inside = text[1:-1]
    if text[-1] == closing and text[0] not in inside and closing not in inside:
        return inside.strip()
    return text[1:].lstrip() if text[0] not in "'‘" and closing not in text[1:] else text


def _unmarked(text: str) -> str:
    """``text`` without markup around the whole of it, and without stars at its ends that have no partner."""
    if "*" not in text and "_" not in text:
        return text
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped is not None:
        return (wrapped[2] or wrapped[4]).strip()
    runs = _STARS.findall(text)
    if runs and runs.count(runs[0]) % 2 and text.startswith(runs[0]) and not text.startswith(f"{runs[0]} "):
        text = text[len(runs[0]):].lstrip()
        runs = runs[1:]
    if runs and runs.count(runs[-1]) % 2 and text.endswith(runs[-1]):
        text = text[:-len(runs[-1])].rstrip()
    return text


class _Quotations:
    """Where a text quotes somebody; asked for places one after the other, it reads the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._seen: Counter[str] = Counter()
        self._last = {closing: text.rfind(closing) for _, closing in _PAIRS}
        self._paired = text.count('"') % 2 == 0

    def hold(self, at: int) -> bool:
        """Whether the place stands within a quotation that is closed after it; never before one asked for earlier."""
        for mark in _MARKS:
            self._seen[mark] += self._text.count(mark, self._at, at)
        self._at = at
        if self._paired and self._seen['"'] % 2:
            return True
        return any(self._seen[opening] > self._seen[closing] and self._last[closing] >= at
                   for opening, closing in _PAIRS)
