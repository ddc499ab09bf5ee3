"""The formats that a run can be exported in, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from pyscrai.exports.dossier import Dossier

ExportFormat = Literal["json", "jsonl", "markdown", "html"]

SUFFIXES: dict[ExportFormat, str] = {"json": ".json", "jsonl": ".jsonl", "markdown": ".md", "html": ".html"}

WITH_CALLS: frozenset[ExportFormat] = frozenset({"json", "jsonl"})
"""Formats that hold the model calls; the others are for reading."""


def renderer(name: ExportFormat) -> Callable[[Dossier], Iterator[str]]:
    """What writes this format, piece by piece; its module is imported when it is asked for."""
    match name:
        case "json":
            from pyscrai.exports.plain import render_json as render
        case "jsonl":
            from pyscrai.exports.plain import render_jsonl as render
        case "markdown":
            from pyscrai.exports.markdown import render_markdown as render
        case "html":
            from pyscrai.exports.html import render_html as render
    return render
