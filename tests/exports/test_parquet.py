"""The table for statistics."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq

from pyscrai.exports.formats import renderer
from tests.exports.samples import EVENTS, dossier


def test_a_row_an_event() -> None:
    stamped = [{**line, "created_at": "2026-01-01T10:00:00.250+00:00", "run_id": "run_1"} for line in EVENTS]
    table = pq.read_table(io.BytesIO(b"".join(renderer("parquet")(dossier(events=stamped)))))
    rows = table.to_pylist()
    assert [row["seq"] for row in rows] == [line["seq"] for line in EVENTS]
    said, whispered, changed, measured = rows[2], rows[3], rows[7], rows[10]
    assert (said["text"], said["to_all"], said["audience"]) == ("Good evening.", True, None)
    assert (whispered["to_all"], whispered["audience"]) == (False, ["ada"])
    assert (changed["variable"], changed["number"]) == ("trust", 3.0)
    assert (measured["measure"], measured["of"], measured["number"], measured["category"]) == (
        "warmth", "ada", 4.0, None)
    assert json.loads(measured["payload"])["evidence"] == ["t1"]
    assert said["created_at"].microsecond == 250_000
    metadata = table.schema.metadata
    assert json.loads(metadata[b"pyscrai.run"])["run_id"] == "run_1"
    assert json.loads(metadata[b"pyscrai.cast"])[0]["role"] == "ada"


def test_categories_are_text() -> None:
    line = {**EVENTS[10], "value": "kind"}
    (row,) = pq.read_table(io.BytesIO(b"".join(renderer("parquet")(dossier(events=[line]))))).to_pylist()
    assert (row["number"], row["category"]) == (None, "kind")


def test_a_run_without_events_is_an_empty_table() -> None:
    assert pq.read_table(io.BytesIO(b"".join(renderer("parquet")(dossier(events=[]))))).num_rows == 0
