"""Progress in a notebook or at a terminal: one line that is written anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Progress = bool | Callable[[str], None] | None
"""True for a line, False for nothing, a function that is told each line; None for a line where somebody looks."""


def teller(progress: Progress) -> Callable[[str], None] | None:
    """The function that is told each line of progress, or None where nobody wants it."""
    if progress is False:
        return None
    if callable(progress):
        return progress
    handle = _marimo() or _notebook()
    if handle is not None:
        return handle
    if sys.stderr.isatty():
        return _terminal
    return _log() if progress is True else None


def _terminal(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}" if text else "\r\x1b[K")
    sys.stderr.flush()


def _log() -> Callable[[str], None]:
    """A line of its own for each change, where nothing can be written anew."""
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text and text != last:
            last = text
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    return tell


def _marimo() -> Callable[[str], None] | None:
    """The output of the marimo cell that runs, until it has one of its own; None outside of marimo.

    It belongs to the thread that runs the cell, as its ``running_in_notebook`` knows.
    """
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook():
        return None
    return lambda text: marimo.output.replace(marimo.plain_text(text))


def _notebook() -> Callable[[str], None] | None:
    """A display of the notebook that this runs in, or None outside of one. IPython is never imported for it."""
    shell = sys.modules.get("IPython")
    current = shell.get_ipython() if shell is not None else None
    if current is None or type(current).__name__ == "TerminalInteractiveShell":
        return None
    from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

    shown: list[Any] = []

    def tell(text: str) -> None:
        line = {"text/plain": text}
        if shown:
            shown[0].update(line, raw=True)
        else:
            shown.append(display(line, raw=True, display_id=True))

    return tell
