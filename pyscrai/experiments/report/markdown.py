"""A report as Markdown; its pictures are files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyscrai.experiments.report.blocks import Block, Cell, Code, Heading, Link, Paragraph, ReportPicture, Table
from pyscrai.exports.markdown import escape


def render_markdown(title: str, blocks: Iterable[Block], *, pictures: Mapping[str, str] | None = None) -> str:
    """The document.

    Args:
        pictures: the file of each picture; those that have none are told by what they show.
    """
    return "\n".join([f"# {escape(title)}\n", *(part for block in blocks for part in _block(block, pictures or {}))])


def _block(block: Block, pictures: Mapping[str, str]) -> Iterator[str]:
    match block:
        case Heading(text, level, anchor):
            yield (f'<a id="{anchor}"></a>\n\n' if anchor else "") + f"{'#' * level} {escape(text)}\n"
        case Paragraph(text, strong, warning):
            yield f"{'⚠ ' if warning else ''}{'**' if strong else ''}{escape(text)}{'**' if strong else ''}\n"
        case Table(head, rows):
            align = ["---:" if block.is_number(place) else "---" for place in range(len(head))]
            yield "\n".join(f"| {' | '.join(line)} |" for line in (
                [escape(name) for name in head], align, *([_cell(cell) for cell in row] for row in rows))) + "\n"
        case ReportPicture(name, _, alt):
            yield f"![{escape(alt)}]({pictures[name]})\n" if name in pictures else f"*({escape(alt)})*\n"
        case Code(text):
            yield f"```\n{text}\n```\n"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f"[{escape(cell.text)}]({cell.target})"
    if isinstance(cell, tuple):
        return ", ".join(map(_cell, cell))
    return escape(cell).replace("\n", " ")
