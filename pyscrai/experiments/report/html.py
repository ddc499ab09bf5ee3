"""A report as one HTML file that needs nothing else: no script, no request, everything that was recorded is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources

from pyscrai.experiments.report.blocks import Block, Cell, Code, Heading, Link, Paragraph, ReportPicture, Table
from pyscrai.exports.transcript_entry import clean

STYLE = """
main { max-width: 62rem; }
.wide { margin: 0 0 1rem; }
figure { margin: 1rem 0; background: #fff; padding: .5rem; border-radius: .4rem; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; }
figcaption { color: #62707c; font-size: .85rem; margin-top: .3rem; }
p { margin: 0 0 .8rem; }
p.strong { font-weight: 600; }
p.warning { color: var(--warn); font-weight: 600; border-left: 4px solid var(--warn); padding-left: .8rem; }
td { overflow-wrap: break-word; }
td.n, th.n { text-align: right; overflow-wrap: normal; white-space: nowrap; font-variant-numeric: tabular-nums; }
pre { background: var(--shade); padding: .6rem .9rem; border-radius: .4rem; overflow-x: auto; }
a { color: var(--h0); }
nav { margin-bottom: 1rem; }
nav a { display: inline-block; margin-right: 1rem; }
"""


def render_html(title: str, blocks: Iterable[Block]) -> str:
    """The page."""
    style = resources.files("pyscrai.exports").joinpath("page.css").read_text(encoding="utf-8")
    found = list(blocks)
    contents = "".join(f'<a href="#{block.anchor}">{_text(block.text)}</a>' for block in found
                       if isinstance(block, Heading) and block.level == 2 and block.anchor)
    body = "\n".join(map(_block, found))
    return ("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{_text(title)}</title>\n<style>\n{style}{STYLE}</style>\n</head>\n<body>\n<main>\n"
            f"<header>\n<h1>{_text(title)}</h1>\n<nav aria-label=\"Contents\">{contents}</nav>\n</header>\n"
            f"{body}\n</main>\n</body>\n</html>\n")


def _block(block: Block) -> str:
    match block:
        case Heading(text, level, anchor):
            place = f' id="{_text(anchor)}"' if anchor else ""
            return f"<h{level}{place}>{_text(text)}</h{level}>"
        case Paragraph(text, strong, warning):
            kind = "warning" if warning else "strong" if strong else ""
            return f"<p{f' class={kind!r}' if kind else ''}>{_text(text)}</p>"
        case Table(head, rows):
            kinds = [' class="n"' if block.is_number(place) else "" for place in range(len(head))]
            top = "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name, kind in zip(head, kinds, strict=True))
            lines = "".join("<tr>" + "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(
                row, kinds, strict=True)) + "</tr>\n" for row in rows)
            named = f"<thead><tr>{top}</tr></thead>\n" if any(head) else ""
            return f'<div class="wide"><table>\n{named}<tbody>\n{lines}</tbody></table></div>'
        case ReportPicture(_, svg, alt):
            drawn = svg.replace("<svg", f'<svg role="img" aria-label="{_text(alt)}"', 1)
            return f"<figure>{drawn}<figcaption>{_text(alt)}</figcaption></figure>"
        case Code(text):
            return f"<pre>{_text(text)}</pre>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{_text(cell.target)}">{_text(cell.text)}</a>'
    if isinstance(cell, tuple):
        return ", ".join(map(_cell, cell))
    return _text(cell)


def _text(value: object) -> str:
    return escape(clean(value), quote=True)
