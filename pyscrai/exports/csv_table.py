"""A run's events as CSV: the columns of the Parquet table."""

from __future__ import annotations

import io
from collections.abc import Iterator

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.parquet import events_table
from pyscrai.exports.table_file import TableFile


def render_csv(dossier: Dossier) -> Iterator[bytes]:
    """The file: a head, and a row for each event."""
    written = io.BytesIO()
    events = events_table(dossier)
    with TableFile(written, events.schema, "csv") as table:
        for batch in events.to_batches():
            table.write(batch)
    yield written.getvalue()
