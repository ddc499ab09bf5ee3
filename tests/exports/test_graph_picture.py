"""Pictures of graphs."""

from __future__ import annotations

import io
import math
from xml.etree import ElementTree

import pytest
from PIL import Image

from pyscrai.exports.graph_picture.layout import Box, Picture, head, lay_out
from pyscrai.exports.graph_picture.phases import DrawnPhase, PhaseSheet, lay_out_phases
from pyscrai.exports.graph_picture.png import render_phase_png, render_png
from pyscrai.exports.graph_picture.svg import render_phase_svg, render_svg

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


LONG = "size(vars.dead) >= 3 && players.exists(p, vars.votes[p] > params.limit) && !(vars.warned || measures.calm > 3)"


def sheet() -> PhaseSheet:
    return lay_out_phases("A <play>", [
        DrawnPhase("talk", "The talk", "round robin: ann, bob", [
            ("vote", "3 rounds"), ("talk", "vars.a < 2"), ("end", LONG)]),
        DrawnPhase("vote", "The vote", "simultaneous: alive", [
            ("talk", "turn < 9 and after inject"), ("last", ""), ("end", "")]),
        DrawnPhase("last", "Last words", "sequence: ann", [("end", "")])], start="talk", end="end")


def test_every_way_between_phases_has_an_arrow_that_begins_where_its_condition_stands() -> None:
    found = sheet()
    begin, talk, vote, last, end = found.boxes
    beside = {(corners[0][1], corners[-1][1]) for corners in found.arrows if len(corners) == 4}
    assert len(found.arrows) == 8, "from the beginning, and one for each way"
    rows = {line.text: line.y for box in found.boxes for line in box.texts}
    for text, target in (("to The talk: vars.a < 2", talk), ("to The talk: turn < 9 and after inject", talk)):
        assert (rows[text], target.texts[0].y) in beside
    assert (next(y for text, y in rows.items() if text.startswith("to the end: size")), end.texts[0].y) in beside
    down = {corners for corners in found.arrows if len(corners) == 2}
    assert {corners[0][1] for corners in down} == {box.y + box.height for box in (begin, talk, vote, last)}
    lanes = [(corners[1][0], *sorted((corners[0][1], corners[-1][1]))) for corners in found.arrows if len(corners) == 4]
    assert not [1 for at, one in enumerate(lanes) for other in lanes[at + 1:]
                if one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2]], "two arrows in one place"
    right = max(box.x + box.width for box in found.boxes)
    assert all(right < lane < found.width for lane, _, _ in lanes)


def test_conditions_of_ways_stand_in_svg_and_png() -> None:
    written = "".join(render_phase_svg(sheet()))
    texts = [each.text or "" for each in ElementTree.fromstring(written).iter() if each.tag.endswith("}text")]
    assert "to The vote: 3 rounds" in texts
    joined = " ".join(text.strip() for text in texts)
    assert f"to the end: {LONG}" in joined, "a long condition is broken, and nothing of it is lost"
    assert "href" not in written
    with Image.open(io.BytesIO(render_phase_png(sheet()))) as image:
        assert image.format == "PNG"
        assert len(image.convert("L").getcolors() or []) > 5
