"""The examples of a page: every fenced block, with what a comment before it says about it.

A comment `<!-- example: WORDS -->` on the line before a block says how it is tried:

- `into FILE`: a part of a template, put into the one that the page gave the title FILE;
- `wrong CODE`: a template in which exactly this mistake is found;
- `exit N`: the command ends with this code;
- `parse`: the command, or the YAML, is read and not run, since it needs a server, a network or a person;
- `compile`: the Python is compiled and its imports are made, since it needs a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(path for path in (ROOT / "docs").rglob("*.md")
                                                            if path.parent.name != "adr")])

LANGUAGES = {"yaml", "json", "toml", "shell", "python", "sql", "text", "mermaid", "console"}

_NOTE = re.compile(r"<!-- example: (\w+) ?(.*?) -->")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Example:
    """A block of a page."""

    page: Path
    line: int
    language: str
    text: str
    title: str | None = None
    how: str = ""
    """`into`, `wrong`, `exit`, `parse` or `compile`."""
    what: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """The examples of a page, in their order.

    Raises:
        AssertionError: a block has no language, or stands indented, where no language can be given.
    """
    text = page.read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in MarkdownIt("commonmark").enable("table").parse(_dedented(text)):
        if token.type == "code_block":
            raise AssertionError(f"{page.relative_to(ROOT)}:{_line(token.map)}: an indented block: use a fence")
        if token.type != "fence":
            continue
        line = _line(token.map)
        info = token.info.strip().strip("{} ")
        words = info.split()
        language = words[0].lstrip(".") if words else ""
        assert language in LANGUAGES, f"{page.relative_to(ROOT)}:{line}: a block in {language or 'no language'}"
        note = _NOTE.search(lines[line - 2]) if line > 1 else None
        title = _TITLE.search(info)
        yield Example(page, line, language, token.content, title[1] if title else None,
                      note[1] if note else "", note[2] if note else "")


def _line(place: list[int] | None) -> int:
    assert place is not None
    return place[0] + 1


def _dedented(text: str) -> str:
    """The text with the lines of tabs and notes (`===`, `!!!`, `???`), indented by four columns, moved out."""
    out, inside = [], False
    for line in text.splitlines():
        if re.match(r"(===|!!!|\?\?\?\+?) ", line):
            inside = True
            out.append("")
            continue
        if inside and line and not line.startswith("    "):
            inside = False
        out.append(line[4:] if inside else line)
    return "\n".join(out) + "\n"
