"""Lines of prose, folded between words to the width of a terminal."""

from __future__ import annotations

import os
import re
from typing import TextIO

_PIECE = re.compile(r"(?:^\s*|(?<=: )|(?<=  ))pyscrai .*?(?=\s{2,}|$)|`[^`\n]*`\S*|\S+")
"""A word, or a command, which stays on one line so that it can be copied."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")

LEAST = 30
"""Columns below which nothing is folded."""


def folded(text: str, stream: TextIO, *, indent: str = "  ") -> str:
    """The text with its long lines folded between words where the stream is a terminal, else as it is.

    Args:
        indent: what stands before each line that goes on, beside what its line begins with.
    """
    if not stream.isatty():
        return text
    width = _columns(stream)
    return "\n".join(_fold(line, width, indent) for line in text.split("\n")) if width >= LEAST else text


def _fold(line: str, width: int, indent: str) -> str:
    if _width(line) <= width:
        return line
    start = line[:len(line) - len(line.lstrip())]
    lines, now = [], start
    for match in _PIECE.finditer(line):
        piece = match[0].lstrip()
        at = match.end() - len(piece)
        gap = "" if not now.strip() else line[_ended(line, at):at]
        if now.strip() and _width(now + gap + piece) > width:
            lines.append(now)
            now, gap = start + indent, ""
        now += gap + piece
    return "\n".join((*lines, now))


def _width(text: str) -> int:
    """The columns that a text takes; colours take none."""
    from rich.cells import cell_len

    return cell_len(_COLOUR.sub("", text))


def _columns(stream: TextIO) -> int:
    given = os.environ.get("COLUMNS", "")
    try:
        return int(given) if given.isdigit() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 80


def _ended(line: str, at: int) -> int:
    """The end of the word before a place."""
    return len(line[:at].rstrip())
