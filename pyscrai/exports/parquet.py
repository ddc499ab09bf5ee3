"""A run's events as a Parquet table, for statistics: a row an event, the same columns whatever the scenario."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.json_text import dumps
from pyscrai.exports.transcript_entry import Line

ENVELOPE = {"seq", "kind", "turn", "phase", "source", "audience", "id", "run_id", "key", "created_at"}

SCHEMA = pa.schema([
    pa.field("run_id", pa.string()), pa.field("seq", pa.int64()), pa.field("key", pa.string()),
    pa.field("kind", pa.dictionary(pa.int32(), pa.string())), pa.field("turn", pa.int64()),
    pa.field("phase", pa.dictionary(pa.int32(), pa.string())),
    pa.field("source", pa.dictionary(pa.int32(), pa.string())),
    pa.field("to_all", pa.bool_()), pa.field("audience", pa.list_(pa.string())),
    pa.field("text", pa.string()), pa.field("action", pa.string()), pa.field("variable", pa.string()),
    pa.field("measure", pa.string()), pa.field("of", pa.string()), pa.field("number", pa.float64()),
    pa.field("category", pa.string()), pa.field("payload", pa.string()),
    pa.field("created_at", pa.timestamp("ms", tz="UTC")),
])
"""``number`` and ``category`` hold a measurement's value or a variable's new one; ``payload`` is JSON with all fields.

``audience`` is null where the whole cast heard it (``to_all``), and empty where nobody did.
"""


def render_parquet(dossier: Dossier) -> Iterator[bytes]:
    """The file; its key-value metadata holds the run, its cast and its metrics as JSON under ``pyscrai.*``."""
    facts = {"pyscrai.run": dossier.run, "pyscrai.cast": dossier.cast, "pyscrai.metrics": dossier.metrics,
             "pyscrai.template": dossier.template}
    table = events_table(dossier).replace_schema_metadata({
        name: dumps(value).encode("utf-8", "backslashreplace") for name, value in facts.items()})
    written = io.BytesIO()
    pq.write_table(table, written, compression="zstd")
    yield written.getvalue()


def events_table(dossier: Dossier) -> pa.Table:
    """The events of a run as a table."""
    return pa.Table.from_pylist([_row(line) for line in dossier.events], schema=SCHEMA)


def _row(line: Line) -> dict[str, Any]:
    value = line.get("value") if line["kind"] == "measurement" else line.get("new")
    number = float(value) if isinstance(value, int | float) else None
    audience = line.get("audience")
    made = line.get("created_at")
    return {
        **{name: line.get(name) for name in ("seq", "key", "kind", "turn", "phase", "source", "action", "variable",
                                             "measure", "of")},
        "run_id": line.get("run_id"), "to_all": audience == "all",
        "audience": None if audience == "all" else list(audience or ()),
        "text": _text(line.get("text") or line.get("markdown") or line.get("summary") or line.get("premise")),
        "number": number, "category": None if value is None or number is not None else str(value),
        "payload": _text(dumps({name: field for name, field in line.items() if name not in ENVELOPE})),
        "created_at": datetime.fromisoformat(made) if isinstance(made, str) else made}


def _text(value: str | None) -> str | None:
    """Text that UTF-8 can hold: half a character, as a model may leave it, is written as its escape."""
    return None if value is None else value.encode("utf-8", "backslashreplace").decode("utf-8")
