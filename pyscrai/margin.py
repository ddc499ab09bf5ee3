"""The left margin of a transcript: entries begin there, and what is said in them goes on indented.

So nobody can write an entry for somebody else, in a prompt, for a judge, or for an assistant that reads a play.
"""

from __future__ import annotations

import re

INDENT = "\n    "
_LINE_ENDS = re.compile("\r\n?|[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def inside_margin(text: str) -> str:
    """``text`` with all its lines but the first indented, and without control characters."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _LINE_ENDS.sub(INDENT, text.strip()))
