"""A text in CSV is no formula where a spreadsheet opens it, and what was written can be had again."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.exports.csv_cells import guarded, unguarded
from pyscrai.exports.formats import renderer
from pyscrai.exports.table_file import TableFile
from pyscrai.services.experiments.human_labels import csv_of, rows_of_csv
from tests.exports.samples import EVENTS, dossier

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

SCHEMA = pa.schema([("text", pa.string()), ("list", pa.list_(pa.string())), ("number", pa.float64()),
                    ("kind", pa.dictionary(pa.int32(), pa.string()))])

texts = st.builds(str.__add__, st.text("'=+-@\t\r\n1.e＝ ", max_size=4), st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4))


def cells(rows: list[dict[str, object]]) -> list[dict[str, str]]:
    """Rows as a program reads them from the file."""
    written = io.BytesIO()
    with TableFile(written, SCHEMA, "csv") as table:
        for row in rows:
            table.write(pa.RecordBatch.from_pylist([row], schema=SCHEMA))
    return list(csv.DictReader(io.StringIO(written.getvalue().decode(), newline="")))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({
    "text": texts, "list": st.lists(texts, max_size=2), "number": st.floats(allow_nan=False, allow_infinity=False),
    "kind": texts}), min_size=1, max_size=6))
def test_no_cell_is_a_formula_and_nothing_is_lost(rows: list[dict[str, object]]) -> None:
    read = cells(rows)
    for row, found in zip(rows, read, strict=True):
        for name in ("text", "list", "kind"):
            assert not FORMULA.match(found[name]) or NUMBER.fullmatch(found[name]), found[name]
        assert unguarded(found["text"]) == row["text"]
        assert guarded(str(row["text"])) == found["text"]
        assert unguarded(found["kind"]) == row["kind"]
        assert unguarded(found["list"]) == " ".join(row["list"])  # type: ignore[arg-type]
        assert float(found["number"]) == row["number"]


@pytest.mark.parametrize(("text", "cell"), [
    ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"), ("-5", "-5"), ("+1.5e-3", "+1.5e-3"), ("-5+cmd|' /C calc'!A0",
    "'-5+cmd|' /C calc'!A0"), ("@SUM(A1)", "'@SUM(A1)"), ("-5\n", "'-5\n"), ("'quoted'", "'quoted'"), ("'=1", "''=1"),
    ("a=b", "a=b"), ("", "")])
def test_what_is_guarded(text: str, cell: str) -> None:
    [found] = cells([{"text": text, "list": None, "number": -1.5, "kind": None}])
    assert (found["text"], found["number"]) == (cell, "-1.5")
    assert unguarded(cell) == text


def test_the_pages_line_for_pandas_gives_the_texts_back() -> None:
    texts = ["'=1+1", "''-x", "'quoted'", "-5"]
    frame = pytest.importorskip("pandas").DataFrame({"text": texts, "number": [1, 2, 3, 4]})
    frame = frame.replace(r"^'(?='*[=+\-@\t\r\n＝＋－＠])", "", regex=True)
    assert list(frame["text"]) == ["=1+1", "'-x", "'quoted'", "-5"]


def test_a_run_as_csv_is_guarded() -> None:
    said = [{**line, "text": "=1+1"} if line["kind"] == "utterance" else line for line in EVENTS]
    written = b"".join(renderer("csv")(dossier(events=said))).decode()
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert [row["text"] for row in rows if row["kind"] == "utterance"] == ["'=1+1"] * 2


def test_labels_that_went_through_a_spreadsheet_are_read_as_they_were() -> None:
    [row] = rows_of_csv("run_id,measure,value,rationale\nrun_1,stance,'-,'=more or less\n")
    assert (row["value"], row["rationale"]) == ("-", "=more or less")


def test_a_sheet_of_our_own_is_read_whatever_its_transcripts_are() -> None:
    row = {"run_id": "run_1", "measure": "stance", "value": "3", "transcript": "A line.\n" * 30_000}
    assert rows_of_csv(csv_of([row])) == [{"run_id": "run_1", "measure": "stance", "of": "", "value": "3",
                                           "rationale": "", "line": 30_002}]
    assert rows_of_csv("run_id,measure,value\rrun_1,stance,3\r") == [
        {"run_id": "run_1", "measure": "stance", "value": "3", "line": 2}], "as older spreadsheets end lines"
