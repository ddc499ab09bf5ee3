"""The ids of the trace at hand in each line of the log."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span


def add_trace_ids(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add ``trace_id`` and ``span_id`` where a span is open: a structlog processor."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"], line["span_id"] = format_trace_id(context.trace_id), format_span_id(context.span_id)
    return line
