"""A picture as PNG, drawn at twice its size so that it stays sharp."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw, ImageFont

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
from pyscrai.exports.graph_picture.phases import PhaseSheet
from pyscrai.exports.transcript_entry import clean

SCALE = 2
LARGEST = 12_000
"""Pixels that a side has at most; a larger picture is drawn smaller."""


def render_png(picture: Picture) -> bytes:
    """The file. Letters that the built-in font lacks are shown as boxes: SVG has all of them."""
    scale = min(float(SCALE), LARGEST / max(picture.width, picture.height))
    image = Image.new("RGB", (math.ceil(picture.width * scale), math.ceil(picture.height * scale)), "#ffffff")
    draw = ImageDraw.Draw(image)

    def write(x: float, y: float, text: str, size: float, colour: str) -> None:
        font = ImageFont.load_default(max(6.0, size * scale))
        draw.text((x * scale, y * scale), clean(text), fill=colour, font=font, anchor="mm")

    write(picture.width / 2, EDGE * 0.7, picture.title, 17, INK)
    for line in sorted(picture.lines, key=lambda line: not line.light):
        _line(draw, line, scale)
    for box in picture.loops:
        x, y = (box.x + box.width / 2 - 14) * scale, (box.y - box.height / 2) * scale
        draw.arc((x - 9 * scale, y - 18 * scale, x + 9 * scale, y + 8 * scale), 150, 30, fill=DARK,
                 width=round(1.4 * scale))
        draw.polygon([(x + 9 * scale, y), (x + 4 * scale, y - 9 * scale), (x + 13 * scale, y - 8 * scale)], fill=DARK)
    for box in picture.boxes:
        fill, stroke = COLOURS.get(box.kind, COLOURS["flow"])
        draw.rounded_rectangle(
            [(box.x - box.width / 2) * scale, (box.y - box.height / 2) * scale, (box.x + box.width / 2) * scale,
             (box.y + box.height / 2) * scale], radius=8 * scale, fill=fill, outline=stroke, width=round(1.4 * scale))
        write(box.x, box.y - (0 if box.kind == "flow" else 6), box.label, 14, INK)
        if box.kind != "flow":
            write(box.x, box.y + 12, box.kind, 10, stroke)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def render_phase_png(sheet: PhaseSheet) -> bytes:
    """The file with a picture of phases."""
    scale = min(float(SCALE), LARGEST / max(sheet.width, sheet.height))
    image = Image.new("RGB", (math.ceil(sheet.width * scale), math.ceil(sheet.height * scale)), "#ffffff")
    draw = ImageDraw.Draw(image)
    fill, stroke = COLOURS["flow"]

    def write(x: float, y: float, text: str, size: float) -> None:
        draw.text((x * scale, y * scale), clean(text), fill=INK, anchor="lm",
                  font=ImageFont.load_default(max(6.0, size * scale)))

    write(EDGE, EDGE * 0.9, sheet.title, 17)
    for corners in sheet.arrows:
        draw.line([(x * scale, y * scale) for x, y in corners], fill=DARK, width=round(1.4 * scale))
        draw.polygon([(x * scale, y * scale) for x, y in head_at(corners[-1], corners[-2])], fill=DARK)
    for box in sheet.boxes:
        draw.rounded_rectangle(
            [box.x * scale, box.y * scale, (box.x + box.width) * scale, (box.y + box.height) * scale],
            radius=(8 if box.is_phase else box.height / 2) * scale, fill=fill, outline=stroke,
            width=round(1.4 * scale))
        for line in box.texts:
            write(line.x, line.y, line.text, line.size)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _line(draw: ImageDraw.ImageDraw, line: PictureLine, scale: float) -> None:
    colour = LIGHT if line.light else DARK
    (x1, y1), (x2, y2) = line.start, line.end
    length = math.hypot(x2 - x1, y2 - y1)
    dash = 9.0 if line.light else max(length, 1.0)
    for number in range(math.ceil(length / dash)):
        first = number * dash / length
        last = min(1.0, first + (5.0 if line.light else dash) / length)
        draw.line([((x1 + (x2 - x1) * at) * scale, (y1 + (y2 - y1) * at) * scale) for at in (first, last)],
                  fill=colour, width=round(1.4 * scale))
    for at_start in (False, True) if line.both else (False,):
        draw.polygon([(x * scale, y * scale) for x, y in head(line, at_start=at_start)], fill=colour)
