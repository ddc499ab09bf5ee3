"""A table as a file that is written a portion of rows at a time: CSV, Parquet, JSON lines or a JSON array."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, get_args

import orjson
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from pyscrai.errors import ConfigError
from pyscrai.exports.csv_cells import csv_batch, csv_schema

TableFormat = Literal["csv", "parquet", "jsonl", "json"]
FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)


def table_format(target: Path) -> TableFormat:
    """The format that a file's suffix says.

    Raises:
        ConfigError: it says none.
    """
    for format in FORMATS:
        if target.suffix.lower() == f".{format}":
            return format
    raise ConfigError(f"{target} is no file for a table", code="output.file",
                      cure=f"name a file that ends in .{', .'.join(FORMATS[:-1])} or .{FORMATS[-1]}")


class TableFile:
    """A table that is being written.

    Args:
        target: where its bytes go; it is not closed.
    """

    def __init__(self, target: IO[bytes], schema: pa.Schema, format: TableFormat) -> None:
        self._target, self._format = target, format
        self._began = False
        self._writer: Any = None
        if format == "csv":
            self._writer = pc.CSVWriter(target, csv_schema(schema))
        elif format == "parquet":
            self._writer = pq.ParquetWriter(target, schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
                 ) -> None:
        if self._writer is not None:
            self._writer.close()
        elif self._format == "json" and kind is None:
            self._target.write(b"]" if self._began else b"[]")

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows."""
        match self._format:
            case "csv":
                self._writer.write_batch(csv_batch(batch))
            case "parquet":
                self._writer.write_batch(batch)
            case "jsonl":
                self._target.write(b"".join(orjson.dumps(row, default=str) + b"\n" for row in batch.to_pylist()))
            case "json":
                for row in batch.to_pylist():
                    self._target.write((b"," if self._began else b"[") + orjson.dumps(row, default=str))
                    self._began = True
