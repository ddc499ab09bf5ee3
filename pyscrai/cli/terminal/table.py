"""Tables: aligned and in colour on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyscrai.cli.terminal import output
from pyscrai.exports.transcript_entry import clean

GAP = 2
"""Blanks between columns."""

NARROWEST = 12
"""Characters that a column needs to be readable, if it has so many."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Collection[str] = (),
          styles: Sequence[str] = (), whole: Collection[str] = (), optional: Sequence[str] = ()) -> None:
    """Print rows under their headings.

    Args:
        right: headings of the columns that are aligned to the right.
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
    shown = _fitting(head, cells, console.width, whole, optional)
    drawn = Table(box=None, header_style="dim", pad_edge=False, padding=(0, GAP, 0, 0))
    for place in shown:
        drawn.add_column(head[place], justify="right" if head[place] in right else "left", overflow="fold",
                         no_wrap=head[place] in whole)
    for index, row in enumerate(cells):
        drawn.add_row(*(Text(row[place]) for place in shown), style=styles[index] if styles else None)
    console.print(drawn)


def _fitting(head: Sequence[str], cells: Sequence[Sequence[str]], width: int, whole: Collection[str],
             optional: Sequence[str]) -> list[int]:
    """The places of the columns that a terminal of this width has room for."""
    least = {}
    for place, name in enumerate(head):
        longest = max(len(name), *(len(row[place]) for row in cells)) if cells else len(name)
        least[place] = longest if name in whole else min(longest, NARROWEST)
    for name in optional:
        if sum(least.values()) + GAP * (len(least) - 1) <= width:
            break
        least.pop(list(head).index(name))
    return list(least)
