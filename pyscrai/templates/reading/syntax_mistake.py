"""Mistakes of YAML's syntax in plain words, with what to do about them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ruamel.yaml.error import MarkedYAMLError

_NAME = re.compile(r"\s+([A-Za-z_][\w-]*)\s*")
_INDENTED = "look at the indentation: what belongs together begins in one column"

_MISTAKES: Mapping[str, tuple[str, str]] = {
    "mapping values are not allowed": (
        "a second `: ` stands in this line", "a text with a colon in it needs quotes, or a line of its own after >-"),
    "cannot start any token": ("", "put the value in quotes"),
    "but found '<stream end>'": (
        "the text ends here before a bracket or an entry is complete", "close every bracket that was opened"),
    "expected <block end>": ("this line does not begin in the column of those that it belongs with", _INDENTED),
    "could not find expected ':'": (
        "this line is no `name: value`",
        "write `name: value`; a longer text goes indented on the lines after `name: >-`"),
    "sequence entries are not allowed": (
        "a list cannot begin in the middle of a line", "begin a list on the line after its name"),
    "unexpected end of stream": ("", "close the quotes"),
    "unknown escape": ("", r"write \\ for a backslash, or use single quotes"),
    "expected ',' or": (
        "a comma or a closing bracket is missing before this",
        "separate entries by a comma and close every bracket; a text with brackets needs quotes"),
    "expected alphabetic": ("an `&` or `*` stands here without a name", "put the value in quotes"),
    "expected '<document start>'": (
        "this line belongs to nothing above it", "begin another document with a line of ---"),
}
"""By a piece of the parser's message: the same in plain words, or nothing where its own will do; and the cure."""


def syntax_mistake(error: MarkedYAMLError, text: str) -> tuple[int, int, str, str | None]:
    """Line and column, counted from 0, the mistake in words, and the cure where one is known."""
    message = str(error.problem or error.context or "this cannot be read as YAML").strip()
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    words, cure = next((told for part, told in _MISTAKES.items() if part in message), ("", None))
    if "end of stream" in message and error.context_mark is not None:
        line, column = error.context_mark.line, error.context_mark.column
        words = "a text begins here whose quotes are never closed"
    elif "cannot start any token" in message and "\\t" in message:
        words, cure = "a tab stands here", "indent with spaces, never with tabs"
    elif "mapping values" in message and (begun := _NAME.fullmatch(_before(text, line, column))):
        column = begun.start(1)
        words, cure = "this line is indented further than those that it belongs with", _INDENTED
    return line, column, words or message, cure


def _before(text: str, line: int, column: int) -> str:
    """The part of a line that stands before a place in it."""
    lines = text.split("\n")
    return lines[line][:column] if line < len(lines) else ""
