"""Cells of CSV: what a spreadsheet would take for a formula is guarded, and lists become texts.

Models and people write the texts of a run; one that begins with ``=`` would be computed where somebody opens the file.
Such a text gets an apostrophe before it, and one that begins with apostrophes before such a sign gets one more, so that
what was written can be had again: ``unguarded`` takes one away. Numbers are left as they are.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as compute

BEGINNING = r"'*[=+\-@\t\r\n＝＋－＠]"
"""How a text begins that is guarded."""

NUMBER = r"[+\-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+\-]?[0-9]+)?"
"""A text that is a number, and nothing that could be computed."""


def guarded(text: str) -> str:
    """The cell of a text."""
    return f"'{text}" if re.match(BEGINNING, text) and not re.fullmatch(NUMBER, text) else text


def unguarded(text: str) -> str:
    """The text that was written, of a cell as it stands in the file."""
    return text[1:] if re.match(f"'{BEGINNING}", text) else text


def csv_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of a table as they are in CSV: lists and names by number become texts."""
    return pa.schema([pa.field(field.name, _csv_type(field.type)) for field in schema])


def csv_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows as they are in CSV."""
    schema = csv_schema(batch.schema)
    return pa.RecordBatch.from_arrays([_csv_column(column, field.type)
                                       for column, field in zip(batch.columns, schema, strict=True)], schema=schema)


def _csv_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    return pa.string() if pa.types.is_list(kind) else kind


def _csv_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_list(column.type):
        column = pa.array([None if value is None else " ".join(value) for value in column.to_pylist()], pa.string())
    elif pa.types.is_dictionary(column.type):
        column = column.cast(kind)
    return _guarded(column) if pa.types.is_string(kind) else column


def _guarded(texts: pa.Array) -> pa.Array:
    begins = compute.match_substring_regex(texts, rf"\A{BEGINNING}")
    if not compute.any(begins).as_py():
        return texts
    formulas = compute.and_not(begins, compute.match_substring_regex(texts, rf"\A{NUMBER}\z"))
    return compute.if_else(formulas, compute.binary_join_element_wise("'", texts, ""), texts)
