"""Pictures of graphs."""

from __future__ import annotations

import io
import math
from xml.etree import ElementTree

import pytest
from PIL import Image

from pyscrai.exports.graph_picture.layout import Box, Picture, head, lay_out
from pyscrai.exports.graph_picture.png import render_png
from pyscrai.exports.graph_picture.svg import render_svg

NODES = [("__start__", "start", None), ("begin", "begin", None), ("ada", "Ada <b>&\x1b", "actor"),
         ("bo", "Bo", "narrator"), ("eye", "Eye", "analyst"), ("__end__", "end", None)]
EDGES = [("__start__", "begin"), ("begin", "ada"), ("ada", "bo"), ("bo", "ada"), ("bo", "bo"), ("ada", "eye"),
         ("bo", "__end__"), ("eye", "__end__")]


def cast(size: int) -> Picture:
    roles = [f"role_{number}" for number in range(size)]
    nodes = [("__start__", "start", None), *((role, role.title(), "actor") for role in roles), ("__end__", "end", None)]
    edges = [("__start__", roles[0]), *((one, other) for one in roles for other in roles), (roles[-1], "__end__")]
    return lay_out("A crowd", nodes, edges)


def overlap(one: Box, other: Box) -> bool:
    return (abs(one.x - other.x) < (one.width + other.width) / 2
            and abs(one.y - other.y) < (one.height + other.height) / 2)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 20, 50])
def test_nothing_overlaps_and_all_is_inside(size: int) -> None:
    picture = cast(size)
    boxes = picture.boxes
    assert len(boxes) == size + 2
    assert not [1 for index, one in enumerate(boxes) for other in boxes[index + 1:] if overlap(one, other)]
    for box in boxes:
        assert box.width / 2 < box.x < picture.width - box.width / 2
        assert box.height / 2 < box.y < picture.height - box.height / 2


def test_edges_both_ways_are_one_line() -> None:
    picture = lay_out("Two", NODES, EDGES)
    assert len(picture.lines) == len(EDGES) - 2, "one pair is one line, a loop is none"
    assert sum(line.both for line in picture.lines) == 1
    assert sum(line.light for line in picture.lines) == 2
    assert [box.label for box in picture.loops] == ["Bo"]


def test_an_arrow_points_at_the_border() -> None:
    line = lay_out("Two", NODES, EDGES).lines[0]
    tip, left, right = head(line, at_start=False)
    assert tip == line.end
    assert math.dist(tip, left) == pytest.approx(math.dist(tip, right))
    assert math.dist(line.start, left) < math.dist(line.start, tip)


def test_svg_is_well_formed_and_fetches_nothing() -> None:
    written = "".join(render_svg(lay_out("T <x> & 'y'", NODES, EDGES)))
    root = ElementTree.fromstring(written)
    texts = [each.text for each in root.iter() if each.tag.endswith("}text")]
    assert "T <x> & 'y'" in texts
    assert "Ada <b>&" in texts
    assert "href" not in written
    assert "script" not in written


@pytest.mark.parametrize("size", [2, 50])
def test_png_is_a_picture(size: int) -> None:
    picture = cast(size)
    with Image.open(io.BytesIO(render_png(picture))) as image:
        assert image.format == "PNG"
        assert abs(image.width / image.height - picture.width / picture.height) < 0.05
        assert len(image.convert("L").getcolors() or []) > 5, "something is drawn"
