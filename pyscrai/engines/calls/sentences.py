"""Sentences of a text in any language: where they end, and whether the last one is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

WINDOW = 2_000
"""Characters that are segmented at once."""

_JOINED = frozenset(("mr", "mrs", "ms", "mx", "dr", "prof", "st", "rev", "hon", "gen", "col", "capt", "lt", "sgt"))
"""Titles: never the last word of a sentence."""
_JOINED_TO_SMALL = frozenset(("approx", "ca", "est", "min", "max", "no", "nos", "vol", "fig", "sec", "ch", "art", "p",
                              "pp", "vs", "etc", "incl", "excl", "resp", "tel", "ext"))
"""Abbreviations that end a sentence only where a capital letter follows."""
_LAST_WORD = re.compile(r"(\w+)\.\s*\Z")
_REFUSAL = re.compile(r"([\"“‘'(]?No\.)(\s+)(?=[\"“‘'(]?[^\W\d_a-z])")
_WHOLE = re.compile(r"[.!?…。！？．｡][\"”’'»)\]*_」』）]*\Z")
_QUOTATION = re.compile(r"[\"“”„«「『]")


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, each with the white space after it; joined they are the text.

    The ends come from sentencex (Wikimedia's segmenter: abbreviations, quotations, CJK full stops); what it gets wrong
    in dialogue is corrected: *approx. 5*, *Dr. No*, and *No.* as an answer of its own.
    """
    found: list[str] = []
    for piece in _segments(text):
        if found and (not piece.strip() or _goes_on(found[-1], piece)):
            found[-1] += piece
            continue
        refusal = _REFUSAL.match(piece)
        if refusal is not None:
            found.append(piece[:refusal.end()])
            piece = piece[refusal.end():]
        found.append(piece)
    return found


def _segments(text: str) -> Iterator[str]:
    """Segments by sentencex, window by window: it is quadratic in quotation marks that are never closed."""
    begin = 0
    while begin < len(text):
        pieces = list(sentencex.segment("en", text[begin:begin + WINDOW]))
        if begin + WINDOW < len(text) and len(pieces) > 1:
            pieces.pop()  # it may go on in the next window
        yield from pieces
        begin += sum(map(len, pieces))


def first_sentences(text: str, count: int) -> str:
    """The first ``count`` sentences."""
    return "".join(sentences(text)[:count]).rstrip()


def whole_sentences(text: str) -> str:
    """``text`` without a last sentence that breaks off, if anything else stands in it."""
    found = sentences(text.strip())
    if len(found) > 1 and _WHOLE.search(found[-1].rstrip()) is None:
        found.pop()
    return "".join(found).strip()


def unbroken(text: str, bound: int) -> str:
    """``text`` as it is, or its whole sentences where decoding has ended it at ``bound`` characters.

    A longer one came without such a bound, and ends where it was meant to end.
    """
    return text if len(text) != bound else whole_sentences(text)


def before_quotations(text: str) -> str:
    """The sentences of ``text`` before the first in which somebody is quoted."""
    quotation = _QUOTATION.search(text)
    if quotation is None:
        return text
    kept = ""
    for sentence in sentences(text):
        if len(kept) + len(sentence) > quotation.start():
            break
        kept += sentence
    return kept.strip()


def _goes_on(before: str, piece: str) -> bool:
    """Whether ``piece`` belongs to the sentence before it, which ended with an abbreviation."""
    last = _LAST_WORD.search(before[-24:])
    if last is None or "\n" in before[-2:]:
        return False
    word = last[1].casefold()
    return word in _JOINED or (word in _JOINED_TO_SMALL and not piece[:1].isupper())
