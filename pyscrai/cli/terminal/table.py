"""Tables: aligned and in colour on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyscrai.cli.terminal import output
from pyscrai.exports.transcript_entry import clean


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Collection[str] = (),
          styles: Sequence[str] = ()) -> None:
    """Print rows under their headings.

    Args:
        right: headings of the columns that are aligned to the right.
        styles: a style for each row, where a terminal shows it.
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

    drawn = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in head:
        drawn.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for index, row in enumerate(cells):
        drawn.add_row(*map(Text, row), style=styles[index] if styles else None)
    output.console().print(drawn)
