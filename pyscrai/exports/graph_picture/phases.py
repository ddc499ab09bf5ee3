"""Phases laid out for drawing: one below the other, their ways out with conditions in them, arrows in lanes beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from pyscrai.exports.graph_picture.layout import EDGE

TITLE, SMALL = 15.0, 11.5
"""Sizes of letters, in points."""

WIDE, NARROW = 8.6, 6.4
"""How wide a letter of these sizes is at most text."""

LINE, PAD, BETWEEN, LANE = 17.0, 12.0, 34.0, 15.0
LONGEST_LINE = 78
"""Letters of a line; longer speakers and conditions are broken."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A line of text in a box: where its middle left stands, and how large it is."""

    x: float
    y: float
    text: str
    size: float


@dataclass(frozen=True, slots=True)
class PhaseBox:
    """A phase, the beginning or the end: its upper left corner and size in points, and what stands in it."""

    x: float
    y: float
    width: float
    height: float
    texts: tuple[PlacedText, ...]
    is_phase: bool


@dataclass(frozen=True, slots=True)
class PhaseSheet:
    """Everything to draw, in points; each arrow is a line with corners, its head at the last one."""

    title: str
    width: float
    height: float
    boxes: tuple[PhaseBox, ...]
    arrows: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class DrawnPhase:
    """What is shown of a phase: its id, title, what stands below it, and its ways out with their conditions."""

    id: str
    title: str
    below: str
    ways: Sequence[tuple[str, str]]


def lay_out_phases(title: str, phases: Sequence[DrawnPhase], *, start: str, end: str) -> PhaseSheet:
    """Place phases for a picture.

    Args:
        start: the phase with which the play begins.
        end: what ways name that lead out of the play.
    """
    names = {phase.id: phase.title for phase in phases} | {end: "the end"}
    texts = [_text_of(phase, names) for phase in phases]
    width = max([120.0, *(_width(lines) for lines, _ in texts)]) + 2 * PAD
    left, top = EDGE, 2 * EDGE
    boxes = {"begin": _small("begin", left, top, width)}
    rows: list[tuple[float, str, str]] = [(boxes["begin"].y + boxes["begin"].height / 2, "begin", start)]
    y = top + boxes["begin"].height + BETWEEN
    for phase, (lines, heads) in zip(phases, texts, strict=True):
        written, below = [], y + PAD
        for number, (text, size) in enumerate(lines):
            middle = below + LINE / 2
            written.append(PlacedText(left + PAD, middle, text, size))
            rows += [(middle, phase.id, target) for place, target in heads if place == number]
            below += LINE
        boxes[phase.id] = PhaseBox(left, y, width, below + PAD - y, tuple(written), is_phase=True)
        y = below + PAD + BETWEEN
    if any(target == end for phase in phases for target, _ in phase.ways):
        boxes[end] = _small("end", left, y, width)
        y += boxes[end].height + BETWEEN
    arrows, lanes = _arrows(rows, boxes)
    return PhaseSheet(title, max(left + width + LANE * (lanes + 2) + EDGE, WIDE * len(title) * 1.3 + 2 * EDGE),
                      y - BETWEEN + EDGE, tuple(boxes.values()), arrows)


def _text_of(phase: DrawnPhase, names: dict[str, str]) -> tuple[list[tuple[str, float]], list[tuple[int, str]]]:
    """The lines in a phase's box with their sizes; and the number of the line where each way begins, and its goal."""
    lines = [(phase.title, TITLE), *((line, SMALL) for line in wrap(phase.below, LONGEST_LINE))]
    heads = []
    for target, when in phase.ways:
        heads.append((len(lines), target))
        told = f"to {names.get(target, target)}" + (f": {when}" if when else "")
        first, *rest = wrap(told, LONGEST_LINE) or [told]
        lines += [(first, SMALL), *((f"      {line}", SMALL) for line in rest)]
    return lines, heads


def _width(lines: Iterable[tuple[str, float]]) -> float:
    return max(len(text) * (WIDE if size == TITLE else NARROW) for text, size in lines)


def _small(text: str, left: float, y: float, width: float) -> PhaseBox:
    own = WIDE * len(text) + 2 * PAD
    x = left + (width - own) / 2
    return PhaseBox(x, y, own, LINE + PAD, (PlacedText(x + PAD, y + (LINE + PAD) / 2, text, TITLE),), is_phase=False)


def _arrows(rows: Sequence[tuple[float, str, str]], boxes: dict[str, PhaseBox]
            ) -> tuple[tuple[tuple[Point, ...], ...], int]:
    """The arrows, and the number of lanes that they take: short ones stand nearest to the boxes."""
    order = list(boxes)
    arrows: list[tuple[Point, ...]] = []
    beside: list[tuple[float, float, float, str, str]] = []
    for y, source, target in rows:
        one, other = boxes[source], boxes[target]
        if order.index(target) == order.index(source) + 1:
            middle = one.x + one.width / 2
            arrows.append(((middle, one.y + one.height), (middle, other.y)))
        else:
            entry = other.y + PAD + LINE / 2 if other.is_phase else other.y + other.height / 2
            beside.append((abs(y - entry), y, entry, source, target))
    lanes: list[list[tuple[float, float]]] = []
    right = max(box.x + box.width for box in boxes.values())
    for _, y, entry, source, target in sorted(beside):
        low, high = min(y, entry), max(y, entry)
        number = next((number for number, taken in enumerate(lanes) if all(
            high < one - 4 or low > other + 4 for one, other in taken)), len(lanes))
        if number == len(lanes):
            lanes.append([])
        lanes[number].append((low, high))
        x = right + LANE * (number + 1)
        begin, goal = boxes[source], boxes[target]
        arrows.append(((begin.x + begin.width, y), (x, y), (x, entry), (goal.x + goal.width, entry)))
    return tuple(dict.fromkeys(arrows)), len(lanes)
