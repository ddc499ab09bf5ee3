"""What a report is made of, before it is Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an anchor of the report, or to a file beside it."""

    text: str
    target: str


Cell = str | Link | tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 or 3, with the anchor that links lead to."""

    text: str
    level: int = 2
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text; ``strong`` is set where it says what was found."""

    text: str
    strong: bool = False
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their headings; ``numbers`` aligns all but the first column to the right, ``words`` are not."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: bool = True
    words: Sequence[str] = ()

    def is_number(self, place: int) -> bool:
        """Whether a column is aligned to the right."""
        return self.numbers and place > 0 and self.head[place] not in self.words


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A drawing as SVG with what it shows in words."""

    name: str
    svg: str
    alt: str


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed, or a text as it is."""

    text: str


Block = Heading | Paragraph | Table | ReportPicture | Code
