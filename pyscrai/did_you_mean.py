"""Cures that name what the author probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12
"""How many names a list shows before it is cut."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` most resembles, or None if it resembles none."""
    folded = {_fold(option): option for option in known}
    if (exact := folded.get(_fold(name))) is not None:
        return exact
    matches = get_close_matches(_fold(name), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def listing(known: Iterable[str]) -> str:
    """Names in a row, cut where there are too many."""
    names = list(dict.fromkeys(known))
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def instead(name: str, known: Iterable[str], *, none: str = "none is declared") -> str:
    """The cure for an unknown name: what was probably meant, else all there is."""
    options = list(known)
    guess = closest(name, options)
    if guess is not None:
        return f"did you mean {guess}?"
    return f"known: {listing(options)}" if options else none


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
