"""Text compared as people compare it: without regard to case, typography, markup and white space."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from pyscrai.plain_text import normalized

_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
                             "–": "-", "—": "-", "‐": "-", "‑": "-", "*": "", "_": " ", "`": "", "\u00ad": "",
                             "\u200b": "", "\ufeff": ""})
_NO_SPACES = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
"""Scripts that are written without spaces between words, for a character class."""
_OUTSIDE = " \t\"'.,;:!?()[]{}<>…。，！？：；「」『』"


def folded(text: str) -> str:
    """``text`` in one case, one kind of quotation marks, without markup, with single spaces."""
    return " ".join(normalized(text).translate(_TYPOGRAPHY).casefold().split())


def contains_phrase(text: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in ``text`` as whole words: "no deal" is in "No deal!" and not in "no dealer"."""
    wanted = folded(phrase)
    return bool(wanted) and _phrase(wanted).search(folded(text)) is not None


def chosen(text: str, choices: Iterable[str], names: Mapping[str, str] | None = None) -> str | None:
    """The one choice that ``text`` names, though not to the letter; None if it names none or several.

    Args:
        names: display names of choices: *Mayor Ruiz* for ``mayor``.
    """
    said = folded(text).strip(_OUTSIDE)
    found = {choice for choice in choices
             for label in (choice, (names or {}).get(choice, choice)) if folded(label).strip(_OUTSIDE) == said}
    return found.pop() if len(found) == 1 and said else None


@lru_cache(maxsize=256)
def _phrase(wanted: str) -> re.Pattern[str]:
    word = rf"[^\W{_NO_SPACES}]"
    before = rf"(?<!{word})" if re.match(word, wanted) else ""
    after = rf"(?!{word})" if re.search(rf"{word}\Z", wanted) else ""
    return re.compile(before + re.escape(wanted) + after)
