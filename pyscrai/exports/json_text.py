"""Renderings for programs: one JSON document, or one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pyscrai.exports.dossier import Dossier
from pyscrai.exports.event_line import public_event


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON as readers like it: real characters, times in ISO 8601."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def render_json(dossier: Dossier) -> Iterator[str]:
    """One document: the run, its template and cast, events, calls, measurements, metrics and the report."""
    document = {"format": "pyscrai.run/1", "run": dossier.run, "template": dossier.template, "cast": dossier.cast,
                "events": [public_event(line) for line in dossier.events], "calls": dossier.calls,
                "measurements": dossier.measurements, "metrics": dossier.metrics, "report": dossier.report,
                "annotations": dossier.annotations or None}
    yield dumps({name: part for name, part in document.items() if part is not None}, indent=2) + "\n"


def render_jsonl(dossier: Dossier) -> Iterator[str]:
    """One object a line, each with its ``type``: the run, its roles, events, calls, and the metrics last."""
    def line(kind: str, fields: Mapping[str, Any]) -> str:
        return dumps({"type": kind, **fields}) + "\n"

    yield line("run", dossier.run)
    for member in dossier.cast:
        yield line("role", member)
    for event in dossier.events:
        yield line("event", public_event(event))
    for call in dossier.calls or ():
        yield line("call", call)
    for note in dossier.annotations:
        yield line("annotation", note)
    for scope, figures in dossier.metrics.items():
        yield line("metrics", {"scope": scope, **figures})
