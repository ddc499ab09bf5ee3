"""A picture as SVG: text and shapes only, nothing that is fetched or run."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pyscrai.exports.graph_picture.layout import (
    COLOURS,
    DARK,
    EDGE,
    INK,
    LIGHT,
    Picture,
    PictureLine,
    head,
    head_at,
)
from pyscrai.exports.graph_picture.phases import TITLE, PhaseSheet
from pyscrai.exports.transcript_entry import clean


def render_svg(picture: Picture) -> Iterator[str]:
    """The file, piece by piece."""
    width, height = picture.width, picture.height
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
           f'height="{height:.0f}" font-family="system-ui, sans-serif" text-anchor="middle">\n'
           f"<title>{_text(picture.title)}</title>\n"
           f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
           f'<text x="{width / 2:.1f}" y="{EDGE * 0.8:.1f}" font-size="17" font-weight="600" fill="{INK}">'
           f"{_text(picture.title)}</text>\n")
    for line in sorted(picture.lines, key=lambda line: not line.light):
        yield _line(line)
    for box in picture.loops:
        x, y = box.x + box.width / 2 - 14, box.y - box.height / 2
        yield (f'<path d="M {x - 8:.1f} {y:.1f} c -4 -26 26 -26 18 0" fill="none" stroke="{DARK}" '
               f'stroke-width="1.4"/>\n'
               f'<path d="M {x + 10:.1f} {y:.1f} l -2 -10 l 8 3 z" fill="{DARK}"/>\n')
    for box in picture.boxes:
        fill, stroke = COLOURS.get(box.kind, COLOURS["flow"])
        second = "" if box.kind == "flow" else (
            f'<text x="{box.x:.1f}" y="{box.y + 15:.1f}" font-size="10" fill="{stroke}">{box.kind}</text>')
        yield (f'<rect x="{box.x - box.width / 2:.1f}" y="{box.y - box.height / 2:.1f}" width="{box.width:.1f}" '
               f'height="{box.height:.1f}" rx="8" fill="{fill}" stroke="{stroke}" stroke-width="1.4"/>\n'
               f'<text x="{box.x:.1f}" y="{box.y + (5 if box.kind == "flow" else 0):.1f}" font-size="14" fill="{INK}">'
               f"{_text(box.label)}</text>{second}\n")
    yield "</svg>\n"


def render_phase_svg(sheet: PhaseSheet) -> Iterator[str]:
    """The file with a picture of phases, piece by piece."""
    fill, stroke = COLOURS["flow"]
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:.0f} {sheet.height:.0f}" '
           f'width="{sheet.width:.0f}" height="{sheet.height:.0f}" font-family="system-ui, sans-serif">\n'
           f"<title>{_text(sheet.title)}</title>\n"
           f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
           f'<text x="{EDGE:.1f}" y="{EDGE:.1f}" font-size="17" font-weight="600" fill="{INK}">'
           f"{_text(sheet.title)}</text>\n")
    for corners in sheet.arrows:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        yield (f'<polyline points="{points}" fill="none" stroke="{DARK}" stroke-width="1.4" stroke-linejoin="round"/>\n'
               f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in head_at(corners[-1], corners[-2]))}" '
               f'fill="{DARK}"/>\n')
    for box in sheet.boxes:
        yield (f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
               f'rx="{8 if box.is_phase else box.height / 2:.1f}" fill="{fill}" stroke="{stroke}" '
               f'stroke-width="1.4"/>\n')
        for line in box.texts:
            weight = ' font-weight="600"' if line.size == TITLE else ""
            yield (f'<text x="{line.x:.1f}" y="{line.y + line.size * 0.35:.1f}" font-size="{line.size:g}"{weight} '
                   f'fill="{INK}" xml:space="preserve">{_text(line.text)}</text>\n')
    yield "</svg>\n"


def _line(line: PictureLine) -> str:
    (x1, y1), (x2, y2) = line.start, line.end
    colour = LIGHT if line.light else DARK
    dashes = ' stroke-dasharray="5 4"' if line.light else ""
    heads = [head(line, at_start=False), *([head(line, at_start=True)] if line.both else [])]
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.4"'
            f"{dashes}/>\n" + "".join(
                f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}" fill="{colour}"/>\n'
                for corners in heads))


def _text(value: str) -> str:
    return escape(clean(value), quote=True)
