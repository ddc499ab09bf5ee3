"""Tables: aligned and in colour on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence

from pyscrai.cli.terminal import output
from pyscrai.exports.transcript_entry import clean

GAP = 2
"""Blanks between columns."""

NARROWEST = 12
"""Characters that a column needs to be readable, if it has so many."""


LEAST = 20
"""Characters in which a value is told, however narrow the terminal."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Collection[str] = (),
          styles: Sequence[str] = (), whole: Collection[str] = (), optional: Sequence[str] = ()) -> None:
    """Print rows under their headings.

    Args:
        right: headings of the columns that are aligned to the right, and are never broken.
        styles: a style for each row, where a terminal shows it.
        whole: headings of the columns whose cells are never broken, such as ids.
        optional: headings of the columns that a narrow terminal does without, the least needed first.
    """
    cells = [[clean(cell).replace("\n", " ") for cell in row] for row in rows]
    if not output.on_terminal():
        widths = [max(len(cell) for cell in column) for column in zip(head, *cells, strict=True)]
        for row in (list(head), *cells):
            aligned = [cell.rjust(width) if name in right else cell.ljust(width)
                       for cell, width, name in zip(row, widths, head, strict=True)]
            output.say("  ".join(aligned).rstrip())
        return
    from rich.table import Table
    from rich.text import Text

    console = output.console()
    whole = {*whole, *right}
    shown = _fitting(head, cells, console.width, whole, optional)
    if shown is None:
        _records(head, cells, console.width)
        return
    drawn = Table(box=None, header_style="dim", pad_edge=False, padding=(0, GAP, 0, 0))
    for place in shown:
        drawn.add_column(head[place], justify="right" if head[place] in right else "left", overflow="fold",
                         no_wrap=head[place] in whole)
    for index, row in enumerate(cells):
        drawn.add_row(*(Text(row[place]) for place in shown), style=styles[index] if styles else None)
    console.print(drawn)


def _fitting(head: Sequence[str], cells: Sequence[Sequence[str]], width: int, whole: Collection[str],
             optional: Sequence[str]) -> list[int] | None:
    """The places of the columns that a terminal of this width has room for; None where it has none for them."""
    least = {}
    for place, name in enumerate(head):
        longest = max(len(name), *(len(row[place]) for row in cells)) if cells else len(name)
        least[place] = longest if name in whole else min(longest, NARROWEST)
    for name in optional:
        if sum(least.values()) + GAP * (len(least) - 1) <= width:
            break
        least.pop(list(head).index(name))
    return list(least) if sum(least.values()) + GAP * (len(least) - 1) <= width else None


def _records(head: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> None:
    """Print each row as lines of a heading and a value, for a terminal that is too narrow for the columns."""
    from rich.cells import cell_len

    margin = max(map(cell_len, head)) + GAP
    for index, row in enumerate(cells):
        if index:
            output.say()
        for name, value in zip(head, row, strict=True):
            if not value:
                continue
            lines = textwrap.wrap(value, max(LEAST, width - margin), break_on_hyphens=False) or [""]
            for place, line in enumerate(lines):
                output.say(f"{name if not place else '':<{margin}}{line}".rstrip())
