"""The line of a file in which a problem stands, with a mark under it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from pyscrai.errors import Problem
from pyscrai.exports.transcript_entry import clean

LARGEST = 1_000_000
"""Bytes of a file that are looked at."""


def excerpt(problem: Problem) -> list[str]:
    """The line and a row of marks below it; nothing where the file or the line cannot be had."""
    text = _line(problem)
    if text is None or problem.line is None:
        return []
    margin = f"{problem.line:>5} │ "
    column = min((problem.column or 1) - 1, len(text))
    room = max(20, shutil.get_terminal_size().columns - len(margin) - 2)
    start = max(0, column - room // 2) if len(text) > room else 0
    shown = text[start:start + room]
    mark = min(_length(problem, text[column:]), max(1, len(shown) - (column - start)))
    before = ("…" if start else "") + shown[:column - start]
    return [margin + ("…" if start else "") + shown + ("…" if start + room < len(text) else ""),
            " " * (len(margin) - 2) + "│ " + " " * _width(before) + "^" * max(1, _width(text[column:column + mark]))]


def _line(problem: Problem) -> str | None:
    if problem.file is None or problem.line is None:
        return None
    try:
        with open(problem.file, "rb") as stream:
            lines = stream.read(LARGEST).decode("utf-8-sig", "replace").splitlines()
    except (OSError, ValueError):
        return None
    return clean(lines[problem.line - 1].replace("\t", " ")) if problem.line <= len(lines) else None


def _length(problem: Problem, rest: str) -> int:
    """The number of characters to mark: the value if it stands there, else the word."""
    for text in _spellings(problem.value):
        if text and rest.startswith(text):
            return len(text)
    word = len(rest) - len(rest.lstrip("".join(set(rest) & _OF_WORDS)))
    return max(1, word)


_OF_WORDS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@.")


def _spellings(value: object) -> Iterator[str]:
    if isinstance(value, str) and "\n" not in value:
        yield from (value, f'"{value}"', f"'{value}'")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _width(text: str) -> int:
    """Columns that a text takes at a terminal."""
    from rich.cells import cell_len

    return cell_len(text)
