"""The formats that a run can be exported in, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from pyscrai.exports.dossier import Dossier

ExportFormat = Literal["json", "jsonl", "markdown", "html", "parquet", "csv", "chat", "inspect"]
TextFormat = Literal["json", "jsonl", "markdown", "html", "chat"]
FolderFormat = Literal["folder", "huggingface"]
"""Formats that are a folder of files; sent to somebody, they are an archive."""

RunFormat = Literal[ExportFormat, FolderFormat]
"""All that a run can be exported in."""

RunsFormat = Literal["csv", "parquet", "jsonl", "chat", "inspect", "huggingface", "folder"]
"""What many runs can be exported in: as a table, one file or one folder."""

SUFFIXES: dict[ExportFormat, str] = {"json": ".json", "jsonl": ".jsonl", "markdown": ".md", "html": ".html",
                                     "parquet": ".parquet", "csv": ".csv", "chat": ".chat.jsonl", "inspect": ".eval"}

MEDIA_TYPES: dict[ExportFormat, str] = {
    "json": "application/json", "jsonl": "application/x-ndjson", "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8", "parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8",
    "chat": "application/jsonl", "inspect": "application/vnd.inspect.eval+zip"}

BINARY: frozenset[ExportFormat] = frozenset({"parquet", "inspect"})
"""Formats that are no text."""

WITH_CALLS: frozenset[ExportFormat] = frozenset({"json", "jsonl", "inspect"})
"""Formats that hold the model calls; the others are for reading, or a table of what happened."""


ARCHIVE_SUFFIX, ARCHIVE_MEDIA_TYPE = ".zip", "application/zip"
"""Of a folder that is sent as one file."""


def media_type(name: RunFormat) -> str:
    """The media type of a format as it is sent."""
    return ARCHIVE_MEDIA_TYPE if name == "folder" or name == "huggingface" else MEDIA_TYPES[name]


def renderer(name: ExportFormat) -> Callable[[Dossier], Iterator[bytes]]:
    """A function that writes this format, piece by piece; its module is imported when it is asked for."""
    match name:
        case "parquet":
            from pyscrai.exports.parquet import render_parquet

            return render_parquet
        case "csv":
            from pyscrai.exports.csv_table import render_csv

            return render_csv
        case "inspect":
            from pyscrai.exports.inspect_log import render_inspect

            return render_inspect
    render = _text_renderer(name)
    return lambda dossier: (piece.encode("utf-8", "backslashreplace") for piece in render(dossier))


def by_suffix(file: str) -> ExportFormat | None:
    """The format that a file's name tells; None where it tells none."""
    name = file.lower()
    found = [format for format, suffix in SUFFIXES.items() if name.endswith((suffix, f".{format}"))]
    return max(found, key=lambda format: len(SUFFIXES[format]), default=None)


def _text_renderer(name: TextFormat) -> Callable[[Dossier], Iterator[str]]:
    match name:
        case "json":
            from pyscrai.exports.json_text import render_json as render
        case "jsonl":
            from pyscrai.exports.json_text import render_jsonl as render
        case "markdown":
            from pyscrai.exports.markdown import render_markdown as render
        case "html":
            from pyscrai.exports.html import render_html as render
        case "chat":
            from pyscrai.exports.conversation import render_chat as render
    return render
