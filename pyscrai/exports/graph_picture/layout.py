"""A scenario's graph laid out for drawing: every node on one oval, so that no straight line crosses a third node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER = 8.0
"""How wide a letter is, in points, at most text."""

HEIGHT, PADDING, GAP, EDGE = 44.0, 14.0, 34.0, 40.0


@dataclass(frozen=True, slots=True)
class Box:
    """A node: its centre and size in points, what is written in it, and what it is."""

    x: float
    y: float
    width: float
    height: float
    label: str
    kind: str

    def border(self, towards: Box) -> tuple[float, float]:
        """The point at which a line from the centre to another box leaves this one."""
        dx, dy = towards.x - self.x, towards.y - self.y
        scale = min(self.width / 2 / abs(dx) if dx else math.inf, self.height / 2 / abs(dy) if dy else math.inf)
        return self.x + dx * scale, self.y + dy * scale


@dataclass(frozen=True, slots=True)
class PictureLine:
    """An edge, with a head at its end and, where both can follow each other, at its start; ``light`` for watchers."""

    start: tuple[float, float]
    end: tuple[float, float]
    both: bool
    light: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, in points."""

    title: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[PictureLine, ...]
    loops: tuple[Box, ...]
    """Boxes that may follow themselves."""


def lay_out(title: str, nodes: Sequence[tuple[str, str, str | None]], edges: Sequence[tuple[str, str]]) -> Picture:
    """Place nodes (id, name, engine) and edges (from, to) for a picture."""
    order = _order([node for node, _, _ in nodes], edges)
    texts = {node: (name, engine) for node, name, engine in nodes}
    widths = {node: max(HEIGHT, CHARACTER * len(texts[node][0]) + 2 * PADDING) for node in order}
    around = sum(widths.values()) + len(order) * (HEIGHT + GAP)
    across, down = max(150.0, around / 5.2), max(110.0, around / 8)
    room = max(widths.values()) / 2 + EDGE
    centre = (across + room, down + HEIGHT / 2 + 2 * EDGE)
    boxes: dict[str, Box] = {}
    for index, node in enumerate(order):
        angle = 2 * math.pi * index / len(order) - math.pi / 2
        name, engine = texts[node]
        boxes[node] = Box(centre[0] + across * math.cos(angle), centre[1] + down * math.sin(angle), widths[node],
                          HEIGHT, name, engine or "flow")
    pairs = {edge for edge in edges if edge[0] != edge[1]}
    lines = tuple(
        PictureLine(boxes[one].border(boxes[other]), boxes[other].border(boxes[one]), both=(other, one) in pairs,
             light="analyst" in (boxes[one].kind, boxes[other].kind))
        for one, other in dict.fromkeys(edges) if one != other and ((other, one) not in pairs or one < other))
    loops = tuple(boxes[one] for one, other in dict.fromkeys(edges) if one == other)
    width = max(2 * centre[0], CHARACTER * len(title) + 2 * EDGE)
    return Picture(title, width, centre[1] + down + HEIGHT / 2 + EDGE, tuple(boxes.values()), lines, loops)


def _order(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[str]:
    """Nodes as a walk from the start comes to them; the end comes last, back beside the start."""
    found: dict[str, None] = {}
    waiting = [nodes[0]]
    while waiting:
        node = waiting.pop(0)
        if node not in found and node != "__end__":
            found[node] = None
            waiting += [target for source, target in edges if source == node]
    found.update(dict.fromkeys(node for node in nodes if node != "__end__"))
    return [*found, *(node for node in nodes if node == "__end__")]


def head(line: PictureLine, *, at_start: bool, size: float = 9.0) -> tuple[tuple[float, float], ...]:
    """The three corners of an arrow's head."""
    return head_at(*((line.start, line.end) if at_start else (line.end, line.start)), size)


def head_at(tip: tuple[float, float], back: tuple[float, float], size: float = 9.0) -> tuple[tuple[float, float], ...]:
    """The three corners of a head with this tip, on a line that comes from ``back``."""
    (tip_x, tip_y), (from_x, from_y) = tip, back
    length = math.hypot(tip_x - from_x, tip_y - from_y) or 1.0
    ux, uy = (tip_x - from_x) / length, (tip_y - from_y) / length
    base_x, base_y = tip_x - ux * size, tip_y - uy * size
    return ((tip_x, tip_y), (base_x - uy * size / 2, base_y + ux * size / 2),
            (base_x + uy * size / 2, base_y - ux * size / 2))


COLOURS: dict[str, tuple[str, str]] = {
    "actor": ("#e3effa", "#1f5f99"), "narrator": ("#e4f3e6", "#2b6b38"), "analyst": ("#f1e7f7", "#6f3f91"),
    "flow": ("#eef0f2", "#5a6570"),
}
"""Fill and outline for each kind of node."""

INK, DARK, LIGHT = "#1c2024", "#5a6570", "#c3cad1"
