"""A run's events as CSV: the columns of the Parquet table, lists as texts."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as pc

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.parquet import events_table


def render_csv(dossier: Dossier) -> Iterator[bytes]:
    """The file: a head, and a row for each event."""
    written = io.BytesIO()
    columns = events_table(dossier)
    plain = pa.schema([field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
                       for field in columns.schema])
    with pc.CSVWriter(written, flattened(pa.RecordBatch.from_pylist([], schema=plain)).schema) as writer:
        for batch in columns.cast(plain).to_batches():
            writer.write_batch(flattened(batch))
    yield written.getvalue()


def flattened(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Lists as texts with spaces between, since CSV has none."""
    for index, field in enumerate(batch.schema):
        if pa.types.is_list(field.type):
            texts = [None if value is None else " ".join(value) for value in batch.column(index).to_pylist()]
            batch = batch.set_column(index, field.with_type(pa.string()), pa.array(texts, pa.string()))
    return batch
